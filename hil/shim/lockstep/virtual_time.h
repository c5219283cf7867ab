#pragma once

#include <cstdint>
#include <memory>

#include "sim/core/event_queue.h"
#include "sim/core/random.h"
#include "sim/core/result.h"

namespace dustproof {

/// While one exists, every clock and source of chance that a library of this process asks is
/// virtual: `time`, `gettimeofday`, `clock_gettime`, `clock`, `times`; `getrandom`, `getentropy`,
/// `arc4random`, `rand`, `random`, `std::random_device`, /dev/urandom. Calls from firmware that
/// would leave the simulation (threads, sleeps, real sockets, other programs, exit) end the run
/// with a diagnosis whether or not one exists.
///
/// Calendar time is `start` plus simulated time. The monotonic clock shows simulated time plus a
/// second, since some libraries take 0 for "not set". Clocks of CPU time are virtual for firmware
/// and real for the harness. To measure real time during a run, use the functions below:
/// std::chrono's clocks are virtual too.
class VirtualTime {
 public:
  /// `queue` is borrowed for the object's life. Fails where the executable was not linked by
  /// `dustproof_link_host`, so that calls of libraries would miss us. At most one at a time.
  [[nodiscard]] static Result<std::unique_ptr<VirtualTime>> Install(const EventQueue& queue,
                                                                    WallTime start,
                                                                    const Seed& seed);
  ~VirtualTime();
  VirtualTime(const VirtualTime&) = delete;
  VirtualTime& operator=(const VirtualTime&) = delete;

 private:
  VirtualTime() = default;
};

/// From here on the machine's calendar clock shows the date `unix_s` and goes on from there, for
/// all of this process that asks the C library: where virtual time is not installed, that is. No
/// run may depend on that clock; this is for proving it. 0 shows the true date.
void PretendDate(int64_t unix_s);

/// Real monotonic time and real CPU time of this thread: for measuring speed, never for deciding
/// anything.
int64_t RealMonotonicNanoseconds();
int64_t RealThreadCpuNanoseconds();

}  // namespace dustproof
