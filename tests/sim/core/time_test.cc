#include "sim/core/time.h"

#include <gtest/gtest.h>

namespace dustproof {
namespace {

TEST(TimeTest, PrintsMilliseconds) {
  EXPECT_EQ(ToString(SimTime::FromNanoseconds(12'345'600'000)), "12.346 s");
  EXPECT_EQ(ToString(SimDuration::Milliseconds(-1500)), "-1.500 s");
}

// 951782400 is 2000-02-29T00:00:00Z, a leap day of a century year.
TEST(TimeTest, KnowsTheCalendar) {
  EXPECT_EQ(ToIso8601(WallTime::FromUnixSeconds(951782400)), "2000-02-29T00:00:00Z");
  EXPECT_EQ(ToIso8601(WallTime::FromUnixSeconds(0)), "1970-01-01T00:00:00Z");
}

}  // namespace
}  // namespace dustproof
