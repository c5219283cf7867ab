#include "robots/vacuum/firmware/navigation/map_file.h"

#include <zlib.h>

#include <cstring>

#include "robots/vacuum/firmware/navigation/home_map.h"

namespace vacuum {

namespace {

constexpr uint8_t kVersion = 1;
constexpr size_t kHeaderBytes = 4 + 1 + 1 + 2 + 2 + 4 + 4 + 24 + 4, kCrcBytes = 4;
constexpr int kSideMax = 2000;

template <typename T>
void Put(std::vector<uint8_t>& out, T value) {
  uint8_t raw[sizeof(T)];
  std::memcpy(raw, &value, sizeof(T));
  out.insert(out.end(), raw, raw + sizeof(T));
}

template <typename T>
T Get(const uint8_t*& at) {
  T value;
  std::memcpy(&value, at, sizeof(T));
  at += sizeof(T);
  return value;
}

uint32_t Crc(const uint8_t* data, size_t bytes) {
  return static_cast<uint32_t>(crc32(crc32(0, nullptr, 0), data, static_cast<uInt>(bytes)));
}

}  // namespace

std::vector<uint8_t> Pack(const StoredHome& home) {
  std::vector<uint8_t> out;
  for (const char c : {'D', 'P', 'N', 'V'}) out.push_back(static_cast<uint8_t>(c));
  out.push_back(kVersion);
  out.push_back(home.X_MDocked.has_value());
  Put(out, static_cast<uint16_t>(home.map.width));
  Put(out, static_cast<uint16_t>(home.map.height));
  Put(out, static_cast<int32_t>(std::lround(home.map.origin_x_m * 1000)));
  Put(out, static_cast<int32_t>(std::lround(home.map.origin_y_m * 1000)));
  const Pose2 dock = home.X_MDocked.value_or(Pose2{});
  Put(out, dock.x);
  Put(out, dock.y);
  Put(out, dock.yaw);
  uLongf length = compressBound(home.map.cells.size());
  std::vector<uint8_t> packed(length);
  compress2(packed.data(), &length, home.map.cells.data(), home.map.cells.size(), 6);
  Put(out, static_cast<uint32_t>(length));
  out.insert(out.end(), packed.begin(), packed.begin() + static_cast<long>(length));
  Put(out, Crc(out.data(), out.size()));
  return out;
}

std::optional<StoredHome> Unpack(const std::vector<uint8_t>& bytes) {
  if (bytes.size() < kHeaderBytes + kCrcBytes || std::memcmp(bytes.data(), "DPNV", 4) != 0)
    return std::nullopt;
  const uint8_t* tail = bytes.data() + bytes.size() - kCrcBytes;
  if (Get<uint32_t>(tail) != Crc(bytes.data(), bytes.size() - kCrcBytes)) return std::nullopt;
  const uint8_t* at = bytes.data() + 4;
  if (Get<uint8_t>(at) != kVersion) return std::nullopt;
  const bool has_dock = Get<uint8_t>(at);
  StoredHome home;
  home.map.width = Get<uint16_t>(at);
  home.map.height = Get<uint16_t>(at);
  home.map.resolution_m = HomeMap::kResolution_m;
  home.map.origin_x_m = Get<int32_t>(at) * 1e-3;
  home.map.origin_y_m = Get<int32_t>(at) * 1e-3;
  Pose2 dock;
  dock.x = Get<double>(at);
  dock.y = Get<double>(at);
  dock.yaw = Get<double>(at);
  if (has_dock) home.X_MDocked = dock;
  const uint32_t length = Get<uint32_t>(at);
  if (length != bytes.size() - kHeaderBytes - kCrcBytes || home.map.width > kSideMax ||
      home.map.height > kSideMax)
    return std::nullopt;
  home.map.cells.resize(static_cast<size_t>(home.map.width) * home.map.height);
  uLongf cells = home.map.cells.size();
  if (cells == 0 || uncompress(home.map.cells.data(), &cells, at, length) != Z_OK ||
      cells != home.map.cells.size())
    return std::nullopt;
  return home;
}

}  // namespace vacuum
