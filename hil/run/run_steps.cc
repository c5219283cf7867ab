#include "hil/run/run_steps.h"

#include <algorithm>

namespace dustproof {
namespace {

constexpr SimDuration kPiece = SimDuration::Seconds(1);
// How often the recording gets a hash of each part of the state: half a percent of a run's CPU
// time, most of it the flash.
constexpr SimDuration kStatePeriod = SimDuration::Seconds(5);

}  // namespace

SimTime RunSteps::PieceEnd() const {
  const int64_t pieces = (world_.now() - SimTime::Zero()) / kPiece;
  return std::min(limit_, SimTime::Zero() + kPiece * (pieces + 1));
}

std::optional<RunEnd> RunSteps::Step(SimTime until, RunStop* stop) {
  if (world_.now() >= limit_) return RunEnd::kDuration;
  const SimTime piece_end = PieceEnd();
  const SimTime to = std::min(until, piece_end);
  if (stop != nullptr) {
    world_.RunUntil(to, *stop);
  } else {
    world_.RunUntil(to);
  }
  if (to < piece_end) return std::nullopt;
  RecordState();
  if (world_.finished()) return RunEnd::kFinished;
  if (world_.host().state() == Lockstep::State::kEnded) return RunEnd::kFirmwareEnded;
  if (to >= limit_) return RunEnd::kDuration;
  return std::nullopt;
}

std::optional<RunEnd> RunSteps::RunUntil(SimTime until) {
  while (world_.now() < until) {
    if (const std::optional<RunEnd> end = Step(until)) return end;
  }
  return std::nullopt;
}

// For `explain-hash`: which part of two runs differs first, and between which instants.
void RunSteps::RecordState() {
  if (world_.now() < next_state_) return;
  next_state_ = world_.now() + kStatePeriod;
  StateHashes state{.time = world_.now(), .events_run = world_.events().events_run(), .parts = {}, .hashes = {}};
  for (auto& [part, hash] : world_.engine().StateHashByPart()) {
    state.parts.push_back(part);
    state.hashes.push_back(hash);
  }
  for (auto& [task, hash] : world_.host().TaskHashes()) {
    state.parts.push_back("task " + task);
    state.hashes.push_back(hash);
  }
  sink_.Write(state);
}

}  // namespace dustproof
