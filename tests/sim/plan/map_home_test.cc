#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <numbers>

#include "sim/core/random.h"
#include "sim/plan/load_home.h"
#include "sim/plan/raster.h"
#include "sim/plan/validate.h"

namespace dustproof {
namespace {

constexpr int kOccupied = 0, kFree = 254, kUnknown = 205;

// A picture of a map, drawn with rectangles; row 0 is the lowest.
struct Picture {
  int width, height;
  std::vector<int> cells;
  Picture(int w, int h, int value)
      : width(w), height(h), cells(static_cast<size_t>(w * h), value) {}
  void Fill(int x, int y, int w, int h, int value) {
    for (int j = y; j < y + h; ++j) {
      for (int i = x; i < x + w; ++i) cells[static_cast<size_t>(j * width + i)] = value;
    }
  }
  std::string ToPgm() const {
    std::string text = "P2\n" + std::to_string(width) + " " + std::to_string(height) + "\n255\n";
    for (int y = height - 1; y >= 0; --y) {
      for (int x = 0; x < width; ++x)
        text += std::to_string(cells[static_cast<size_t>(y * width + x)]) + "\n";
    }
    return text;
  }
};

// A folder of its own for each test.
class MapHomeTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = testing::TempDir() + "map_home_" +
              testing::UnitTest::GetInstance()->current_test_info()->name() + "/";
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  void Write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ + name) << text;
  }
  Result<FloorPlan> Load(const Picture& picture, const std::string& origin = "[-2, -1.5, 0]") {
    Write("m.pgm", picture.ToPgm());
    Write("m.yaml", "image: m.pgm\nresolution: 0.05\norigin: " + origin +
                        "\nnegate: 0\noccupied_thresh: 0.65\nfree_thresh: 0.196\n");
    return LoadHome(folder_ + "m.yaml");
  }
  std::string Problems(const Picture& picture) {
    const Result<FloorPlan> plan = Load(picture);
    return plan.ok() ? "none" : ToString(plan.error()).substr(folder_.size());
  }
  std::string folder_;
};

// 4 m × 3 m with walls one cell thick: 3.9 m × 2.9 m of floor, around W's origin.
Picture BoxRoom() {
  Picture picture(80, 60, kOccupied);
  picture.Fill(1, 1, 78, 58, kFree);
  return picture;
}

// Minutes went by until it was refused.
TEST_F(MapHomeTest, RefusesAMapThatIsTooLargeBeforeWorkingOnIt) {
  const std::string long_one = Problems(Picture(5000, 30, kFree));  // 250 m and a margin.
  EXPECT_NE(long_one.find("shows 250.2 m, more than 200 m; check resolution (0.05)"),
            std::string::npos)
      << long_one;
  Write("m.pgm", "P5\n5000 4200\n255\n" + std::string(5000 * 4200, '\xfe'));
  Write("m.yaml", "image: m.pgm\nresolution: 0.01\norigin: [0, 0, 0]\n");
  const Result<FloorPlan> fine_one = LoadHome(folder_ + "m.yaml");
  ASSERT_FALSE(fine_one.ok());
  EXPECT_NE(ToString(fine_one.error()).find("21 million known cells"), std::string::npos)
      << ToString(fine_one.error());
}

TEST_F(MapHomeTest, BecomesWallsARoomAndADock) {
  const Result<FloorPlan> plan = Load(BoxRoom());
  ASSERT_TRUE(plan.ok()) << ToString(plan.error());
  EXPECT_EQ(plan->blocks.size(), 4u);
  ASSERT_EQ(plan->rooms.size(), 1u);
  EXPECT_NEAR(SignedArea(plan->rooms[0].polygon), 3.9 * 2.9, 1e-9);
  EXPECT_EQ(plan->RoomAt({1.9, -1.4}), 0);
  EXPECT_EQ(plan->RoomAt({1.96, 0}), -1);
  // The dock's back is at a wall's face, looking inwards.
  const Pose2& dock = plan->X_WD;
  const bool at_side = std::abs(std::abs(dock.x) - 1.95) < 0.013,
             at_end = std::abs(std::abs(dock.y) - 1.45) < 0.013;
  EXPECT_TRUE(at_side || at_end) << dock.x << " " << dock.y;
  const Vec2 ahead = dock * Vec2(1.2, 0);
  EXPECT_EQ(plan->RoomAt(ahead), 0);
  const Reach reach = ReachableFloor(*plan, {.resolution_m = 0.01});
  EXPECT_NEAR(reach.area_m2, 3.9 * 2.9 - (4 - std::numbers::pi) * 0.17 * 0.17, 0.06);
  EXPECT_FALSE(reach.leaves_at);
}

TEST_F(MapHomeTest, StandsWhereItsOriginSays) {
  // Turned by 90° about its lower-left corner at (10, 20): x runs up, y to the left.
  const Result<FloorPlan> plan = Load(BoxRoom(), "[10, 20, 1.5707963267948966]");
  ASSERT_TRUE(plan.ok()) << ToString(plan.error());
  const Bounds bounds = BoundsOf(*plan);
  EXPECT_NEAR(bounds.min.x(), 10 - 3, 0.001);
  EXPECT_NEAR(bounds.max.x(), 10, 0.001);
  EXPECT_NEAR(bounds.min.y(), 20, 0.001);
  EXPECT_NEAR(bounds.max.y(), 24, 0.001);
}

TEST_F(MapHomeTest, EndsWhereTheUnknownBegins) {
  // No occupied cell at all: the rim of the unknown closes the home.
  Picture picture(100, 80, kUnknown);
  picture.Fill(10, 10, 78, 58, kFree);
  const Result<FloorPlan> plan = Load(picture);
  ASSERT_TRUE(plan.ok()) << ToString(plan.error());
  EXPECT_FALSE(ReachableFloor(*plan).leaves_at);
  EXPECT_NEAR(SignedArea(plan->rooms[0].polygon), 3.9 * 2.9, 1e-9);
}

TEST_F(MapHomeTest, DividesRoomsAtADoorway) {
  // Two rooms of 3 m × 3 m with a doorway of 0.8 m between, and a table's four legs in one of them.
  Picture picture(123, 62, kOccupied);
  picture.Fill(1, 1, 60, 60, kFree);
  picture.Fill(62, 1, 60, 60, kFree);
  picture.Fill(61, 20, 1, 16, kFree);
  for (const int x : {20, 36}) {
    for (const int y : {20, 36}) picture.Fill(x, y, 1, 1, kOccupied);
  }
  const Result<FloorPlan> plan = Load(picture, "[0, 0, 0]");
  ASSERT_TRUE(plan.ok()) << ToString(plan.error());
  ASSERT_EQ(plan->rooms.size(), 2u);
  EXPECT_EQ(plan->rooms[0].name, "room 1");
  EXPECT_NE(plan->RoomAt({1, 1}), plan->RoomAt({5, 1}));
  EXPECT_GE(plan->RoomAt({1.025, 1.025}), 0);  // A leg is in its room.
  EXPECT_NEAR(SignedArea(plan->rooms[0].polygon) + SignedArea(plan->rooms[1].polygon),
              18 + 0.05 * 0.8, 1e-6);
}

TEST_F(MapHomeTest, ObeysItsSidecar) {
  Write("m.dustproof.yaml",
        "kind: map_overrides\nformat_version: 1\nname: Mine\nfloor: long_carpet\nwall_height_m: 2\n"
        "dock: {at: [-1.95, 0.5], yaw_deg: 0}\nstart: {at: [1, 1], yaw_deg: 45}\n");
  const Result<FloorPlan> plan = Load(BoxRoom());
  ASSERT_TRUE(plan.ok()) << ToString(plan.error());
  EXPECT_EQ(plan->name, "Mine");
  EXPECT_EQ(plan->X_WD.x, -1.95);
  EXPECT_NEAR(plan->X_WStart->yaw, std::numbers::pi / 4, 1e-12);
  EXPECT_EQ(plan->rooms[0].floor, FloorMaterial::kLongCarpet);
  EXPECT_EQ(plan->blocks[0].height_m, 2);
  Write("m.dustproof.yaml",
        "kind: map_overrides\nformat_version: 1\ndock: {at: [-1.95, 0.5], yaw_deg: 180}\n");
  EXPECT_EQ(Problems(BoxRoom()),
            "m.dustproof.yaml:3:7: dock.at: is outside every room, at (-2.03, 0.5)\n");
}

TEST_F(MapHomeTest, RefusesWhatIsNoHome) {
  EXPECT_EQ(Problems(Picture(80, 60, kUnknown)),
            "m.yaml:1:8: image: the map is empty: it has no free cell; check mode, negate and the "
            "thresholds\n");
  Picture noise(400, 300, kFree);
  RandomStream random(1);
  for (int& cell : noise.cells) cell = random.Chance(0.1) ? kOccupied : kFree;
  EXPECT_NE(Problems(noise).find("image: looks like noise: "), std::string::npos)
      << Problems(noise);
  Picture dense(200, 150, kFree);
  for (int& cell : dense.cells) cell = random.Chance(0.45) ? kOccupied : kFree;
  EXPECT_NE(Problems(dense).find(
                "image: has no connected free floor of 1 m² for a robot of radius 0.17 m"),
            std::string::npos)
      << Problems(dense);
}

TEST_F(MapHomeTest, SaysWhatIsWrongWithItsFiles) {
  Write("m.yaml", "image: no.pgm\nresolution: 0\norigin: [0, 0]\nnegate: maybe\nmode: trinray\n");
  EXPECT_EQ(ToString(LoadHome(folder_ + "m.yaml").error()),
            folder_ + "m.yaml:2:13: resolution: must be at least 0.005, got 0\n" +             //
                folder_ + "m.yaml:3:9: origin: must be a list of 3 numbers, got 2 values\n" +  //
                folder_ + "m.yaml:4:9: negate: must be 0 or 1, got 'maybe'\n" +                //
                folder_ +
                "m.yaml:5:7: mode: must be one of trinary, scale, raw, got 'trinray'; did you mean "
                "'trinary'?\n");
  Write("m.yaml", "image: no.pgm\nresolution: 0.05\norigin: [0, 0, 0]\n");
  EXPECT_EQ(ToString(LoadHome(folder_ + "m.yaml").error()),
            folder_ + "m.yaml:1:8: image: no.pgm: no such file; check the path\n");
}

TEST_F(MapHomeTest, ReadsEveryMode) {
  // Negated: dark is free. Raw: 0 is free, 100 occupied, 255 unknown.
  for (const auto& [keys, occupied, free] :
       {std::tuple{"negate: 1\nmode: trinary\n", 254, 0}, std::tuple{"mode: raw\n", 100, 0},
        std::tuple{"mode: scale\nnegate: false\n", 0, 254}}) {
    Picture picture(80, 60, occupied);
    picture.Fill(1, 1, 78, 58, free);
    Write("m.pgm", picture.ToPgm());
    Write("m.yaml", std::string("image: m.pgm\nresolution: 0.05\norigin: [0, 0, 0]\n") + keys);
    const Result<FloorPlan> plan = LoadHome(folder_ + "m.yaml");
    ASSERT_TRUE(plan.ok()) << keys << ToString(plan.error());
    EXPECT_EQ(plan->blocks.size(), 4u) << keys;
  }
}

TEST(SharedMapsTest, AllLoadAndAreClosed) {
  const std::string root = DUSTPROOF_SOURCE_DIR "/../shared/data/homes";
  if (!std::filesystem::exists(root)) GTEST_SKIP() << "no " << root << " here";
  std::vector<std::string> paths;
  for (const std::string& folder : {root, root + "/virtualhome"}) {
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      if (entry.path().extension() == ".yaml") paths.push_back(entry.path().string());
    }
  }
  std::sort(paths.begin(), paths.end());
  EXPECT_GE(paths.size(), 19u);
  for (const std::string& path : paths) {
    const Result<FloorPlan> plan = LoadHome(path);
    ASSERT_TRUE(plan.ok()) << ToString(plan.error());
    const Reach reach = ReachableFloor(*plan);
    EXPECT_GT(reach.area_m2, 5) << path;
    EXPECT_FALSE(reach.leaves_at) << path;
    EXPECT_GE(plan->rooms.size(), 1u) << path;
  }
}

}  // namespace
}  // namespace dustproof
