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

Pacer::Pacer(EventQueue& queue, Options options)
    : queue_(queue),
      options_(std::move(options)),
      begin_ns_(options_.clock()),
      begin_(queue.now()) {}

SimTime Pacer::Now() const {
  return std::max(queue_.now(), begin_ + SimDuration::Nanoseconds(options_.clock() - begin_ns_));
}

bool Pacer::RunNext(SimTime until) {
  if (options_.advance) return options_.advance(until);
  if (queue_.next_time() > until) {
    queue_.RunUntil(until);
    return false;
  }
  queue_.RunNext();
  return true;
}

void Pacer::CatchUp(SimTime until) {
  until = std::min(until, Now());
  while (queue_.next_time() <= until) {
    const SimDuration late = Now() - queue_.next_time();
    ++lateness_.events;
    if (late > options_.tolerance) ++lateness_.late_events;
    lateness_.worst = std::max(lateness_.worst, late);
    RunNext(until);
  }
  RunNext(until);
}

std::optional<SimDuration> Pacer::TimeToNext() const {
  if (queue_.empty()) return std::nullopt;
  return std::max(SimDuration(), queue_.next_time() - Now());
}

}  // namespace dustproof
