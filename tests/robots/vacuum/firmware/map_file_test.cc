#include "robots/vacuum/firmware/cloud/map_file.h"

#include <gtest/gtest.h>
#include <zlib.h>

namespace vacuum::test {
namespace {

// A decoder of its own, after PROTOCOL.md, 4.
struct Decoded {
  std::string magic;
  int version = 0, flags = 0, width = 0, height = 0, resolution_mm = 0, origin_x_mm = 0,
      origin_y_mm = 0;
  std::vector<uint8_t> cells;
  std::vector<std::pair<int, int>> path_mm;
  bool crc_ok = false;
  size_t bytes_left = 0;
};

// CRC-32 bit by bit, so that zlib's is held against something.
uint32_t PlainCrc(const uint8_t* data, size_t size) {
  uint32_t crc = 0xFFFFFFFF;
  for (size_t i = 0; i < size; ++i) {
    crc ^= data[i];
    for (int bit = 0; bit < 8; ++bit) crc = crc & 1 ? crc >> 1 ^ 0xEDB88320 : crc >> 1;
  }
  return ~crc;
}

Decoded Decode(const Bytes& file) {
  size_t at = 0;
  const auto get = [&](int count) {
    uint32_t value = 0;
    for (int i = 0; i < count; ++i) value += static_cast<uint32_t>(file.at(at++)) << 8 * i;
    return value;
  };
  Decoded map;
  for (int i = 0; i < 4; ++i) map.magic += static_cast<char>(get(1));
  map.version = static_cast<int>(get(1));
  map.flags = static_cast<int>(get(1));
  map.width = static_cast<int>(get(2));
  map.height = static_cast<int>(get(2));
  map.resolution_mm = static_cast<int>(get(2));
  map.origin_x_mm = static_cast<int32_t>(get(4));
  map.origin_y_mm = static_cast<int32_t>(get(4));
  const uint32_t compressed_bytes = get(4);
  map.cells.resize(static_cast<size_t>(map.width) * map.height);
  uLongf size = map.cells.size();
  EXPECT_EQ(uncompress(map.cells.data(), &size, file.data() + at, compressed_bytes), Z_OK);
  EXPECT_EQ(size, map.cells.size());
  at += compressed_bytes;
  int x = 0, y = 0;
  for (uint32_t left = get(4); left > 0; --left) {
    x += static_cast<int16_t>(get(2));
    y += static_cast<int16_t>(get(2));
    map.path_mm.emplace_back(x, y);
  }
  const uint32_t crc = PlainCrc(file.data(), at);
  map.crc_ok = get(4) == crc;
  map.bytes_left = file.size() - at;
  return map;
}

GridMap SmallMap() {
  return {.width = 3,
          .height = 2,
          .resolution_m = 0.05,
          .origin_x_m = -1.25,
          .origin_y_m = 0.4,
          .cells = {0, 1, 255, 255, 0, 1}};
}

TEST(MapFileTest, IsWhatTheProtocolSays) {
  const Decoded map = Decode(WriteMapFile(SmallMap(), {{0.1f, -0.2f}, {0.5f, 0.3f}}));
  EXPECT_EQ(map.magic, "DPMP");
  EXPECT_EQ(map.version, 1);
  EXPECT_EQ(map.flags, 0);
  EXPECT_EQ(map.width, 3);
  EXPECT_EQ(map.height, 2);
  EXPECT_EQ(map.resolution_mm, 50);
  EXPECT_EQ(map.origin_x_mm, -1250);
  EXPECT_EQ(map.origin_y_mm, 400);
  EXPECT_EQ(map.cells, SmallMap().cells);
  EXPECT_EQ(map.path_mm, (std::vector<std::pair<int, int>>{{100, -200}, {500, 300}}));
  EXPECT_TRUE(map.crc_ok);
  EXPECT_EQ(map.bytes_left, 0u);
}

// 80 m is more than an i16 of millimetres holds: three equal steps do it.
TEST(MapFileTest, SplitsALongStep) {
  const Decoded map = Decode(WriteMapFile(SmallMap(), {{-80.0f, 40.0f}}));
  ASSERT_EQ(map.path_mm.size(), 3u);
  EXPECT_EQ(map.path_mm.back(), std::make_pair(-80000, 40000));
}

TEST(MapFileTest, RoundingErrorsDoNotAddUp) {
  std::vector<PathPoint> path;
  for (int i = 1; i <= 1000; ++i) path.push_back({static_cast<float>(i) * 0.0104f, 0});
  EXPECT_EQ(Decode(WriteMapFile(SmallMap(), path)).path_mm.back().first, 10400);
}

TEST(MapFileTest, IsEmptyWhereTheMapIs) {
  EXPECT_TRUE(WriteMapFile({}, {}).empty());
  GridMap wrong = SmallMap();
  wrong.cells.pop_back();
  EXPECT_TRUE(WriteMapFile(wrong, {}).empty());
}

}  // namespace
}  // namespace vacuum::test
