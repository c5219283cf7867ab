#include "hil/live/pacer.h"

#include <time.h>

#include <algorithm>
#include <utility>

namespace dustproof {

int64_t Pacer::MonotonicNanoseconds() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

Pacer::Pacer(EventQueue& queue, Clock clock, SimDuration tolerance)
    : queue_(queue),
      clock_(std::move(clock)),
      tolerance_(tolerance),
      begin_ns_(clock_()),
      begin_(queue.now()) {}

SimTime Pacer::Now() const {
  return std::max(queue_.now(), begin_ + SimDuration::Nanoseconds(clock_() - begin_ns_));
}

void Pacer::CatchUp() {
  const SimTime until = Now();
  while (queue_.next_time() <= until) {
    const SimDuration late = Now() - queue_.next_time();
    ++lateness_.events;
    if (late > tolerance_) ++lateness_.late_events;
    lateness_.worst = std::max(lateness_.worst, late);
    queue_.RunNext();
  }
  queue_.RunUntil(until);
}

std::optional<SimDuration> Pacer::TimeToNext() const {
  if (queue_.empty()) return std::nullopt;
  return std::max(SimDuration(), queue_.next_time() - Now());
}

}  // namespace dustproof
