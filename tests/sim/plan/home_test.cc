#include <gtest/gtest.h>

#include <string>

#include "sim/core/random.h"
#include "sim/plan/load_home.h"
#include "sim/plan/validate.h"

namespace dustproof {
namespace {

// Two rooms, 3 m × 3 m each, joined by a doorway at (3, 1.5).
std::string Home(const std::string& rest = "",
                 const std::string& dock = "{at: [1, 0.05], yaw_deg: 90}") {
  return "kind: home\n"
         "format_version: 1\n"
         "name: test\n"
         "rooms:\n"
         "  - {name: left, polygon: [[0, 0], [3, 0], [3, 3], [0, 3]]}\n"
         "  - {name: right, floor: short_carpet, polygon: [[3, 3], [6, 3], [6, 0], [3, 0]]}\n"
         "walls:\n"
         "  - line: [[0, 0], [6, 0], [6, 3], [0, 3], [0, 0]]\n"
         "  - {line: [[3, 0], [3, 3]], thickness_m: 0.15}\n"
         "doorways:\n"
         "  - {at: [3, 1.5], width_m: 0.8}\n"
         "dock: " +
         dock + "\n" + rest;
}

std::string Problems(const std::string& text) {
  const Result<FloorPlan> plan = ParseHome(text, "h.yaml");
  return plan.ok() ? "none" : ToString(plan.error());
}

std::string Replace(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(ParseHomeTest, ReadsRoomsWallsAndFurniture) {
  const Result<FloorPlan> plan = ParseHome(
      Home("furniture:\n"
           "  - {name: sofa, at: [5, 2.5], yaw_deg: 90, size: [0.8, 1.8, 0.7], bottom_m: 0.05}\n"
           "  - {name: plant, shape: cylinder, at: [0.5, 2.5], radius_m: 0.2, height_m: 1}\n"
           "start: {at: [4, 1], yaw_deg: 180}\n"),
      "h.yaml");
  ASSERT_TRUE(plan.ok()) << ToString(plan.error());
  EXPECT_EQ(plan->rooms.size(), 2u);
  EXPECT_GT(SignedArea(plan->rooms[1].polygon), 0);  // Given clockwise.
  EXPECT_EQ(plan->rooms[1].floor, FloorMaterial::kShortCarpet);
  EXPECT_EQ(plan->walls.size(), 5u);
  EXPECT_EQ(plan->walls[4].thickness_m, 0.15);
  EXPECT_EQ(plan->walls[0].height_m, 2.5);
  EXPECT_EQ(plan->furniture[0].length_m, 0.8);
  EXPECT_EQ(plan->furniture[1].length_m, 0.4);
  EXPECT_EQ(plan->RoomAt({1, 1}), 0);
  EXPECT_EQ(plan->RoomAt({5, 1}), 1);
  EXPECT_EQ(plan->RoomAt({7, 1}), -1);
  // The dock points up (+y): its face is 8 cm in, then 2 mm and the radius.
  EXPECT_NEAR(DockedPose(plan->X_WD, 0.17).y, 0.05 + 0.08 + 0.002 + 0.17, 1e-12);
  EXPECT_NEAR(DockedPose(plan->X_WD, 0.17).yaw, -std::numbers::pi / 2, 1e-12);
  EXPECT_NEAR(StartPose(*plan, 0.17).x, 4, 1e-12);
}

TEST(ParseHomeTest, RefusesAStartInsideSomething) {
  EXPECT_EQ(Problems(Home("start: {at: [3, 0.5]}\n")),
            "h.yaml:13:8: start.at: the robot would stand in a wall, at (3, 0.5); it needs 0.17 m "
            "on every side\n");
  EXPECT_EQ(
      Problems(Home(
          "furniture: [{name: sofa, at: [5, 2], size: [1, 1, 1]}]\nstart: {at: [5.5, 2.5]}\n")),
      "h.yaml:14:8: start.at: the robot would stand in 'sofa', at (5.5, 2.5); it needs 0.17 m on "
      "every side\n");
  EXPECT_EQ(Problems(Home("start: {at: [9, 9]}\n")),
            "h.yaml:13:8: start.at: is outside every room, at (9, 9)\n");
}

TEST(ParseHomeTest, RefusesADockThatCannotBeUsed) {
  EXPECT_EQ(Problems(Replace(Home("start: {at: [5, 1]}\n"), "width_m: 0.8", "width_m: 0.3")),
            "h.yaml:12:7: dock.at: can't be reached from the start by a robot of radius 0.17 m; "
            "widen a doorway or "
            "move the dock\n");
  EXPECT_EQ(Problems(Home("furniture: [{name: sofa, at: [1, 0.6], size: [1, 0.6, 1]}]\n")),
            "h.yaml:12:7: dock.at: a docked robot would stand in 'sofa', at (1, 0.3); leave 0.34 m "
            "free in front of the "
            "dock\n");
  EXPECT_EQ(Problems(Home("", "{at: [1, 0.05], yaw_deg: -90}")),
            "h.yaml:12:7: dock.at: is outside every room, at (1, -0.03)\n");
}

TEST(ParseHomeTest, RefusesRoomsThatMakeNoSense) {
  EXPECT_EQ(
      Problems(
          Replace(Home(), "[[0, 0], [3, 0], [3, 3], [0, 3]]", "[[0, 0], [4, 0], [4, 3], [0, 3]]")),
      "h.yaml:6:5: rooms[1].polygon: overlaps room 'left' by 3 m²; rooms may share edges only\n");
  EXPECT_EQ(Problems(Replace(Home(), "[[0, 0], [3, 0], [3, 3], [0, 3]]",
                             "[[0, 0], [3, 3], [3, 0], [0, 3]]")),
            "h.yaml:5:5: rooms[0].polygon: crosses itself or repeats a corner; list the corners in "
            "order, once round\n");
  EXPECT_EQ(Problems(Replace(Home(), "name: right", "name: left")),
            "h.yaml:6:5: rooms[1].name: another room is called 'left' too; names must differ\n");
  EXPECT_EQ(Problems(Replace(Home(), "[[0, 0], [3, 0], [3, 3], [0, 3]]", "[[0, 0], [3, 0]]")),
            "h.yaml:5:27: rooms[0].polygon: must have at least 3 items, got 2\n");
}

TEST(ParseHomeTest, RefusesDoorwaysOffTheWall) {
  EXPECT_EQ(Problems(Replace(Home(), "at: [3, 1.5]", "at: [2, 1.5]")),
            "h.yaml:11:5: doorways[0].at: is on no wall, got (2, 1.5); the nearest point of a wall "
            "is (3, 1.5)\n");
  EXPECT_EQ(Problems(Replace(Home(), "width_m: 0.8", "width_m: 3.2")),
            "h.yaml:11:5: doorways[0].width_m: reaches past the end of its wall, which runs from "
            "(3, 0) to (3, 3); move "
            "the doorway or make it narrower\n");
}

TEST(ParseHomeTest, RefusesAHoleInTheOuterWall) {
  const std::string problems = Problems(Replace(Home(), ", [0, 3], [0, 0]]", ", [0, 3]]"));
  EXPECT_EQ(problems.substr(0, 66),
            "h.yaml:8:3: walls: have a hole: the robot can leave the home and d")
      << problems;
}

TEST(ParseHomeTest, RefusesFurnitureWithoutSize) {
  EXPECT_EQ(
      Problems(
          Home("furniture:\n  - {name: a, at: [1, 2]}\n  - {name: b, shape: cylinder, at: [1, 2]}\n"
               "  - {name: c, at: [1, 2], size: [1, 0, 1]}\n")),
      "h.yaml:14:5: furniture[0].size: is required: [length, width, height] in metres\n"
      "h.yaml:15:5: furniture[1].radius_m: is required of a cylinder\n"
      "h.yaml:15:5: furniture[1].height_m: is required of a cylinder\n"
      "h.yaml:16:37: furniture[2].size[1]: must exceed 0, got 0\n");
}

TEST(ParseHomeTest, RefusesLengthsInMillimetres) {
  EXPECT_EQ(
      Problems(Replace(Home(), "[6, 3], [0, 3]", "[6000, 3], [0, 3]")).find("h.yaml:1:1: is 6000"),
      0u);
}

// Random edits of a good home: whatever comes out, it is a result and comes soon.
TEST(ParseHomeTest, SurvivesDamage) {
  const std::string good =
      Home("furniture: [{name: sofa, at: [5, 2], size: [1, 1, 1]}]\nstart: {at: [5, 1]}\n");
  const std::string alphabet = "0123456789.-e[],:{} \n";
  RandomStream random(11);
  int valid = 0;
  for (int i = 0; i < 1500; ++i) {
    std::string text = good;
    for (uint64_t edits = 1 + random.Below(3); edits > 0; --edits) {
      text[random.Below(text.size())] = alphabet[random.Below(alphabet.size())];
    }
    valid += ParseHome(text, "h.yaml").ok();
  }
  EXPECT_GT(valid, 20);
  EXPECT_LT(valid, 1000);
}

TEST(HomeSchemaTest, NamesEveryPart) {
  const std::string text = ToText(HomeSchema());
  for (const char* key : {"rooms:", "walls:", "doorways:", "furniture:", "dock:", "start:"}) {
    EXPECT_NE(text.find(key), std::string::npos) << key;
  }
}

}  // namespace
}  // namespace dustproof
