#pragma once

#include <algorithm>
#include <cstdint>

#include "robots/vacuum/firmware/platform.h"

namespace vacuum {

/// How long to wait before the next attempt: 1 s, doubling to 60 s, each spread over its upper half
/// by chance so that robots don't all come back at once after an outage.
class BackOff {
 public:
  explicit BackOff(const dp_random_v1& random) : random_(random) {}

  uint64_t NextUs() {
    uint32_t chance = 0;
    random_.fill(&chance, sizeof(chance));
    const uint64_t longest_us = wait_us_;
    wait_us_ = std::min(2 * wait_us_, kLongestUs);
    return longest_us / 2 + longest_us / 2 * (chance >> 16) / 65536;
  }
  void Reset() { wait_us_ = kShortestUs; }

 private:
  static constexpr uint64_t kShortestUs = Seconds(1);
  static constexpr uint64_t kLongestUs = Seconds(60);

  const dp_random_v1& random_;
  uint64_t wait_us_ = kShortestUs;
};

}  // namespace vacuum
