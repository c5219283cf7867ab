#include "hil/run/compare_recordings.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "hil/capture/recording_writer.h"

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

TEST(CompareRecordingsTest, FindsNothingBetweenEqualOnes) {
  const auto difference = CompareRecordings(Record("a.mcap", 5), Record("b.mcap", 5));
  ASSERT_TRUE(difference);
  EXPECT_FALSE(difference->has_value());
}

TEST(CompareRecordingsTest, NamesTheFirstMessageThatDiffersByOneBit) {
  const auto difference = CompareRecordings(Record("a.mcap", 5), Record("b.mcap", 5, true));
  ASSERT_TRUE(difference && difference->has_value());
  EXPECT_EQ((*difference)->index, 5u);
  EXPECT_EQ((*difference)->time_s, 4.0);
}

TEST(CompareRecordingsTest, SaysWhichOneEndsFirst) {
  const auto difference = CompareRecordings(Record("a.mcap", 3), Record("b.mcap", 5));
  ASSERT_TRUE(difference && difference->has_value());
  EXPECT_EQ((*difference)->index, 4u);
  EXPECT_EQ((*difference)->first, "nothing more");
}

}  // namespace
}  // namespace dustproof
