#include "hil/run/compare_recordings.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "hil/capture/recording_writer.h"
#include "tests/hil/capture/sample_messages.h"

namespace dustproof {
namespace {

// A recording of `count` poses, the last of which may be off by one unit in the last place.
std::string Record(const std::string& name, int count, bool nudge_last = false) {
  const std::string path = testing::TempDir() + "/" + name;
  std::filesystem::remove(path);
  auto writer = RecordingWriter::Create(path, {});
  EXPECT_TRUE(writer);
  for (int i = 0; i < count; ++i) {
    PoseSample pose;
    pose.time = SimTime::Zero() + SimDuration::Seconds(i);
    pose.frame = "W";
    pose.pose.x = 0.1 * i;
    if (nudge_last && i + 1 == count) pose.pose.x = std::nextafter(pose.pose.x, 1e9);
    (*writer)->Write(pose);
  }
  EXPECT_TRUE((*writer)->Close());
  return path;
}

// A recording of what `write` says, then a result.
template <typename WriteMessages>
std::string RecordMessages(const std::string& name, WriteMessages write,
                           const std::string& hash = "0123456789abcdef") {
  const std::string path = testing::TempDir() + "/" + name;
  std::filesystem::remove(path);
  auto writer = RecordingWriter::Create(path, {});
  EXPECT_TRUE(writer);
  write(**writer);
  (*writer)->WriteMetadata("result", {{"hash", hash}, {"end", "duration"}});
  EXPECT_TRUE((*writer)->Close());
  return path;
}

RecordingComparison MustCompare(const std::string& first, const std::string& second,
                                size_t neighbours = 3) {
  auto comparison = CompareRecordings(first, second, {.neighbours = neighbours});
  EXPECT_TRUE(comparison.ok());
  return *comparison;
}

TEST(CompareRecordingsTest, FindsNothingBetweenEqualOnes) {
  const auto comparison = MustCompare(Record("a.mcap", 5), Record("b.mcap", 5));
  EXPECT_TRUE(comparison.same());
  EXPECT_EQ(comparison.message_count, 5u);
}

TEST(CompareRecordingsTest, NamesTheFirstMessageAndFieldThatDifferByOneBit) {
  const auto comparison = MustCompare(Record("a.mcap", 5), Record("b.mcap", 5, true));
  EXPECT_FALSE(comparison.same());
  ASSERT_TRUE(comparison.message);
  EXPECT_EQ(comparison.message->index, 5u);
  EXPECT_EQ(comparison.message->time, SimTime::Zero() + SimDuration::Seconds(4));
  EXPECT_EQ(comparison.message->topic, "/robot/pose_true");
  ASSERT_EQ(comparison.message->fields.size(), 1u);
  const FieldDifference& field = comparison.message->fields[0];
  EXPECT_EQ(field.field, "x");
  EXPECT_EQ(field.first, "0.40000000000000002");
  EXPECT_EQ(field.second, "0.40000000000000008");
  EXPECT_FALSE(field.byte);
}

TEST(CompareRecordingsTest, SaysWhichOneEndsFirstAndWhatTheOtherGoesOnWith) {
  const auto comparison = MustCompare(Record("a.mcap", 3), Record("b.mcap", 9), 2);
  ASSERT_TRUE(comparison.message);
  EXPECT_EQ(comparison.message->index, 4u);
  EXPECT_EQ(comparison.message->first, "nothing more");
  EXPECT_EQ(comparison.message->before.size(), 2u);
  EXPECT_TRUE(comparison.message->first_after.empty());
  ASSERT_EQ(comparison.message->second_after.size(), 2u);
  EXPECT_EQ(comparison.message->second_after[1].substr(0, 10), "5.000000 s");
}

TEST(CompareRecordingsTest, PointsAtTheFirstByteOfAPayloadThatDiffers) {
  const auto record = [](const std::string& name, const std::string& payload) {
    return RecordMessages(name, [&](RecordingWriter& writer) {
      writer.Write(RunEvent{SimTime::Zero(), "network", "joined", ""});
      writer.Write(test::SampleEmission(2, payload));
      writer.Write(RunEvent{test::At(3), "network", "left", ""});
    });
  };
  const auto comparison = MustCompare(record("a.mcap", "state=cleaning;battery=81;area=12.5"),
                                      record("b.mcap", "state=cleaning;battery=84;area=12.5"));
  ASSERT_TRUE(comparison.message);
  const MessageDifference& d = *comparison.message;
  ASSERT_EQ(d.before.size(), 1u);
  EXPECT_NE(d.before[0].find("network: joined"), std::string::npos);
  ASSERT_EQ(d.first_after.size(), 1u);
  EXPECT_NE(d.first_after[0].find("network: left"), std::string::npos);
  ASSERT_EQ(d.fields.size(), 1u);
  EXPECT_EQ(d.fields[0].field, "payload");
  EXPECT_EQ(d.fields[0].byte, 24u);
  // The byte stands in the second row of sixteen: '1' is 0x31, '4' is 0x34.
  EXPECT_NE(d.fields[0].first_around.find("      16  61 74 74 65 72 79 3d 38>31 3b"),
            std::string::npos)
      << d.fields[0].first_around;
  EXPECT_NE(d.fields[0].second_around.find(">34 3b 61 72 65 61 3d 31  attery=84;area=1"),
            std::string::npos)
      << d.fields[0].second_around;
}

TEST(CompareRecordingsTest, MessagesOfDifferentKindsAreToldAsTheyAre) {
  const auto a = RecordMessages("a.mcap", [](RecordingWriter& w) {
    w.Write(LogLine{test::At(1), 30, "slam", "lost \x1b[31m"});
  });
  const auto b = RecordMessages("b.mcap", [](RecordingWriter& w) {
    w.Write(DriveSample{test::At(1), 0.25, 0.5});
  });
  const auto comparison = MustCompare(a, b);
  ASSERT_TRUE(comparison.message);
  EXPECT_TRUE(comparison.message->fields.empty());
  EXPECT_EQ(comparison.message->first, "1.000000 s  /firmware/log  slam warn: lost .[31m");
  EXPECT_EQ(comparison.message->second,
            "1.000000 s  /robot/drive  left 0.250000 m/s, right 0.500000 m/s");
}

TEST(CompareRecordingsTest, AnotherStateHashIsADifferenceAlsoBetweenEqualMessages) {
  const auto nothing = [](RecordingWriter&) {};
  const auto comparison = MustCompare(RecordMessages("a.mcap", nothing),
                                      RecordMessages("b.mcap", nothing, "fedcba9876543210"));
  EXPECT_FALSE(comparison.message);
  EXPECT_FALSE(comparison.same());
  ASSERT_EQ(comparison.facts.size(), 1u);
  EXPECT_EQ(comparison.facts[0].name, "result.hash");
}

TEST(CompareRecordingsTest, EveryKindOfMessageIsTakenApart) {
  const auto all = [](RecordingWriter& w) { test::WriteSampleMessages(w); };
  const auto comparison =
      MustCompare(RecordMessages("a.mcap", all), RecordMessages("b.mcap", all), 99);
  EXPECT_TRUE(comparison.same());
  EXPECT_EQ(comparison.message_count, 11u);
}

TEST(CompareVerdictsTest, TellsRowsThatDifferAndRowsThatOneSideLacks) {
  AuditReport first, second;
  VerdictRow row{.emitter = "robot",
                 .category = "home_map",
                 .party = "vendor_cloud_cn",
                 .purpose = "",
                 .phase = "denied",
                 .clause = "",
                 .rule = "",
                 .consent = "",
                 .reason = "nothing was found",
                 .evidence = {},
                 .withheld = {}};
  row.verdict = Verdict::kPass;
  first.verdicts.push_back(row);
  row.verdict = Verdict::kFail;
  row.reason = "a map was found";
  second.verdicts.push_back(row);
  row.category = "wifi_password";
  second.verdicts.push_back(row);
  first.usefulness = second.usefulness = {{"docked", Verdict::kPass, ""}};
  const auto differences = CompareVerdicts(first, second);
  ASSERT_EQ(differences.size(), 2u);
  EXPECT_EQ(differences[0].what, "robot: home_map to vendor_cloud_cn, denied, strict");
  EXPECT_EQ(differences[0].first, "pass");
  EXPECT_EQ(differences[0].second, "fail");
  EXPECT_EQ(differences[0].second_reason, "a map was found");
  EXPECT_EQ(differences[1].first, "absent");
}

}  // namespace
}  // namespace dustproof
