#include "hil/live/pacer.h"

#include <gtest/gtest.h>

#include <vector>

namespace dustproof {
namespace {

class PacerTest : public testing::Test {
 protected:
  void ScheduleAt(int64_t ms) {
    queue_.Schedule(SimTime::Zero() + SimDuration::Milliseconds(ms), EventSource::kNetwork,
                    [this, ms] { ran_.push_back(ms); });
  }
  void SetClock(int64_t ms) { clock_ns_ = kStartNs + ms * 1'000'000; }

  static constexpr int64_t kStartNs = 5'000'000'000;  // Clocks begin anywhere.
  int64_t clock_ns_ = kStartNs;
  EventQueue queue_;
  std::vector<int64_t> ran_;
};

TEST_F(PacerTest, RunsWhatIsDueAndSetsTheTime) {
  Pacer pacer(queue_, {.clock = [this] { return clock_ns_; }});
  ScheduleAt(10);
  ScheduleAt(30);
  SetClock(20);
  EXPECT_EQ(pacer.TimeToNext(), SimDuration());
  pacer.CatchUp();
  EXPECT_EQ(ran_, (std::vector<int64_t>{10}));
  EXPECT_EQ(queue_.now(), SimTime::Zero() + SimDuration::Milliseconds(20));
  EXPECT_EQ(pacer.TimeToNext(), SimDuration::Milliseconds(10));
}

TEST_F(PacerTest, StandsStillBetweenTwoCalls) {
  Pacer pacer(queue_, {.clock = [this] { return clock_ns_; }});
  ScheduleAt(10);
  SetClock(50);
  EXPECT_EQ(queue_.now(), SimTime::Zero());
  EXPECT_TRUE(ran_.empty());
}

TEST_F(PacerTest, CountsWhatIsLaterThanTheTolerance) {
  Pacer pacer(queue_, {.clock = [this] { return clock_ns_; }});
  ScheduleAt(10);
  ScheduleAt(12);
  ScheduleAt(13);
  SetClock(13);
  pacer.CatchUp();
  EXPECT_EQ(pacer.lateness().events, 3u);
  EXPECT_EQ(pacer.lateness().late_events, 1u);
  EXPECT_EQ(pacer.lateness().worst, SimDuration::Milliseconds(3));
}

TEST_F(PacerTest, GoesNoFurtherThanItIsTold) {
  Pacer pacer(queue_, {.clock = [this] { return clock_ns_; }});
  ScheduleAt(10);
  ScheduleAt(30);
  SetClock(50);
  pacer.CatchUp(SimTime::Zero() + SimDuration::Milliseconds(20));
  EXPECT_EQ(ran_, (std::vector<int64_t>{10}));
  EXPECT_EQ(queue_.now(), SimTime::Zero() + SimDuration::Milliseconds(20));
}

TEST_F(PacerTest, AQueueWithoutEventsHasNoNext) {
  Pacer pacer(queue_, {.clock = [this] { return clock_ns_; }});
  EXPECT_EQ(pacer.TimeToNext(), std::nullopt);
}

TEST_F(PacerTest, GoesOnFromTheQueuesTime) {
  queue_.RunUntil(SimTime::Zero() + SimDuration::Milliseconds(100));
  Pacer pacer(queue_, {.clock = [this] { return clock_ns_; }});
  ScheduleAt(105);
  SetClock(4);
  pacer.CatchUp();
  EXPECT_TRUE(ran_.empty());
  SetClock(5);
  pacer.CatchUp();
  EXPECT_EQ(ran_, (std::vector<int64_t>{105}));
}

}  // namespace
}  // namespace dustproof
