#include "sim/config/number.h"

#include <gtest/gtest.h>

namespace dustproof {
namespace {

TEST(ParseDurationTest, TakesUnitsFromLargeToSmall) {
  EXPECT_EQ(ParseDuration("200ms"), SimDuration::Milliseconds(200));
  EXPECT_EQ(ParseDuration("20min"), SimDuration::Seconds(1200));
  EXPECT_EQ(ParseDuration("1h30min"), SimDuration::Seconds(5400));
  EXPECT_EQ(ParseDuration("1.5s"), SimDuration::Milliseconds(1500));
  EXPECT_EQ(ParseDuration("2d1ns"), SimDuration::Nanoseconds(172'800'000'000'001));
  EXPECT_EQ(ParseDuration("0s"), SimDuration());
}

TEST(ParseDurationTest, RefusesAnythingElse) {
  for (const char* text : {"", "5", "s", "5 s", "-5s", "5sec", "1min1h", "1s1s", ".5s", "5.s",
                           "0.1ns", "300000d", "99999999999999999999999s", "1e3s", "5s "}) {
    EXPECT_FALSE(ParseDuration(text)) << text;
  }
}

TEST(FormatDurationTest, ReadsBack) {
  for (const char* text : {"0s", "1h30min", "200ms", "1d1ns"})
    EXPECT_EQ(FormatDuration(*ParseDuration(text)), text);
  EXPECT_EQ(FormatDuration(*ParseDuration("90min")), "1h30min");
}

TEST(FormatNumberTest, IsShortestAndExact) {
  EXPECT_EQ(FormatNumber(0.1), "0.1");
  EXPECT_EQ(FormatNumber(12), "12");
  EXPECT_EQ(ParseNumber(FormatNumber(1.0 / 3)), 1.0 / 3);
}

}  // namespace
}  // namespace dustproof
