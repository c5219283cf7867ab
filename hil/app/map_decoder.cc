#include "hil/app/map_decoder.h"

#include <zlib.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <string_view>

namespace dustproof {
namespace {

constexpr size_t kHeaderBytes = 4 + 1 + 1 + 2 + 2 + 2 + 4 + 4 + 4;
constexpr int64_t kReachMm = 2'000'000'000;  // What fits a point.
constexpr size_t kCellsMax = 16 * 1024 * 1024;

Error Broken(const std::string& why) { return Error::BadInput("map file: " + why); }

/// Little-endian fields, one after another. @pre There is enough left.
class Fields {
 public:
  explicit Fields(std::span<const std::byte> bytes) : rest_(bytes) {}
  uint32_t Take(size_t bytes) {
    uint32_t value = 0;
    for (size_t i = 0; i < bytes; ++i) value |= static_cast<uint32_t>(rest_[i]) << 8 * i;
    rest_ = rest_.subspan(bytes);
    return value;
  }
  std::span<const std::byte> TakeRaw(size_t bytes) {
    const auto raw = rest_.first(bytes);
    rest_ = rest_.subspan(bytes);
    return raw;
  }
  size_t left() const { return rest_.size(); }

 private:
  std::span<const std::byte> rest_;
};

bool Inflate(std::span<const std::byte> compressed, std::vector<uint8_t>& cells) {
  uLongf cells_bytes = cells.size();
  uLong compressed_bytes = compressed.size();
  const int result =
      uncompress2(cells.data(), &cells_bytes, reinterpret_cast<const Bytef*>(compressed.data()),
                  &compressed_bytes);
  return result == Z_OK && cells_bytes == cells.size() && compressed_bytes == compressed.size();
}

}  // namespace

size_t ShownMap::CountCells(uint8_t value) const {
  return static_cast<size_t>(std::count(cells.begin(), cells.end(), value));
}

Result<ShownMap> DecodeMapFile(std::span<const std::byte> file) {
  if (file.size() < kHeaderBytes + 8) return Broken("it is too short");
  const auto body = file.first(file.size() - 4);
  ShownMap map;
  map.checksum = Fields(file.last(4)).Take(4);
  if (crc32(0, reinterpret_cast<const Bytef*>(body.data()), static_cast<uInt>(body.size())) !=
      map.checksum) {
    return Broken("its checksum is wrong");
  }
  Fields fields(body);
  const auto magic = fields.TakeRaw(4);
  if (std::string_view(reinterpret_cast<const char*>(magic.data()), 4) != "DPMP")
    return Broken("it doesn't begin with DPMP");
  const uint32_t version = fields.Take(1), flags = fields.Take(1);
  if (version != 1 || flags != 0)
    return Broken("version " + std::to_string(version) + ", flags " + std::to_string(flags));
  map.width = static_cast<uint16_t>(fields.Take(2));
  map.height = static_cast<uint16_t>(fields.Take(2));
  map.resolution_mm = static_cast<uint16_t>(fields.Take(2));
  map.origin_x_mm = static_cast<int32_t>(fields.Take(4));
  map.origin_y_mm = static_cast<int32_t>(fields.Take(4));
  const size_t cell_count = static_cast<size_t>(map.width) * map.height;
  if (cell_count == 0 || cell_count > kCellsMax || map.resolution_mm == 0)
    return Broken("it has no size that can be shown");
  const uint32_t compressed_bytes = fields.Take(4);
  if (fields.left() < 4 || compressed_bytes > fields.left() - 4)
    return Broken("its cells are cut short");
  map.cells.resize(cell_count);
  if (!Inflate(fields.TakeRaw(compressed_bytes), map.cells))
    return Broken("its cells can't be inflated to its size");
  const uint32_t point_count = fields.Take(4);
  if (fields.left() != size_t{point_count} * 4)
    return Broken("its path has another length than stated");
  int64_t x_mm = 0, y_mm = 0;
  for (uint32_t i = 0; i < point_count; ++i) {
    x_mm += static_cast<int16_t>(fields.Take(2));
    y_mm += static_cast<int16_t>(fields.Take(2));
    if (std::max(std::abs(x_mm), std::abs(y_mm)) > kReachMm)
      return Broken("its path leaves the map's frame");
    map.path.push_back({static_cast<int32_t>(x_mm), static_cast<int32_t>(y_mm)});
  }
  return map;
}

}  // namespace dustproof
