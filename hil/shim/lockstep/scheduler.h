#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include "hil/shim/lockstep/debug_view.h"
#include "hil/shim/lockstep/fiber_stack.h"
#include "sim/core/cpu_share.h"
#include "sim/core/event_queue.h"

namespace dustproof {

class Scheduler;
class WaitQueue;
struct TaskTiming;

/// One firmware task: a fiber, its name, and what it is doing.
struct Task {
  /// One that computes waits for simulated time to pass, and for nothing else.
  enum class State { kReady, kRunning, kWaiting, kEnded, kComputing };

  uint32_t id = 0;
  std::string name;
  void (*entry)(void*) = nullptr;
  void* argument = nullptr;
  FiberStack stack;
  State state = State::kReady;
  const char* hal_call = "none";  ///< The last HAL call it made; a literal.
  uint64_t hal_calls = 0;         ///< How many it made.

  // What a switch has to keep: the machine's state, errno, and the exceptions being handled.
  void* context = nullptr;
  int saved_errno = 0;
  void* caught_exceptions = nullptr;
  unsigned int uncaught_exceptions = 0;
  void* fake_stack = nullptr;

  WaitQueue* waiting_on = nullptr;
  uint64_t wait_number = 0;  ///< Never the same for two waits of any tasks: tells a timer whether
                             ///< its wait is still on.
  bool timed_out = false;
  bool needs_a_task = false;  ///< Waits, without a deadline, for what only another task can bring.
  TaskTiming* timing = nullptr;  ///< The watcher's, where it keeps anything of this task.
};

/// Hears when tasks begin, wait and end.
class TaskWatcher {
 public:
  virtual ~TaskWatcher() = default;
  virtual void OnSpawn(Task& task) = 0;
  /// The task's function has returned; called on its stack, where it may still compute.
  virtual void OnReturn(Task& task) = 0;
  virtual void OnWaitBegin(Task& task) = 0;
  virtual void OnWaitEnd(Task& task) = 0;
};

/// Tasks that wait for one thing, in the order in which they came. To outlive their waits.
class WaitQueue {
 public:
  /// Who can end a wait here, beside its deadline: anything of the world, or other tasks alone.
  enum class Waker { kWorld, kTask };

  explicit WaitQueue(Waker waker = Waker::kWorld) : waker_(waker) {}
  bool empty() const { return tasks_.empty(); }

 private:
  friend class Scheduler;
  std::vector<Task*> tasks_;
  Waker waker_;
};

/// Runs firmware tasks as fibers: one at a time, first ready first served, switching only where a
/// task waits.
///
/// Driven by the event queue: whatever makes a task ready schedules an event at the same instant
/// that runs it. Used on the simulation thread only.
class Scheduler {
 public:
  static constexpr size_t kTasksMax = 64;

  /// `cpu_share`, may be null, gets the tasks' time as `CpuSection::kFirmware`.
  explicit Scheduler(EventQueue& queue, CpuShare* cpu_share = nullptr);
  ~Scheduler();
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  /// Null where the table or memory is full.
  Task* Spawn(std::string name, void (*entry)(void*), void* argument, size_t stack_bytes);
  /// Runs tasks until none is ready. From the host only, never from a task.
  void RunReady();
  /// Ends every task where it stands: nothing of it runs again, destructors neither, as when a real
  /// CPU resets. From the host, or inside `OnHostStack`, which then does not return.
  void AbandonAll();

  /// `handler` is called when the last task has ended by itself.
  void SetEndHandler(std::function<void()> handler) { on_end_ = std::move(handler); }

  /// `handler` is called on the host's stack each time a task hands over, while it is `current()`.
  void SetPauseHandler(std::function<void()> handler) { on_pause_ = std::move(handler); }

  /// `handler` is called when every task waits for another, or sleeps for ever: none can run again.
  void SetDeadlockHandler(std::function<void()> handler) { on_deadlock_ = std::move(handler); }

  /// Tells `watcher`, borrowed, of all that tasks do from now on.
  void SetWatcher(TaskWatcher* watcher) { watcher_ = watcher; }

  const std::vector<std::unique_ptr<Task>>& tasks() const { return tasks_; }
  /// Calls `visit` on the stack of a task that waits, where it waits. From the host only.
  void VisitStack(Task& task, const std::function<void()>& visit);

  size_t task_count() const { return tasks_.size(); }
  /// The task whose code runs now; null while the host runs, also inside `OnHostStack`.
  Task* running() const { return in_task_ ? current_ : nullptr; }
  /// The task that runs now or on whose behalf the host runs.
  Task* current() const { return current_; }
  /// Hand-overs to a task so far.
  uint64_t switch_count() const { return switch_count_; }
  /// Calls `visit` with each task, in the order of their creation.
  template <typename Visit>
  void ForEachTask(Visit&& visit) const {
    for (const auto& task : tasks_) visit(*task);
  }
  /// Fills in where a debugger finds the tasks; they stay there as long as the scheduler.
  void DescribeTo(DustproofDebugView& view) const;
  EventQueue& queue() { return queue_; }

  // From a task:

  /// Waits until notified (true) or `deadline` (false). A deadline that has passed returns false at
  /// once.
  bool Wait(WaitQueue& on, SimTime deadline);
  void SleepUntil(SimTime until);
  /// The same for a task that is busy rather than at rest.
  void ComputeUntil(SimTime until);
  void Yield();
  /// Runs `work` on the host's stack, so that a task's stack has to hold its own frames only.
  template <typename Work>
  void OnHostStack(Work&& work) {
    using Body = std::remove_reference_t<Work>;
    CallHost([](void* body) { (*static_cast<Body*>(body))(); }, &work);
  }

  // From anywhere:

  void NotifyOne(WaitQueue& queue);
  void NotifyAll(WaitQueue& queue);

 private:
  friend struct FiberEntry;
  struct Timer {
    SimTime when;
    uint64_t sequence;
    Task* task;
    uint64_t wait_number;
  };
  static bool Later(const Timer& a, const Timer& b);

  void CallHost(void (*work)(void*), void* body);
  void SwitchToTask(Task& task);
  void SwitchToHost();
  void SwitchToHostOnce();
  bool Suspend(WaitQueue& on, SimTime deadline, Task::State state);
  void StartTimer(Task& task, SimTime when);
  void ArmTimerEvent();
  void OnTimerEvent();
  bool IsLive(const Timer& timer) const;
  void MakeReady(Task& task);
  void ArmRunEvent();
  void Reap();

  EventQueue& queue_;
  CpuShare* cpu_share_;
  // Where this thread keeps them: to ask at each switch would take a fifth of it.
  int* const errno_;
  void* const exceptions_;
  FiberStackPool stacks_;
  std::vector<std::unique_ptr<Task>> tasks_;
  std::deque<Task*> ready_;
  WaitQueue sleepers_{WaitQueue::Waker::kTask};  // Without a deadline nothing wakes a sleeper.
  Task* current_ = nullptr;
  bool in_task_ = false;
  bool in_run_ready_ = false;
  bool run_event_armed_ = false;
  EventId run_event_ = 0;
  uint32_t next_task_id_ = 1;
  uint64_t next_sequence_ = 1;
  uint64_t switch_count_ = 0;

  std::function<void()> on_end_;
  std::function<void()> on_pause_;
  std::function<void()> on_deadlock_;
  size_t needs_a_task_count_ = 0;
  const std::function<void()>* visit_ = nullptr;
  TaskWatcher* watcher_ = nullptr;

  std::vector<Timer> timers_;  // A heap; timers of waits that ended are dropped when they come up.
  EventId timer_event_ = 0;
  SimTime timer_event_at_ = SimTime::Max();

  // The host's side of a switch.
  void* host_context_ = nullptr;
  void (*host_work_)(void*) = nullptr;
  void* host_work_body_ = nullptr;
  const void* host_stack_bottom_ = nullptr;
  size_t host_stack_bytes_ = 0;
};

}  // namespace dustproof
