#include "hil/net/link_profile.h"

#include <algorithm>
#include <cmath>

namespace dustproof {

LinkProfile LinkProfile::Then(const LinkProfile& next) const {
  return {.latency = latency + next.latency,
          .jitter = SimDuration::FromSeconds(std::sqrt(
              jitter.seconds() * jitter.seconds() + next.jitter.seconds() * next.jitter.seconds())),
          .bytes_per_s = std::min(bytes_per_s, next.bytes_per_s),
          .loss = 1 - (1 - loss) * (1 - next.loss)};
}

SimDuration LinkProfile::DrawDelay(RandomStream& random) const {
  if (jitter == SimDuration()) return latency;
  return std::max(SimDuration(),
                  latency + SimDuration::FromSeconds(random.Normal() * jitter.seconds()));
}

SimDuration LinkProfile::TransmissionTime(size_t bytes) const {
  return SimDuration::FromSeconds(static_cast<double>(bytes) / bytes_per_s);
}

}  // namespace dustproof
