#include "sim/config/config.h"

#include <gtest/gtest.h>

#include <string>

namespace dustproof {
namespace {

enum class Surface { kHard, kCarpet };
constexpr Named<Surface> kSurfaces[] = {{"hard", Surface::kHard}, {"carpet", Surface::kCarpet}};

struct Lidar {
  double range_m_min = 0.12;
  double range_m_max = 12;
  int beam_count = 360;
  SimDuration warm_up = SimDuration::Seconds(2);
  void Describe(Fields& f) {
    f.Number("range_m_min", &range_m_min, {.doc = "Nearest.", .min = 0});
    f.Number("range_m_max", &range_m_max, {.doc = "Farthest."});
    f.Integer("beam_count", &beam_count, {.min = 1, .max = 4000});
    f.Duration("warm_up", &warm_up);
    f.Rule({"range_m_max", "range_m_min"}, range_m_max > range_m_min,
           "must exceed range_m_min (" + FormatNumber(range_m_min) + "), got " +
               FormatNumber(range_m_max));
  }
};

struct Room {
  std::string name;
  std::vector<std::array<double, 2>> polygon;
  Surface floor = Surface::kHard;
  SourceLocation where;
  void Describe(Fields& f) {
    f.Where(&where);
    f.Text("name", &name, {.required = true});
    f.Tuples("polygon", &polygon, {.required = true, .count_min = 3});
    f.Choice("floor", &floor, kSurfaces, {.doc = "What covers the floor."});
  }
};

struct Thing {
  static constexpr const char* kKind = "thing";
  static constexpr int kFormatVersion = 1;
  Lidar lidar;
  std::vector<Room> rooms;
  std::vector<std::pair<std::string, Room>> named;
  std::optional<double> wish;
  bool on = false;
  std::array<double, 3> pose{};
  std::vector<std::string> words;
  std::vector<double> steps = {0.5, 2};
  std::optional<Lidar> spare;
  void Describe(Fields& f) {
    f.Section("lidar", &lidar);
    f.Section("spare", &spare);
    f.Numbers("steps", &steps);
    f.List("rooms", &rooms);
    f.Dictionary("named", &named);
    f.Number("wish", &wish);
    f.Bool("on", &on);
    f.Tuple("pose", &pose);
    f.Texts("words", &words);
  }
};

constexpr char kHeader[] = "kind: thing\nformat_version: 1\n";

std::string Problems(const std::string& body) {
  const Result<Thing> thing = ParseConfig<Thing>(kHeader + body, "t.yaml");
  return thing.ok() ? "none" : ToString(thing.error());
}

TEST(ConfigTest, ReadsEveryType) {
  const Result<Thing> thing =
      ParseConfig<Thing>(std::string(kHeader) +
                             "lidar: {range_m_max: 8.5, beam_count: 450, warm_up: 1h30min}\n"
                             "rooms:\n"
                             "  - name: hall\n"
                             "    polygon: [[0, 0], [4, 0], [4, 3]]\n"
                             "    floor: carpet\n"
                             "named: {b: {name: x, polygon: [[0,0],[1,0],[1,1]]}}\n"
                             "wish: -1e-3\non: true\npose: [1, 2, +3]\nwords: [a, '7']\n",
                         "t.yaml");
  ASSERT_TRUE(thing.ok()) << ToString(thing.error());
  EXPECT_EQ(thing->lidar.range_m_max, 8.5);
  EXPECT_EQ(thing->lidar.range_m_min, 0.12);
  EXPECT_EQ(thing->lidar.beam_count, 450);
  EXPECT_EQ(thing->lidar.warm_up, SimDuration::Seconds(5400));
  ASSERT_EQ(thing->rooms.size(), 1u);
  EXPECT_EQ(thing->rooms[0].floor, Surface::kCarpet);
  EXPECT_EQ(thing->rooms[0].polygon[2][1], 3.0);
  EXPECT_EQ(thing->rooms[0].where.line, 5);
  EXPECT_EQ(thing->rooms[0].where.column, 5);
  EXPECT_EQ(thing->named.at(0).first, "b");
  EXPECT_EQ(thing->wish, -0.001);
  EXPECT_TRUE(thing->on);
  EXPECT_EQ(thing->pose[2], 3.0);
  EXPECT_EQ(thing->words, (std::vector<std::string>{"a", "7"}));
}

TEST(ConfigTest, ReportsEveryProblemInTheOrderOfTheFile) {
  EXPECT_EQ(Problems("lidar:\n"
                     "  range_m_max: 0.1\n"
                     "  beam_cuont: 3\n"
                     "rooms:\n"
                     "  - polygon: [[0, 0], [4, zero], [4]]\n"
                     "    floor: capret\n"
                     "on: yes\n"),
            "t.yaml:4:16: lidar.range_m_max: must exceed range_m_min (0.12), got 0.1\n"
            "t.yaml:5:3: lidar.beam_cuont: unknown key; did you mean 'beam_count'?\n"
            "t.yaml:7:5: rooms[0].name: is required\n"
            "t.yaml:7:27: rooms[0].polygon[1][1]: must be a number, got 'zero'\n"
            "t.yaml:7:34: rooms[0].polygon[2]: must be a list of 2 numbers, got 1 values\n"
            "t.yaml:8:12: rooms[0].floor: must be one of hard, carpet, got 'capret'; did you mean "
            "'carpet'?\n"
            "t.yaml:9:5: on: must be true or false, got 'yes'\n");
}

TEST(ConfigTest, SaysWhatIsWrongWithANumber) {
  EXPECT_EQ(Problems("wish: .nan\n"), "t.yaml:3:7: wish: must be a number, got '.nan'\n");
  EXPECT_EQ(Problems("wish: inf\n"), "t.yaml:3:7: wish: must be a finite number, got inf\n");
  EXPECT_EQ(Problems("wish: 1e999\n"), "t.yaml:3:7: wish: must be a number, got '1e999'\n");
  EXPECT_EQ(Problems("wish: '1'\n"),
            "t.yaml:3:7: wish: must be a number, got '1'; remove the quotes\n");
  EXPECT_EQ(Problems("wish: 1 m\n"), "t.yaml:3:7: wish: must be a number, got '1 m'\n");
  EXPECT_EQ(Problems("wish:\n"), "t.yaml:3:1: wish: has no value; give it one or remove the key\n");
  EXPECT_EQ(Problems("lidar: {range_m_min: -1}\n"),
            "t.yaml:3:22: lidar.range_m_min: must be at least 0, got -1\n");
  EXPECT_EQ(Problems("lidar: {beam_count: 1.5}\n"),
            "t.yaml:3:21: lidar.beam_count: must be a whole number, got '1.5'\n");
  EXPECT_EQ(Problems("lidar: {beam_count: 5000}\n"),
            "t.yaml:3:21: lidar.beam_count: must be at most 4000, got 5000\n");
  EXPECT_EQ(Problems("lidar: {warm_up: 5}\n"),
            "t.yaml:3:18: lidar.warm_up: must be a duration such as 200ms, 5s, 20min or 1h30min, "
            "got '5'\n");
}

TEST(ConfigTest, SaysWhatIsWrongWithAShape) {
  EXPECT_EQ(Problems("lidar: 5\n"),
            "t.yaml:3:8: lidar: must be a map of keys and values, got '5'\n");
  EXPECT_EQ(Problems("rooms: {a: 1}\n"), "t.yaml:3:8: rooms: must be a list, got a map\n");
  EXPECT_EQ(Problems("rooms: [7]\n"),
            "t.yaml:3:9: rooms[0]: must be a map of keys and values, got '7'\n");
  EXPECT_EQ(Problems("rooms: [{name: a, polygon: [[0, 0]]}]\n"),
            "t.yaml:3:28: rooms[0].polygon: must have at least 3 items, got 1\n");
  EXPECT_EQ(Problems("on: [true]\n"), "t.yaml:3:5: on: must be true or false, got a list\n");
}

TEST(ConfigTest, WantsKindAndVersionFirst) {
  EXPECT_EQ(ToString(ParseConfig<Thing>("kind: thnig\nformat_version: 1\n", "t.yaml").error()),
            "t.yaml:1:7: kind: must be one of thing, got 'thnig'; did you mean 'thing'?\n");
  EXPECT_EQ(ToString(ParseConfig<Thing>("on: true\n", "t.yaml").error()),
            "t.yaml:1:1: kind: is required\nt.yaml:1:1: format_version: is required\n");
  EXPECT_EQ(ToString(ParseConfig<Thing>("kind: thing\nformat_version: 2\n", "t.yaml").error()),
            "t.yaml:2:17: format_version: must be 1, got 2; this file is for a newer Dustproof\n");
}

TEST(ConfigTest, PrintsTheSchemaFromTheSameStruct) {
  const SchemaNode schema = DescribeConfig<Thing>();
  const std::string text = ToText(schema);
  EXPECT_NE(text.find("  range_m_min: number >= 0, default 0.12  # Nearest.\n"), std::string::npos)
      << text;
  EXPECT_NE(text.find("  warm_up: duration (200ms, 5s, 20min, 1h30min), default \"2s\"\n"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("rooms: list of map\n  name: text, required\n"), std::string::npos) << text;
  EXPECT_NE(text.find("  floor: hard | carpet, default \"hard\""), std::string::npos) << text;
  const std::string json = ToJsonSchema(schema, "thing");
  EXPECT_NE(json.find("\"additionalProperties\": false"), std::string::npos);
  EXPECT_NE(json.find("\"default\": 0.12"), std::string::npos);
}

TEST(ConfigTest, SaysInTheSchemaWhatAnAbsentListOrMapStandsFor) {
  const SchemaNode schema = DescribeConfig<Thing>();
  const std::string text = ToText(schema);
  EXPECT_NE(text.find("steps: list of number, default [0.5,2.0]\n"), std::string::npos) << text;
  EXPECT_NE(text.find("words: list of text\n"), std::string::npos) << text;
  for (const SchemaNode& field : schema.children)
    EXPECT_EQ(field.optional, field.key == "spare") << field.key;
}

struct Choosy {
  static constexpr const char* kKind = "choosy";
  static constexpr int kFormatVersion = 1;
  std::optional<Lidar> lidar;
  void Describe(Fields& f) {
    f.WordOrSection("lidar", "none", &lidar, {.doc = "If there is one."});
  }
};

TEST(ConfigTest, TakesAWordInThePlaceOfAMap) {
  const auto read = [](const char* body) {
    return ParseConfig<Choosy>(std::string("kind: choosy\nformat_version: 1\n") + body, "c.yaml");
  };
  EXPECT_FALSE(read("")->lidar.has_value());
  EXPECT_FALSE(read("lidar: none\n")->lidar.has_value());
  EXPECT_EQ(read("lidar: {beam_count: 7}\n")->lidar->beam_count, 7);
  EXPECT_EQ(ToString(read("lidar: non\n").error()),
            "c.yaml:3:8: lidar: must be none or a map of keys and values, got 'non'; did you mean "
            "'none'?\n");
  EXPECT_NE(ToString(read("lidar: {beams: 7}\n").error()).find("lidar.beams: unknown key"),
            std::string::npos);
  EXPECT_NE(ToString(read("lidar:\n").error()).find("lidar: has no value"), std::string::npos);
}

TEST(ConfigTest, ExplainsAWordInThePlaceOfAMap) {
  const SchemaNode schema = DescribeConfig<Choosy>();
  EXPECT_NE(ToText(schema).find("lidar: none | map, default \"none\"  # If there is one.\n"
                                "  range_m_min: number"),
            std::string::npos)
      << ToText(schema);
  const std::string json = ToJsonSchema(schema, "choosy");
  EXPECT_NE(json.find("\"oneOf\""), std::string::npos) << json;
  EXPECT_NE(json.find("\"enum\": [\n            \"none\""), std::string::npos) << json;
}

}  // namespace
}  // namespace dustproof
