#include "sim/plan/image.h"

#include <png.h>

#include <cstring>
#include <optional>
#include <string_view>

#include "sim/config/node.h"

namespace dustproof {
namespace {

constexpr size_t kFileBytesMax = 512u << 20;
constexpr int64_t kPixelsMax = 64'000'000;

Error Broken(const std::string& path, const std::string& why) {
  return Error::BadInput({path, 0, 0}, "", why);
}

std::optional<Error> SizeProblem(const std::string& path, int64_t width, int64_t height) {
  if (width > 0 && height > 0 && width <= kPixelsMax && height <= kPixelsMax &&
      width * height <= kPixelsMax) {
    return std::nullopt;
  }
  return Broken(path, "must have 1 to 64 million pixels, got " + std::to_string(width) + " × " +
                          std::to_string(height));
}

// The header and plain pixels of a PGM: decimal numbers between white space and comments.
class PgmTokens {
 public:
  explicit PgmTokens(std::string_view text) : text_(text) {}
  std::optional<int64_t> Next() {
    SkipSpace();
    int64_t value = 0;
    size_t digits = 0;
    for (; at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9'; ++at_, ++digits) {
      if (digits >= 9) return std::nullopt;
      value = value * 10 + (text_[at_] - '0');
    }
    if (digits == 0) return std::nullopt;
    return value;
  }
  // Behind the one white space that ends a binary header.
  std::string_view Rest() const { return text_.substr(std::min(text_.size(), at_ + 1)); }

 private:
  void SkipSpace() {
    while (at_ < text_.size()) {
      if (text_[at_] == '#') {
        while (at_ < text_.size() && text_[at_] != '\n') ++at_;
      } else if (std::strchr(" \t\r\n\v\f", text_[at_]) != nullptr && text_[at_] != '\0') {
        ++at_;
      } else {
        return;
      }
    }
  }
  std::string_view text_;
  size_t at_ = 2;  // Behind the magic number.
};

Result<GrayImage> ReadPgm(const std::string& path, std::string_view text) {
  PgmTokens tokens(text);
  const auto width = tokens.Next(), height = tokens.Next(), maximum = tokens.Next();
  if (!width || !height || !maximum)
    return Broken(path, "is no PGM: its header has no width, height and maximum");
  if (const auto problem = SizeProblem(path, *width, *height)) return *problem;
  if (*maximum < 1 || *maximum > 65535) {
    return Broken(path, "must have a maximum of 1 to 65535, got " + std::to_string(*maximum));
  }
  GrayImage image{static_cast<int>(*width), static_cast<int>(*height), {}, {}};
  const size_t count = static_cast<size_t>(*width * *height);
  image.pixels.reserve(count);
  const auto add = [&](int64_t value) {
    image.pixels.push_back(
        static_cast<uint8_t>((std::min(value, *maximum) * 255 + *maximum / 2) / *maximum));
  };
  size_t found = 0;
  if (text[1] == '2') {
    for (; found < count; ++found) {
      const std::optional<int64_t> value = tokens.Next();
      if (!value) break;
      add(*value);
    }
  } else {
    const std::string_view bytes = tokens.Rest();
    const size_t width_bytes = *maximum > 255 ? 2 : 1;
    for (; found < count && (found + 1) * width_bytes <= bytes.size(); ++found) {
      int64_t value = 0;
      for (size_t i = 0; i < width_bytes; ++i)
        value = value * 256 + static_cast<uint8_t>(bytes[found * width_bytes + i]);
      add(value);
    }
  }
  if (found < count) {
    return Broken(path, "is cut short: " + std::to_string(*width) + " × " +
                            std::to_string(*height) + " pixels need " + std::to_string(count) +
                            " values, got " + std::to_string(found));
  }
  return image;
}

Result<GrayImage> ReadPng(const std::string& path, const std::string& bytes) {
  png_image png{};
  png.version = PNG_IMAGE_VERSION;
  if (png_image_begin_read_from_memory(&png, bytes.data(), bytes.size()) == 0) {
    return Broken(path, std::string("is no PNG that can be read: ") + png.message);
  }
  const bool has_alpha = (png.format & PNG_FORMAT_FLAG_ALPHA) != 0;
  if (const auto problem = SizeProblem(path, png.width, png.height)) {
    png_image_free(&png);
    return *problem;
  }
  // RGB and not grey: libpng's grey is a weighted one, map_server's the plain mean.
  png.format = has_alpha ? PNG_FORMAT_RGBA : PNG_FORMAT_RGB;
  std::vector<uint8_t> pixels(PNG_IMAGE_SIZE(png));
  if (png_image_finish_read(&png, nullptr, pixels.data(), 0, nullptr) == 0) {
    return Broken(path, std::string("is no PNG that can be read: ") + png.message);
  }
  GrayImage image{static_cast<int>(png.width), static_cast<int>(png.height), {}, {}};
  const size_t channels = has_alpha ? 4 : 3;
  for (size_t i = 0; i < pixels.size(); i += channels) {
    image.pixels.push_back(
        static_cast<uint8_t>((pixels[i] + pixels[i + 1] + pixels[i + 2] + 1) / 3));
    if (has_alpha) image.transparent.push_back(pixels[i + 3] == 0);
  }
  return image;
}

}  // namespace

Result<GrayImage> LoadImage(const std::string& path) {
  Result<std::string> bytes = ReadTextFile(path, kFileBytesMax);
  if (!bytes) return bytes.error();
  const std::string_view magic = std::string_view(*bytes).substr(0, 2);
  if (magic == "P2" || magic == "P5") return ReadPgm(path, *bytes);
  if (std::string_view(*bytes).substr(0, 4) == "\x89PNG") return ReadPng(path, *bytes);
  return Broken(path, "is neither a PGM (P2, P5) nor a PNG");
}

}  // namespace dustproof
