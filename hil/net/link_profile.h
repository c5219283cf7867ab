#pragma once

#include "sim/core/random.h"
#include "sim/core/time.h"

namespace dustproof {

/// How a stretch of the way between two hosts behaves, the same in both directions.
struct LinkProfile {
  SimDuration latency = SimDuration::Milliseconds(2);  ///< One way.
  SimDuration jitter = SimDuration::Milliseconds(
      1);                      ///< Standard deviation, added to the latency, never below zero.
  double bytes_per_s = 2.5e6;  ///< Finite, > 0.
  double loss = 0;             ///< Probability that a packet is lost, in [0, 1).

  /// This stretch, then `next`.
  LinkProfile Then(const LinkProfile& next) const;
  /// How long a packet is under way. Draws from `random` only where there is jitter.
  SimDuration DrawDelay(RandomStream& random) const;
  SimDuration TransmissionTime(size_t bytes) const;
};

}  // namespace dustproof
