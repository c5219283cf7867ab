#include "hil/shim/lockstep/scheduler.h"

#include <cxxabi.h>

#include <algorithm>
#include <array>
#include <boost/context/detail/fcontext.hpp>
#include <cerrno>
#include <cstddef>
#include <tuple>
#include <utility>

#include "hil/shim/lockstep/internal/gate.h"
#include "hil/shim/lockstep/internal/sanitizer.h"
#include "sim/core/check.h"

namespace dustproof {
namespace {

using boost::context::detail::fcontext_t;
using boost::context::detail::jump_fcontext;
using boost::context::detail::make_fcontext;
using boost::context::detail::transfer_t;

/// The C++ runtime's record of exceptions in flight, as the ABI lays it down. It belongs to the
/// thread; since fibers share the thread, each has to find its own again, or a `throw;` rethrows
/// another task's exception.
struct ExceptionState {
  void* caught;
  unsigned int uncaught;
};

bool IsSuspended(const Task& task) {
  return task.state == Task::State::kWaiting || task.state == Task::State::kComputing;
}

}  // namespace

/// First frame of every task. An exception that gets here finds no frame above, so the runtime
/// terminates with the stack still standing: that keeps the backtrace of the throw.
struct FiberEntry {
  static void Run(transfer_t from) {
    auto* scheduler = static_cast<Scheduler*>(from.data);
    internal::FinishSwitch(nullptr, &scheduler->host_stack_bottom_, &scheduler->host_stack_bytes_);
    scheduler->host_context_ = from.fctx;
    Task* task = scheduler->current_;
    task->entry(task->argument);
    if (scheduler->watcher_ != nullptr) scheduler->watcher_->OnReturn(*task);
    task->state = Task::State::kEnded;
    internal::StartSwitch(nullptr, scheduler->host_stack_bottom_, scheduler->host_stack_bytes_);
    scheduler->in_task_ = false;
    jump_fcontext(static_cast<fcontext_t>(scheduler->host_context_), nullptr);
  }
};

Scheduler::Scheduler(EventQueue& queue, CpuShare* cpu_share)
    : queue_(queue), cpu_share_(cpu_share), errno_(&errno), exceptions_(abi::__cxa_get_globals()) {}

Scheduler::~Scheduler() {
  AbandonAll();
  if (run_event_armed_) queue_.Cancel(run_event_);
  if (timer_event_ != 0) queue_.Cancel(timer_event_);
}

Task* Scheduler::Spawn(std::string name, void (*entry)(void*), void* argument, size_t stack_bytes) {
  if (tasks_.size() >= kTasksMax) return nullptr;
  FiberStack stack = stacks_.Take(stack_bytes);
  if (!stack.valid()) return nullptr;
  auto task = std::make_unique<Task>();
  task->id = next_task_id_++;
  task->name = std::move(name);
  task->entry = entry;
  task->argument = argument;
  task->stack = stack;
  task->context = make_fcontext(stack.top(), stack.bytes(), &FiberEntry::Run);
  Task* raw = task.get();
  tasks_.push_back(std::move(task));
  if (watcher_ != nullptr) watcher_->OnSpawn(*raw);
  MakeReady(*raw);
  return raw;
}

void Scheduler::RunReady() {
  DP_CHECK(!in_run_ready_ && !in_task_);
  in_run_ready_ = true;
  while (!ready_.empty()) {
    Task* task = ready_.front();
    ready_.pop_front();
    SwitchToTask(*task);
    // Work that the task hands to the host; it may abandon every task, this one too.
    while (host_work_ != nullptr) {
      std::exchange(host_work_, nullptr)(host_work_body_);
      if (current_ == nullptr) break;
      SwitchToTask(*task);
    }
    if (current_ != nullptr && task->state == Task::State::kEnded) Reap();
    current_ = nullptr;
  }
  in_run_ready_ = false;
  if (!tasks_.empty() && needs_a_task_count_ == tasks_.size() && on_deadlock_) on_deadlock_();
}

void Scheduler::VisitStack(Task& task, const std::function<void()>& visit) {
  DP_CHECK(!in_task_ && IsSuspended(task));
  Task* const before = current_;
  const Task::State state = task.state;
  visit_ = &visit;
  SwitchToTask(task);
  visit_ = nullptr;
  task.state = state;
  current_ = before;
}

void Scheduler::Reap() {
  const auto it = std::find_if(tasks_.begin(), tasks_.end(),
                               [this](const auto& t) { return t.get() == current_; });
  DP_CHECK(it != tasks_.end());
  stacks_.GiveBack((*it)->stack);
  tasks_.erase(it);
  if (tasks_.empty() && on_end_) on_end_();
}

void Scheduler::AbandonAll() {
  DP_CHECK(!in_task_);
  for (const auto& task : tasks_) {
    if (task->waiting_on != nullptr) std::erase(task->waiting_on->tasks_, task.get());
    stacks_.GiveBack(task->stack);
  }
  tasks_.clear();
  ready_.clear();
  timers_.clear();
  needs_a_task_count_ = 0;
  current_ = nullptr;
}

void Scheduler::SwitchToTask(Task& task) {
  const CpuScope scope(cpu_share_, CpuSection::kFirmware);
  const internal::NoLeakCheck no_leak_check;
  auto& exceptions = *static_cast<ExceptionState*>(exceptions_);
  const ExceptionState host_exceptions = exceptions;
  const int host_errno = *errno_;
  exceptions = {task.caught_exceptions, task.uncaught_exceptions};
  *errno_ = task.saved_errno;
  current_ = &task;
  task.state = Task::State::kRunning;
  in_task_ = true;
  ++switch_count_;
  void* fake_stack = nullptr;
  internal::StartSwitch(&fake_stack, task.stack.bottom(), task.stack.bytes());
  internal::system_call_gate = internal::kGateShut;
  const transfer_t back = jump_fcontext(static_cast<fcontext_t>(task.context), this);
  internal::system_call_gate = internal::kGateOpen;
  internal::FinishSwitch(fake_stack, nullptr, nullptr);
  task.context = back.fctx;
  task.saved_errno = *errno_;
  task.caught_exceptions = exceptions.caught;
  task.uncaught_exceptions = exceptions.uncaught;
  exceptions = host_exceptions;
  *errno_ = host_errno;
  if (on_pause_) on_pause_();
}

void Scheduler::SwitchToHost() {
  SwitchToHostOnce();
  while (visit_ != nullptr) {  // Resumed for a look at its stack, not to go on.
    {
      const internal::GateOpening opening;  // The visitor is the harness.
      (*visit_)();
    }
    SwitchToHostOnce();
  }
}

void Scheduler::SwitchToHostOnce() {
  Task& task = *current_;
  in_task_ = false;
  internal::StartSwitch(&task.fake_stack, host_stack_bottom_, host_stack_bytes_);
  const transfer_t back = jump_fcontext(static_cast<fcontext_t>(host_context_), nullptr);
  internal::FinishSwitch(task.fake_stack, &host_stack_bottom_, &host_stack_bytes_);
  host_context_ = back.fctx;
}

void Scheduler::CallHost(void (*work)(void*), void* body) {
  DP_CHECK(in_task_);
  host_work_ = work;
  host_work_body_ = body;
  SwitchToHost();
}

bool Scheduler::Wait(WaitQueue& on, SimTime deadline) {
  return Suspend(on, deadline, Task::State::kWaiting);
}

bool Scheduler::Suspend(WaitQueue& on, SimTime deadline, Task::State state) {
  DP_CHECK(in_task_);
  if (deadline <= queue_.now()) return false;
  Task& task = *current_;
  if (watcher_ != nullptr && state == Task::State::kWaiting) watcher_->OnWaitBegin(task);
  task.state = state;
  task.timed_out = false;
  task.waiting_on = &on;
  on.tasks_.push_back(&task);
  if (deadline != SimTime::Max()) {
    StartTimer(task, deadline);
  } else if (on.waker_ == WaitQueue::Waker::kTask) {
    task.needs_a_task = true;
    ++needs_a_task_count_;
  }
  SwitchToHost();
  return !task.timed_out;
}

void Scheduler::SleepUntil(SimTime until) { Wait(sleepers_, until); }

void Scheduler::ComputeUntil(SimTime until) { Suspend(sleepers_, until, Task::State::kComputing); }

void Scheduler::Yield() {
  DP_CHECK(in_task_);
  current_->state = Task::State::kReady;
  ready_.push_back(current_);
  SwitchToHost();
}

void Scheduler::NotifyOne(WaitQueue& queue) {
  if (queue.tasks_.empty()) return;
  Task& task = *queue.tasks_.front();
  queue.tasks_.erase(queue.tasks_.begin());
  MakeReady(task);
}

void Scheduler::NotifyAll(WaitQueue& queue) {
  while (!queue.empty()) NotifyOne(queue);
}

void Scheduler::MakeReady(Task& task) {
  if (watcher_ != nullptr && task.state == Task::State::kWaiting) watcher_->OnWaitEnd(task);
  task.state = Task::State::kReady;
  task.waiting_on = nullptr;
  if (std::exchange(task.needs_a_task, false)) --needs_a_task_count_;
  task.wait_number = next_sequence_++;
  ready_.push_back(&task);
  ArmRunEvent();
}

void Scheduler::ArmRunEvent() {
  if (run_event_armed_ || in_run_ready_) return;
  run_event_armed_ = true;
  run_event_ = queue_.Schedule(queue_.now(), EventSource::kFirmware, [this] {
    run_event_armed_ = false;
    RunReady();
  });
}

bool Scheduler::Later(const Timer& a, const Timer& b) {
  return std::tie(a.when, a.sequence) > std::tie(b.when, b.sequence);
}

void Scheduler::StartTimer(Task& task, SimTime when) {
  timers_.push_back({when, next_sequence_++, &task, task.wait_number});
  std::push_heap(timers_.begin(), timers_.end(), Later);
  ArmTimerEvent();
}

void Scheduler::ArmTimerEvent() {
  while (!timers_.empty() && !IsLive(timers_.front())) {
    std::pop_heap(timers_.begin(), timers_.end(), Later);
    timers_.pop_back();
  }
  if (timers_.empty() || timers_.front().when >= timer_event_at_) return;
  if (timer_event_ != 0) queue_.Cancel(timer_event_);
  timer_event_at_ = timers_.front().when;
  timer_event_ =
      queue_.Schedule(timer_event_at_, EventSource::kFirmware, [this] { OnTimerEvent(); });
}

void Scheduler::OnTimerEvent() {
  timer_event_ = 0;
  timer_event_at_ = SimTime::Max();
  while (!timers_.empty() && timers_.front().when <= queue_.now()) {
    std::pop_heap(timers_.begin(), timers_.end(), Later);
    const Timer timer = timers_.back();
    timers_.pop_back();
    if (!IsLive(timer)) continue;
    timer.task->timed_out = true;
    std::erase(timer.task->waiting_on->tasks_, timer.task);
    MakeReady(*timer.task);
  }
  ArmTimerEvent();
  RunReady();
}

void Scheduler::DescribeTo(DustproofDebugView& view) const {
  static_assert(std::is_standard_layout_v<Task> && std::is_standard_layout_v<FiberStack>);
  static_assert(sizeof(FiberStack) == 2 * sizeof(void*), "its bottom, then its size");
  static_assert(sizeof(SimTime) == sizeof(int64_t));
  view.tasks = &tasks_;
  view.current = &current_;
  view.in_task = &in_task_;
  view.now_ns = reinterpret_cast<const int64_t*>(queue_.now_address());
  view.events_run = queue_.events_run_address();
  const std::array<size_t, 7> offsets = {offsetof(Task, id),
                                         offsetof(Task, name),
                                         offsetof(Task, state),
                                         offsetof(Task, hal_call),
                                         offsetof(Task, context),
                                         offsetof(Task, stack),
                                         offsetof(Task, stack) + sizeof(void*)};
  std::copy(offsets.begin(), offsets.end(), view.offsets);
}

bool Scheduler::IsLive(const Timer& timer) const {
  // A task's memory may be gone or reused by now, so it is looked up rather than followed.
  for (const auto& task : tasks_) {
    if (task.get() == timer.task)
      return IsSuspended(*task) && task->wait_number == timer.wait_number;
  }
  return false;
}

}  // namespace dustproof
