#include "hil/app/map_decoder.h"

#include <gtest/gtest.h>

#include "sim/core/random.h"
#include "tests/hil/app/map_file.h"

namespace dustproof {
namespace {

TEST(MapDecoderTest, ReadsSizeCellsAndPath) {
  const Result<ShownMap> map = DecodeMapFile(MakeMapFile());
  ASSERT_TRUE(map.ok()) << ToString(map.error());
  EXPECT_EQ(map->width, 3);
  EXPECT_EQ(map->height, 2);
  EXPECT_EQ(map->resolution_mm, 50);
  EXPECT_EQ(map->origin_x_mm, -1000);
  EXPECT_EQ(map->origin_y_mm, 2000);
  EXPECT_EQ(map->CountCells(0), 2u);
  EXPECT_EQ(map->CountCells(1), 1u);
  EXPECT_EQ(map->CountCells(255), 3u);
  ASSERT_EQ(map->path.size(), 2u);
  EXPECT_EQ(map->path[0].x_mm, 10);
  EXPECT_EQ(map->path[1].x_mm, 10 - 300);
  EXPECT_EQ(map->path[1].y_mm, -20 + 7);
}

TEST(MapDecoderTest, SaysWhatIsWrong) {
  const auto problem = [](Bytes file, bool right_checksum = true) {
    if (right_checksum) file = WithChecksum(Bytes(file.begin(), file.end() - 4));
    const Result<ShownMap> map = DecodeMapFile(file);
    return map.ok() ? std::string() : map.error().diagnostics.front().message;
  };
  const Bytes good = MakeMapFile();
  EXPECT_EQ(problem({}, false), "map file: it is too short");
  Bytes bad = good;
  bad[8] ^= std::byte{1};
  EXPECT_EQ(problem(bad, false), "map file: its checksum is wrong");
  EXPECT_EQ(problem(bad),
            "map file: its cells can't be inflated to its size");  // The height is another now.
  bad = good;
  bad[0] = std::byte{'X'};
  EXPECT_EQ(problem(bad), "map file: it doesn't begin with DPMP");
  bad = good;
  bad[4] = std::byte{2};
  EXPECT_EQ(problem(bad), "map file: version 2, flags 0");
  bad = good;
  bad[20] = std::byte{200};
  EXPECT_EQ(problem(bad), "map file: its cells are cut short");
  bad = good;
  bad.erase(bad.end() - 5);
  EXPECT_EQ(problem(bad), "map file: its path has another length than stated");
}

TEST(MapDecoderTest, SurvivesFlippedBitsUnderARightChecksum) {
  const Bytes good = MakeMapFile();
  RandomStream random(3);
  for (int round = 0; round < 2000; ++round) {
    Bytes body(good.begin(), good.end() - 4);
    for (int flips = 0; flips < 3; ++flips)
      body[random.Below(body.size())] ^= static_cast<std::byte>(1 << random.Below(8));
    body.resize(body.size() - random.Below(6));
    const Result<ShownMap> map = DecodeMapFile(WithChecksum(body));
    if (map.ok()) {
      EXPECT_EQ(map->cells.size(), size_t{map->width} * map->height);
    }
  }
}

}  // namespace
}  // namespace dustproof
