#include "hil/audit/internal/png.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "hil/audit/internal/unpack.h"

namespace dustproof::internal {

namespace {

constexpr char kSignature[] = "\x89PNG\r\n\x1a\n";

uint32_t BigEndian32(std::span<const std::byte> in, size_t at) {
  uint32_t value = 0;
  for (size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<uint8_t>(in[at + i]);
  return value;
}

struct Header {
  uint32_t width = 0, height = 0;
  int bit_depth = 0, colour_type = 0, interlace = 0;
  size_t channels() const {
    return colour_type == 2 ? 3 : colour_type == 4 ? 2 : colour_type == 6 ? 4 : 1;
  }
  size_t pixel_bytes() const {
    return std::max<size_t>(1, channels() * static_cast<size_t>(bit_depth) / 8);
  }
  size_t row_bytes() const { return (width * channels() * static_cast<size_t>(bit_depth) + 7) / 8; }
};

uint8_t Paeth(int a, int b, int c) {
  const int p = a + b - c;
  const int pa = std::abs(p - a), pb = std::abs(p - b), pc = std::abs(p - c);
  if (pa <= pb && pa <= pc) return static_cast<uint8_t>(a);
  return static_cast<uint8_t>(pb <= pc ? b : c);
}

/// Undoes the row filters in place; false where a filter is unknown.
bool Unfilter(const Header& header, Bytes& rows) {
  const size_t stride = header.row_bytes() + 1, step = header.pixel_bytes();
  auto* data = reinterpret_cast<uint8_t*>(rows.data());
  for (size_t y = 0; y < header.height; ++y) {
    uint8_t* row = data + y * stride + 1;
    const uint8_t* above = y > 0 ? row - stride : nullptr;
    const uint8_t filter = row[-1];
    if (filter > 4) return false;
    for (size_t i = 0; i + 1 < stride; ++i) {
      const int left = i >= step ? row[i - step] : 0;
      const int up = above != nullptr ? above[i] : 0;
      const int corner = above != nullptr && i >= step ? above[i - step] : 0;
      if (filter == 1) row[i] = static_cast<uint8_t>(row[i] + left);
      if (filter == 2) row[i] = static_cast<uint8_t>(row[i] + up);
      if (filter == 3) row[i] = static_cast<uint8_t>(row[i] + (left + up) / 2);
      if (filter == 4) row[i] = static_cast<uint8_t>(row[i] + Paeth(left, up, corner));
    }
  }
  return true;
}

Bytes FirstChannel(const Header& header, const Bytes& rows) {
  Bytes pixels;
  pixels.reserve(size_t{header.width} * header.height);
  const size_t stride = header.row_bytes() + 1;
  for (size_t y = 0; y < header.height; ++y) {
    const std::byte* row = rows.data() + y * stride + 1;
    for (size_t x = 0; x < header.width; ++x) {
      if (header.bit_depth >= 8) {
        pixels.push_back(row[x * header.pixel_bytes()]);
      } else {
        const size_t bit = x * static_cast<size_t>(header.bit_depth);
        const int shift = 8 - header.bit_depth - static_cast<int>(bit % 8);
        const int mask = (1 << header.bit_depth) - 1;
        pixels.push_back(static_cast<std::byte>(static_cast<int>(row[bit / 8]) >> shift & mask));
      }
    }
  }
  return pixels;
}

void TakeText(std::span<const std::byte> in, ByteRange body, bool packed, size_t bytes_max,
              PngPicture& out) {
  const auto* begin = in.data() + body.begin;
  const auto* end = in.data() + body.end;
  const auto* zero = std::find(begin, end, std::byte{0});
  if (zero == end) return;
  PngPicture::Text text;
  text.keyword.assign(reinterpret_cast<const char*>(begin), static_cast<size_t>(zero - begin));
  text.range = {body.begin + static_cast<size_t>(zero - begin) + 1 + (packed ? 1 : 0), body.end};
  if (text.range.begin > text.range.end) return;
  if (packed) {
    auto unpacked = UnpackAt(in.subspan(text.range.begin, text.range.size()), bytes_max);
    if (unpacked) text.unpacked = std::move(unpacked->bytes);
  }
  out.texts.push_back(std::move(text));
}

}  // namespace

std::optional<PngPicture> ReadPng(std::span<const std::byte> in, size_t bytes_max) {
  if (in.size() < 33 || std::memcmp(in.data(), kSignature, 8) != 0) return std::nullopt;
  PngPicture out;
  Header header;
  Bytes packed;
  size_t at = 8;
  while (at + 12 <= in.size()) {
    const size_t length = BigEndian32(in, at);
    if (length > in.size() - at - 12) break;
    const std::string type(reinterpret_cast<const char*>(in.data() + at + 4), 4);
    const ByteRange body{at + 8, at + 8 + length};
    if (type == "IHDR" && length >= 13) {
      header.width = BigEndian32(in, body.begin);
      header.height = BigEndian32(in, body.begin + 4);
      header.bit_depth = static_cast<int>(in[body.begin + 8]);
      header.colour_type = static_cast<int>(in[body.begin + 9]);
      header.interlace = static_cast<int>(in[body.begin + 12]);
    } else if (type == "IDAT") {
      if (packed.empty()) out.pixel_range.begin = body.begin;
      out.pixel_range.end = body.end;
      packed.insert(packed.end(), in.begin() + static_cast<ptrdiff_t>(body.begin),
                    in.begin() + static_cast<ptrdiff_t>(body.end));
    } else if (type == "tEXt" || type == "zTXt" || type == "iTXt") {
      TakeText(in, body, type == "zTXt", bytes_max, out);
    }
    at = body.end + 4;
    if (type == "IEND") break;
  }
  out.size = at;
  out.width = header.width;
  out.height = header.height;
  const bool depth_known = header.bit_depth == 1 || header.bit_depth == 2 ||
                           header.bit_depth == 4 || header.bit_depth == 8 || header.bit_depth == 16;
  const bool readable = depth_known && header.interlace == 0 && header.width > 0 &&
                        header.height > 0 && header.width <= 16384 && header.height <= 16384;
  const size_t wanted = (header.row_bytes() + 1) * header.height;
  if (!readable || wanted > bytes_max) return out;
  auto rows = UnpackAt(packed, wanted);
  if (rows && rows->bytes.size() == wanted && Unfilter(header, rows->bytes))
    out.pixels = FirstChannel(header, rows->bytes);
  return out;
}

}  // namespace dustproof::internal
