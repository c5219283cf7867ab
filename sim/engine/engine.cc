#include "sim/engine/engine.h"

#include <memory>

#include "sim/core/check.h"

namespace dustproof {
namespace {

// Where an event's time goes until somebody says better: firmware, lidar and physics count
// themselves.
CpuSection SectionOf(EventSource source) {
  switch (source) {
    case EventSource::kNetwork:
    case EventSource::kCloud:
    case EventSource::kConsent:
    case EventSource::kApp:
      return CpuSection::kNetwork;
    default:
      return CpuSection::kOther;
  }
}

}  // namespace

Engine::Engine(EventQueue* events, PhysicsWorld* physics, Robot* robot, CpuShare* cpu_share,
               Skipping skipping)
    : events_(events),
      physics_(physics),
      robot_(robot),
      cpu_share_(cpu_share),
      skipping_(skipping) {}

void Engine::AdvancePhysics(SimTime at_least) {
  if (robot_->time() >= at_least) return;
  CpuScope scope(cpu_share_, CpuSection::kPhysics);
  const int64_t step_ns = Robot::kStep.nanoseconds();
  const SimTime goal =
      SimTime::FromNanoseconds((at_least.nanoseconds() + step_ns - 1) / step_ns * step_ns);
  while (robot_->time() < goal) {
    if (skipping_ == Skipping::kWhenAtRest && robot_->at_rest()) {
      steps_skipped_ += (goal - robot_->time()) / Robot::kStep;
      robot_->SkipTo(goal);
      return;
    }
    robot_->Step();
    ++steps_taken_;
    for (const auto& observe : step_observers_) observe();
  }
}

bool Engine::RunNextEvent(SimTime until) {
  const SimTime next = events_->next_time();
  if (next > until) {
    AdvancePhysics(until);
    events_->RunUntil(until);
    return false;
  }
  AdvancePhysics(next);
  const CpuScope scope(cpu_share_, SectionOf(events_->next_source()));
  events_->RunNext();
  return true;
}

void Engine::RunUntil(SimTime until) {
  while (!stopped_ && RunNextEvent(until)) {
  }
}

void Engine::Every(SimDuration period, EventSource source, std::function<void()> observe) {
  DP_CHECK(period > SimDuration(), ToString(period));
  // Each event schedules the next one; the closure is shared by all of them.
  auto again = std::make_shared<std::function<void()>>();
  std::weak_ptr<std::function<void()>> weak = again;
  *again = [this, period, source, observe = std::move(observe), weak] {
    observe();
    if (const auto self = weak.lock())
      events_->ScheduleAfter(period, source, [self] { (*self)(); });
  };
  events_->ScheduleAfter(period, source, [again] { (*again)(); });
}

void Engine::AddToStateHash(std::string name, std::function<void(Hasher&)> add) {
  parts_.emplace_back(std::move(name), std::move(add));
}

uint64_t Engine::StateHash() const {
  Hasher hasher;
  hasher.Add(events_->now().nanoseconds());
  physics_->AddToHash(hasher);
  robot_->AddToHash(hasher);
  for (const auto& [name, add] : parts_) {
    hasher.Add(name);
    add(hasher);
  }
  return hasher.Digest();
}

std::vector<std::pair<std::string, uint64_t>> Engine::StateHashByPart() const {
  std::vector<std::pair<std::string, uint64_t>> hashes;
  const auto take = [&hashes](const std::string& name, const auto& add) {
    Hasher hasher;
    add(hasher);
    hashes.emplace_back(name, hasher.Digest());
  };
  take("time", [this](Hasher& h) {
    h.Add(events_->now().nanoseconds());
    h.Add(events_->events_run());
  });
  take("physics", [this](Hasher& h) { physics_->AddToHash(h); });
  take("robot", [this](Hasher& h) { robot_->AddToHash(h); });
  for (const auto& [name, add] : parts_) take(name, add);
  return hashes;
}

}  // namespace dustproof
