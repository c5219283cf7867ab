#include "hil/run/real_time_run.h"

#include <algorithm>
#include <utility>

#include "hil/shim/lockstep/virtual_time.h"

namespace dustproof {

RealTimeRun::RealTimeRun(Engine& engine, RealTimeBoard& board, std::function<void()> between_waits, SimDuration wait_max)
    : engine_(engine),
      board_(board),
      between_waits_(std::move(between_waits)),
      wait_max_(wait_max),
      pacer_(engine.events(), {.clock = [&board] { return RealMonotonicNanoseconds() - board.paused_ns(); },
                               .advance = [&engine](SimTime until) { return engine.RunNextEvent(until); }}) {}

void RealTimeRun::RunUntil(SimTime until) {
  while (engine_.now() < until) {
    pacer_.CatchUp(until);
    board_.Pump();
    between_waits_();
    pacer_.CatchUp(until);  // What the board's words led to.
    board_.PushSamples();
    const SimDuration next = pacer_.TimeToNext().value_or(until - engine_.now());
    board_.Wait(std::min({next, until - engine_.now(), wait_max_}));
  }
}

}  // namespace dustproof
