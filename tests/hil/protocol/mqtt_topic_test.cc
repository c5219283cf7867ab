#include "hil/protocol/mqtt_topic.h"

#include <gtest/gtest.h>

namespace dustproof::mqtt {
namespace {

TEST(MqttTopicTest, TakesWildcardsOnlyWhereTheyBelong) {
  for (const char* filter : {"a", "/", "a/b", "#", "+", "a/#", "+/b/#", "/+", "a/+/c", "$SYS/#"}) {
    EXPECT_TRUE(IsValidTopicFilter(filter)) << filter;
  }
  for (const char* filter : {"", "a#", "a/#/b", "#/a", "a+", "+a/b", "a/b+", "##", "a/#b"}) {
    EXPECT_FALSE(IsValidTopicFilter(filter)) << filter;
  }
  EXPECT_TRUE(IsValidTopicName("a//b"));
  EXPECT_FALSE(IsValidTopicName(""));
  EXPECT_FALSE(IsValidTopicName("a/+"));
  EXPECT_FALSE(IsValidTopicName("#"));
}

TEST(MqttTopicTest, MatchesLevelByLevel) {
  struct Case {
    const char* filter;
    const char* topic;
    bool matches;
  };
  for (const Case& c : {Case{"home/hall", "home/hall", true},
                        {"home/hall", "home/Hall", false},
                        {"home/hall", "home/hall/", false},
                        {"home/hall", "/home/hall", false},
                        {"home/#", "home", true},
                        {"home/#", "home/", true},
                        {"home/#", "home/hall/lamp", true},
                        {"home/#", "homes", false},
                        {"#", "anything/at/all", true},
                        {"#", "/", true},
                        {"+", "home", true},
                        {"+", "/home", false},
                        {"+/+", "/home", true},
                        {"/+", "/home", true},
                        {"home/+", "home", false},
                        {"home/+", "home/", true},
                        {"home/+", "home/hall/lamp", false},
                        {"home/+/lamp", "home/hall/lamp", true},
                        {"home/+/#", "home", false},
                        {"home/+/#", "home/hall", true},
                        {"#", "$SYS/load", false},
                        {"+/load", "$SYS/load", false},
                        {"$SYS/#", "$SYS/load", true},
                        {"$SYS/+", "$SYS/load", true}}) {
    EXPECT_EQ(TopicMatches(c.filter, c.topic), c.matches) << c.filter << " on " << c.topic;
  }
}

}  // namespace
}  // namespace dustproof::mqtt
