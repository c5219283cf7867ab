#include "hil/shim/lockstep/internal/compute_model.h"

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

namespace dustproof::internal {
namespace {

constexpr std::string_view kAny = "*";
constexpr uint64_t kMissesTold = 100;

bool Fits(const std::string& pattern, std::string_view name) {
  return pattern == kAny || pattern == name;
}

/// Lower is more specific.
int RankOf(const ComputeTable::Cost& cost) {
  return (cost.task == kAny ? 2 : 0) + (cost.call == kAny ? 1 : 0);
}

std::vector<const ComputeTable::Cost*> CostsOf(const ComputeTable& table, const std::string& task) {
  std::vector<const ComputeTable::Cost*> costs;
  for (const ComputeTable::Cost& cost : table.after) {
    if (Fits(cost.task, task)) costs.push_back(&cost);
  }
  std::stable_sort(costs.begin(), costs.end(),
                   [](const auto* a, const auto* b) { return RankOf(*a) < RankOf(*b); });
  return costs;
}

SimDuration TimeAfter(const TaskTiming& timing, const char* call) {
  for (const ComputeTable::Cost* cost : timing.costs) {
    if (Fits(cost->call, call)) return cost->time;
  }
  return SimDuration();
}

}  // namespace

ComputeModel::ComputeModel(const ComputeTable& table, Scheduler& scheduler,
                           FirmwareListener& listener)
    : table_(table),
      scheduler_(scheduler),
      listener_(listener),
      core_free_(static_cast<size_t>(table.cores)) {
  for (const ComputeTable::Deadline& deadline : table_.deadlines)
    counts_.push_back({deadline.task, deadline.within, 0, 0, {}});
}

void ComputeModel::OnSpawn(Task& task) {
  seen_tasks_.insert(task.name);
  TaskTiming timing;
  timing.costs = CostsOf(table_, task.name);
  const auto watch = std::find_if(counts_.begin(), counts_.end(),
                                  [&](const DeadlineCount& c) { return c.task == task.name; });
  timing.watch =
      watch == counts_.end() ? TaskTiming::kNoWatch : static_cast<size_t>(watch - counts_.begin());
  if (timing.costs.empty() && watch == counts_.end()) return;
  task.timing = &timings_.insert_or_assign(task.id, std::move(timing)).first->second;
}

void ComputeModel::BeforeCall(Task& task, const char* call) {
  if (task.timing == nullptr) return;
  TaskTiming& timing = *task.timing;
  if (std::exchange(timing.woken, false)) {
    timing.active = true;
    timing.late = false;
    if (timing.watch != TaskTiming::kNoWatch) ++counts_[timing.watch].activations;
  }
  ComputeSinceLastCall(task);
  if (!timing.active || std::strcmp(call, timing.woken_in) != 0) return;
  // Back where it was woken, it has done one piece of work, though the next may lie there already.
  EndActivation(timing);
  timing.ready_at = scheduler_.queue().now();
  timing.woken = true;
}

void ComputeModel::ComputeSinceLastCall(Task& task) {
  TaskTiming& timing = *task.timing;
  if (task.hal_calls == 0) return;
  const SimDuration time = TimeAfter(timing, task.hal_call);
  if (time == SimDuration()) return;
  const SimTime done = TakeCore(time);
  if (timing.active && !timing.late && timing.watch != TaskTiming::kNoWatch) {
    const SimTime due = timing.ready_at + counts_[timing.watch].within;
    if (due < done) {
      scheduler_.ComputeUntil(due);
      NoteMiss(timing);
    }
  }
  scheduler_.ComputeUntil(done);
}

SimTime ComputeModel::TakeCore(SimDuration time) {
  const auto core = std::min_element(core_free_.begin(), core_free_.end());
  *core = std::max(*core, scheduler_.queue().now()) + time;
  return *core;
}

void ComputeModel::NoteMiss(TaskTiming& timing) {
  timing.late = true;
  const DeadlineCount& count = counts_[timing.watch];
  if (++counts_[timing.watch].missed > kMissesTold) return;
  scheduler_.OnHostStack([&] { listener_.OnDeadlineMissed(count.task, count.within); });
}

void ComputeModel::EndActivation(TaskTiming& timing) {
  if (!std::exchange(timing.active, false) || timing.watch == TaskTiming::kNoWatch) return;
  SimDuration& worst = counts_[timing.watch].worst;
  worst = std::max(worst, scheduler_.queue().now() - timing.ready_at);
}

void ComputeModel::OnReturn(Task& task) {
  if (task.timing == nullptr) return;
  BeforeCall(task, "");
  EndActivation(*task.timing);
  task.timing = nullptr;
  timings_.erase(task.id);
}

void ComputeModel::OnWaitBegin(Task& task) {
  if (task.timing != nullptr) EndActivation(*task.timing);
}

// A call may wait more than once, or be woken for nothing and wait on: an activation only begins
// with the next call.
void ComputeModel::OnWaitEnd(Task& task) {
  if (task.timing == nullptr) return;
  task.timing->woken = true;
  task.timing->woken_in = task.hal_call;
  task.timing->ready_at = scheduler_.queue().now();
}

void ComputeModel::Reset() {
  for (auto& [id, timing] : timings_) EndActivation(timing);
  timings_.clear();
  std::fill(core_free_.begin(), core_free_.end(), SimTime());
}

std::vector<DeadlineCount> ComputeModel::deadlines() const {
  std::vector<DeadlineCount> counts = counts_;
  for (const auto& [id, timing] : timings_) {
    if (!timing.active || timing.watch == TaskTiming::kNoWatch) continue;
    SimDuration& worst = counts[timing.watch].worst;
    worst = std::max(worst, scheduler_.queue().now() - timing.ready_at);
  }
  return counts;
}

std::vector<std::string> ComputeModel::UnknownTasks() const {
  std::vector<std::string> unknown;
  const auto check = [&](const std::string& task) {
    const bool known = task == kAny || seen_tasks_.count(task) > 0;
    if (!known && std::find(unknown.begin(), unknown.end(), task) == unknown.end())
      unknown.push_back(task);
  };
  for (const ComputeTable::Cost& cost : table_.after) check(cost.task);
  for (const ComputeTable::Deadline& deadline : table_.deadlines) check(deadline.task);
  return unknown;
}

}  // namespace dustproof::internal
