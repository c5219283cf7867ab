#include "sim/core/event_queue.h"

#include <gtest/gtest.h>

#include <string>

namespace dustproof {
namespace {

SimTime At(int ms) { return SimTime::Zero() + SimDuration::Milliseconds(ms); }

TEST(EventQueueTest, OrdersByTimeThenSourceThenSequence) {
  EventQueue queue;
  std::string order;
  queue.Schedule(At(2), EventSource::kEngine, [&] { order += 'e'; });
  queue.Schedule(At(1), EventSource::kCloud, [&] { order += 'c'; });
  queue.Schedule(At(1), EventSource::kSensor, [&] { order += 'a'; });
  queue.Schedule(At(1), EventSource::kSensor, [&] { order += 'b'; });
  queue.RunUntil(At(2));
  EXPECT_EQ(order, "abce");
  EXPECT_EQ(queue.now(), At(2));
}

TEST(EventQueueTest, ForgetsACancelledEvent) {
  EventQueue queue;
  int ran = 0;
  const EventId id = queue.Schedule(At(1), EventSource::kEngine, [&] { ++ran; });
  queue.Schedule(At(2), EventSource::kEngine, [&] { ran += 10; });
  queue.Cancel(id);
  queue.RunUntil(At(5));
  EXPECT_EQ(ran, 10);
}

TEST(EventQueueTest, RunsWhatAnEventSchedulesForTheSameInstant) {
  EventQueue queue;
  int ran = 0;
  queue.Schedule(At(1), EventSource::kEngine,
                 [&] { queue.ScheduleAfter({}, EventSource::kEngine, [&] { ++ran; }); });
  queue.RunUntil(At(1));
  EXPECT_EQ(ran, 1);
}

}  // namespace
}  // namespace dustproof
