#include "hil/audit/internal/cascade.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <map>

#include "hil/audit/internal/base_codes.h"
#include "hil/audit/internal/json_scan.h"
#include "hil/audit/internal/number_text.h"
#include "hil/audit/internal/png.h"
#include "hil/audit/internal/protobuf_scan.h"
#include "hil/audit/internal/unpack.h"
#include "sim/core/hash.h"

namespace dustproof::internal {

namespace {

constexpr size_t kDecodableBytesMin = 6;
constexpr size_t kRawDeflateOffsets = 48;

uint64_t HashOf(std::span<const std::byte> bytes) {
  Hasher hasher;
  hasher.AddBytes(bytes);
  return hasher.Digest();
}

bool LooksWorthDecoding(const Content& content) {
  if (content.PrintableShare() > 0.95) return true;
  const auto bytes = content.bytes();
  for (size_t i = 0; i < std::min<size_t>(bytes.size(), 64); ++i) {
    const auto a = static_cast<uint8_t>(bytes[i]);
    const auto b = i + 1 < bytes.size() ? static_cast<uint8_t>(bytes[i + 1]) : 0;
    const bool zlib = (a & 0x0f) == 8 && (a >> 4) <= 7 && (a * 256 + b) % 31 == 0;
    if (zlib || (a == 0x1f && b == 0x8b) || (a == 0x28 && b == 0xb5) || (a == 0x89 && b == 'P'))
      return true;
  }
  return false;
}

}  // namespace

void Cascade::Run(const Content& content) {
  base_depth_ = content.depth();
  spent_ = contents_ = 0;
  seen_.clear();
  Visit(content);
}

bool Cascade::Spend(size_t bytes) {
  if (contents_ >= limits_.contents_max || bytes > limits_.bytes_max - spent_) return false;
  spent_ += bytes;
  ++contents_;
  return true;
}

void Cascade::Visit(const Content& content) {
  if (content.size() < 2 || !Spend(content.size())) return;
  visitor_.OnContent(content);
  const bool fresh = seen_.insert(HashOf(content.bytes())).second;
  if (!fresh || content.depth() - base_depth_ >= limits_.depth_max ||
      content.size() < kDecodableBytesMin)
    return;
  TryPng(content);
  TryUnpack(content);
  TryJson(content);
  TryUrl(content);
  TryProtobuf(content);
  TryVarints(content);
  TryHex(content);
  TryBase64(content);
  TryBase32(content);
  TryTextNumbers(content);
}

void Cascade::TryPng(const Content& content) {
  const auto bytes = content.bytes();
  for (size_t at = 0; at + 33 < bytes.size(); ++at) {
    if (bytes[at] != std::byte{0x89}) continue;
    const auto picture = ReadPng(bytes.subspan(at), limits_.unpacked_bytes_max);
    if (!picture) continue;
    const Content file = Content::Piece(content, {at, at + picture->size}, "png");
    if (!picture->pixels.empty()) {
      const Content pixels = Content::Whole(file, picture->pixel_range, picture->pixels, "pixels");
      if (Spend(pixels.size()))
        visitor_.OnGrid(pixels, pixels.bytes(), picture->width, {0, pixels.size()});
      Visit(pixels);
    }
    for (const PngPicture::Text& text : picture->texts) {
      const std::string label = "text " + text.keyword;
      if (text.unpacked.empty()) {
        Visit(Content::Piece(file, text.range, label));
      } else {
        Visit(Content::Whole(file, text.range, text.unpacked, label));
      }
    }
    at += picture->size > 0 ? picture->size - 1 : 0;
  }
}

void Cascade::TryUnpack(const Content& content) {
  const auto bytes = content.bytes();
  bool any = false;
  for (size_t at = 0; at + 8 < bytes.size();) {
    auto unpacked = UnpackAt(bytes.subspan(at), limits_.unpacked_bytes_max);
    if (!unpacked) {
      ++at;
      continue;
    }
    any = true;
    const size_t consumed = std::max<size_t>(unpacked->consumed, 1);
    Visit(
        Content::Whole(content, {at, at + consumed}, std::move(unpacked->bytes), unpacked->format));
    at += consumed;
  }
  if (any || content.PrintableShare() > 0.8) return;
  // Formats without magic: only where the bytes are not text, behind at most a short header.
  for (size_t at = 0; at < std::min(kRawDeflateOffsets, bytes.size()); ++at) {
    if (auto raw = UnpackRawDeflate(bytes.subspan(at), limits_.unpacked_bytes_max)) {
      Visit(Content::Whole(content, {at, at + raw->consumed}, std::move(raw->bytes), raw->format));
      return;
    }
  }
  for (size_t at : {size_t{0}, size_t{4}, size_t{8}}) {
    if (at >= bytes.size()) break;
    if (auto block = UnpackLz4Block(bytes.subspan(at), limits_.unpacked_bytes_max)) {
      Visit(Content::Whole(content, {at, bytes.size()}, std::move(block->bytes), block->format));
      return;
    }
  }
}

void Cascade::TryJson(const Content& content) {
  const std::string_view text = content.text();
  int failures = 0;
  for (size_t at = 0; at < text.size() && failures < 64;) {
    const size_t next = text.find_first_of("{[", at);
    if (next == std::string_view::npos) return;
    const auto json = ScanJson(text, next);
    if (!json) {
      ++failures;
      at = next + 1;
      continue;
    }
    at = json->range.end;
    std::map<std::string, NumberSeries> numbers;
    std::map<std::string, std::vector<ByteRange>> number_ranges;
    for (const JsonScalar& scalar : json->scalars) {
      if (scalar.is_string) {
        if (scalar.range.size() == 0) continue;
        std::vector<uint32_t> table;
        Bytes plain = UnescapeJson(text, scalar.range, &table);
        if (plain.size() == scalar.range.size()) {
          Visit(Content::Piece(content, scalar.range, "json " + scalar.path));
        } else if (!plain.empty()) {
          Visit(Content::Table(content, std::move(table), std::move(plain), "json " + scalar.path));
        }
      } else if (const auto value =
                     ParseNumber(text.substr(scalar.range.begin, scalar.range.size()))) {
        NumberSeries& series = numbers[scalar.path];
        if (series.values.empty()) series.range = scalar.range;
        series.values.push_back(*value);
        series.range.end = scalar.range.end;
        number_ranges[scalar.path].push_back(scalar.range);
      }
    }
    for (auto& [path, series] : numbers) {
      series.path = "json " + path;
      EmitNumbers(content, series);
      // A list of byte values is bytes.
      const auto& ranges = number_ranges[path];
      const bool bytes = series.values.size() >= kDecodableBytesMin &&
                         std::all_of(series.values.begin(), series.values.end(), [](double v) {
                           return v >= -128 && v <= 255 && v == std::floor(v);
                         });
      if (!bytes) continue;
      Bytes packed;
      std::vector<uint32_t> table;
      for (size_t i = 0; i < ranges.size(); ++i) {
        packed.push_back(static_cast<std::byte>(static_cast<int>(series.values[i])));
        table.push_back(static_cast<uint32_t>(ranges[i].begin));
      }
      table.push_back(static_cast<uint32_t>(ranges.back().end));
      Visit(Content::Table(content, std::move(table), std::move(packed), "json bytes " + path));
    }
  }
}

void Cascade::TryUrl(const Content& content) {
  const std::string_view text = content.text();
  if (content.PrintableShare() < 0.9) return;
  Bytes plain;
  std::vector<uint32_t> table;
  bool any = false;
  for (size_t i = 0; i < text.size();) {
    table.push_back(static_cast<uint32_t>(i));
    const bool percent = text[i] == '%' && i + 2 < text.size() + 0 && HexDigit(text[i + 1]) >= 0 &&
                         HexDigit(text[i + 2]) >= 0;
    const bool backslash = text[i] == '\\' && i + 3 < text.size() && text[i + 1] == 'x' &&
                           HexDigit(text[i + 2]) >= 0 && HexDigit(text[i + 3]) >= 0;
    const size_t skip = percent ? 1 : backslash ? 2 : 0;
    if (skip > 0) {
      plain.push_back(
          static_cast<std::byte>(HexDigit(text[i + skip]) * 16 + HexDigit(text[i + skip + 1])));
      i += skip + 2;
      any = true;
    } else {
      plain.push_back(static_cast<std::byte>(text[i++]));
    }
  }
  table.push_back(static_cast<uint32_t>(text.size()));
  if (any) Visit(Content::Table(content, std::move(table), std::move(plain), "url"));
}

void Cascade::TryProtobuf(const Content& content) {
  const auto message = ScanProtobuf(content.bytes());
  if (!message) return;
  NumberSeries integers{"protobuf integers", {}, {0, content.size()}, 0},
      floats{"protobuf floats", {}, {0, content.size()}, 0};
  for (const ProtobufField& field : *message) {
    const std::string label = "protobuf " + std::to_string(field.number);
    if (field.wire_type == 2) {
      if (field.range.size() >= 2) Visit(Content::Piece(content, field.range, label));
      continue;
    }
    const auto signed_value = static_cast<int64_t>(field.value);
    const auto zigzag =
        static_cast<int64_t>(field.value >> 1) ^ -static_cast<int64_t>(field.value & 1);
    NumberSeries one{label, {}, field.range, 0};
    if (field.wire_type == 0) {
      one.values = {static_cast<double>(signed_value)};
      integers.values.push_back(one.values[0]);
      EmitNumbers(content, one);
      one.path += " zigzag";
      one.values = {static_cast<double>(zigzag)};
      integers.values.push_back(one.values[0]);
      EmitNumbers(content, one);
    } else {
      one.values = {field.AsFloat()};
      if (std::isfinite(one.values[0]))
        floats.values.push_back(one.values[0]), EmitNumbers(content, one);
    }
  }
  if (integers.values.size() > 1) EmitNumbers(content, integers);
  if (floats.values.size() > 1) EmitNumbers(content, floats);
}

void Cascade::TryVarints(const Content& content) {
  constexpr size_t kCountMin = 32;
  // Behind a header of up to 16 bytes: the last byte must end a varint, so that all offsets are
  // worth a look but cost little.
  for (size_t at = 0; at <= 16 && at < content.size(); ++at) {
    const auto values = ScanVarints(content.bytes().subspan(at));
    if (!values || values->size() < kCountMin) continue;
    NumberSeries plain{"varints", {}, {at, content.size()}, 0},
        zigzag{"zigzag varints", {}, {at, content.size()}, 0};
    for (uint64_t value : *values) {
      plain.values.push_back(static_cast<double>(value));
      zigzag.values.push_back(
          static_cast<double>(static_cast<int64_t>(value >> 1) ^ -static_cast<int64_t>(value & 1)));
    }
    EmitNumbers(content, zigzag);
    EmitNumbers(content, plain);
    const bool multi_byte = values->size() != content.size() - at;
    if (!multi_byte) break;
  }
}

void Cascade::TryHex(const Content& content) {
  for (HexRun& run : FindHexRuns(content.text())) {
    Visit(Content::Table(content, std::move(run.table), std::move(run.bytes), "hex"));
  }
}

void Cascade::TryBase64(const Content& content) {
  for (const CodeRun& run : FindBase64Runs(content.text())) {
    for (size_t skip = 0; skip < 4; ++skip) {
      Decoded decoded = DecodeBase64(content.text(), run, skip);
      if (decoded.bytes.size() < kDecodableBytesMin) continue;
      Content inner =
          Content::Table(content, std::move(decoded.table), std::move(decoded.bytes),
                         skip == 0 ? "base64" : "base64 shifted " + std::to_string(skip));
      if (skip == 0 || LooksWorthDecoding(inner)) {
        Visit(inner);
      } else if (Spend(inner.size())) {
        visitor_.OnContent(inner);
      }
    }
  }
}

void Cascade::TryBase32(const Content& content) {
  for (const CodeRun& run : FindBase32Runs(content.text())) {
    Decoded decoded = DecodeBase32(content.text(), run);
    if (decoded.bytes.size() < kDecodableBytesMin) continue;
    Visit(Content::Table(content, std::move(decoded.table), std::move(decoded.bytes), "base32"));
  }
  for (const CodeRun& run : FindBase85Runs(content.text())) {
    for (const bool z85 : {false, true}) {
      Decoded decoded = DecodeBase85(content.text(), run, z85);
      if (decoded.bytes.size() < kDecodableBytesMin) continue;
      Content inner = Content::Table(content, std::move(decoded.table), std::move(decoded.bytes),
                                     z85 ? "z85" : "base85");
      if (LooksWorthDecoding(inner)) Visit(inner);
    }
  }
}

void Cascade::TryTextNumbers(const Content& content) {
  if (content.PrintableShare() < 0.95 || content.size() < 8) return;
  for (const NumberSeries& series : FindTextNumbers(content.text())) EmitNumbers(content, series);
  // Runs of a map as text: "12F3W", "W:12,F:3".
  std::vector<uint32_t> table;
  Bytes cells = ExpandTextRuns(content.text(), &table, limits_.unpacked_bytes_max);
  if (!cells.empty())
    Visit(Content::Table(content, std::move(table), std::move(cells), "run lengths"));
}

void Cascade::EmitNumbers(const Content& content, const NumberSeries& series) {
  if (!series.values.empty()) visitor_.OnNumbers(content, series);
}

}  // namespace dustproof::internal
