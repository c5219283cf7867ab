#include "hil/shim/lockstep/internal/crash_report.h"

#include <dlfcn.h>
#include <execinfo.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cstdio>

#include "hil/shim/lockstep/internal/hal_state.h"

namespace dustproof::internal {
namespace {

constexpr int kFramesMax = 64;

/// A jump to nowhere and the C library's `clone` leave no frame to unwind from: goes back to the
/// caller, whose address the call has pushed.
void StepToCaller(ucontext_t& context) {
  auto& pc = context.uc_mcontext.gregs[REG_RIP];
  auto& sp = context.uc_mcontext.gregs[REG_RSP];
  pc = *reinterpret_cast<const greg_t*>(sp);
  sp += 8;
}

struct Frames {
  void* at[kFramesMax];
  int begin = 0;  ///< The fault's own, where it is among them.
  int count = 0;
  bool found = false;
};

Frames FramesFrom(const void* fault_pc) {
  Frames frames;
  frames.count = backtrace(frames.at, kFramesMax);
  for (int i = 0; i < frames.count && fault_pc != nullptr; ++i) {
    if (frames.at[i] != fault_pc) continue;
    frames.begin = i;
    frames.found = true;
  }
  return frames;
}

/// One argument of a HAL call, as a person would write it.
int PrintArgument(char* out, size_t room, char kind, uint64_t value) {
  switch (kind) {
    case 'p':
      return value == 0 ? std::snprintf(out, room, "NULL")
                        : std::snprintf(out, room, "0x%llx", static_cast<unsigned long long>(value));
    case 'f':
      return std::snprintf(out, room, "%g", std::bit_cast<double>(value));
    case 's':
      return std::snprintf(out, room, "%lld", static_cast<long long>(value));
    case 'e':
      return std::snprintf(out, room, "%u.%u.%u.%u:%u", static_cast<unsigned>(value >> 40 & 255),
                           static_cast<unsigned>(value >> 32 & 255),
                           static_cast<unsigned>(value >> 24 & 255),
                           static_cast<unsigned>(value >> 16 & 255),
                           static_cast<unsigned>(value & 65535));
    default:
      return value == DP_FOREVER
                 ? std::snprintf(out, room, "DP_FOREVER")
                 : std::snprintf(out, room, "%llu", static_cast<unsigned long long>(value));
  }
}

std::string_view PrintCall(const HalCallRecord& record, char* out, size_t room) {
  size_t used = static_cast<size_t>(std::snprintf(out, room, "%s(", record.name));
  for (size_t i = 0; record.kinds[i] != '\0'; ++i) {
    if (i > 0) used += static_cast<size_t>(std::snprintf(out + used, room - used, ", "));
    used += static_cast<size_t>(
        PrintArgument(out + used, room - used, record.kinds[i], record.values[i]));
  }
  used += static_cast<size_t>(std::snprintf(out + used, room - used, ")"));
  return {out, used};
}

const Task* FindTask(const Scheduler& scheduler, uint32_t id) {
  for (const auto& task : scheduler.tasks()) {
    if (task->id == id) return task.get();
  }
  return nullptr;
}

const char* StateWord(Task::State state) {
  switch (state) {
    case Task::State::kReady:
      return "ready";
    case Task::State::kRunning:
      return "running";
    case Task::State::kWaiting:
      return "waiting";
    case Task::State::kEnded:
      return "ended";
    case Task::State::kComputing:
      return "computing";
  }
  return "";
}

}  // namespace

bool IsCode(const void* address) {
  Dl_info info{};
  return dladdr(address, &info) != 0;
}

void CrashReport::Prepare() {
  Dl_info own{};
  if (dladdr(reinterpret_cast<void*>(&IsCode), &own) != 0) own_base_ = own.dli_fbase;
  if (readlink("/proc/self/exe", own_path_, sizeof own_path_ - 1) < 0) own_path_[0] = '\0';
  void* warm_up[4];
  backtrace(warm_up, 4);  // The first call loads a library, which a handler must not.
}

void CrashReport::Write(const Facts& facts, const HalState* hal) {
  used_ = 0;
  open_lists_ = 0;
  first_item_ = true;
  Raw("{");
  const Task* task = hal == nullptr ? nullptr : hal->scheduler.current();
  Field("kind", facts.kind);
  Field("message", facts.message);
  Field("firmware", hal == nullptr ? std::string_view() : std::string_view(hal->firmware));
  Field("task", task == nullptr ? std::string_view() : std::string_view(task->name));
  Field("hal_call", task == nullptr ? "" : task->hal_call);
  Field("sim_time_ns", hal == nullptr ? 0 : static_cast<uint64_t>(hal->queue.now().nanoseconds()));
  Field("events_run", hal == nullptr ? 0 : hal->queue.events_run());
  Field("signal", static_cast<uint64_t>(facts.site.signal));
  Field("address", reinterpret_cast<uint64_t>(facts.site.address));
  Field("repeat_command", facts.repeat_command);
  if (hal != nullptr) {
    AddHalCalls(*hal);
    AddTasks(*hal, facts.walk);
  }
  if (facts.walk == nullptr) AddFrames(facts.site);
  Raw("\n}\n");
}

void CrashReport::CutShort() {
  while (open_lists_ > 0) EndList();
  Raw("\n}\n");
}

void CrashReport::AddHalCalls(const HalState& hal) {
  BeginList("hal_calls");
  for (size_t i = 0; i < hal.trace.size(); ++i) {
    const HalCallRecord& record = hal.trace.at(i);
    const Task* task = FindTask(hal.scheduler, record.task_id);
    char text[512];
    BeginItem();
    Raw("{\"time_ns\": ");
    Number(static_cast<uint64_t>(record.time.nanoseconds()));
    Raw(", \"task\": ");
    Quoted(task == nullptr ? std::string_view("a task that has ended") : std::string_view(task->name));
    Raw(", \"call\": ");
    Quoted(PrintCall(record, text, sizeof text));
    Raw("}");
  }
  EndList();
}

void CrashReport::AddTasks(const HalState& hal, Scheduler* walk) {
  BeginList("tasks");
  for (const auto& task : hal.scheduler.tasks()) {
    BeginItem();
    Raw("{");
    first_item_ = true;
    Field("name", task->name);
    Field("state", StateWord(task->state));
    Field("hal_call", task->hal_call);
    if (walk != nullptr && task->state == Task::State::kWaiting)
      walk->VisitStack(*task, [this] { AddFrames({}); });
    Raw("}");
    first_item_ = false;
  }
  EndList();
}

/// Frames up to the task's first, without the harness's own: where the site is known, they begin
/// there, else with the firmware's call of the HAL.
void CrashReport::AddFrames(const FaultSite& site) {
  BeginList("frames");
  if (site.elsewhere) {
    for (const StackFrame& frame : *site.elsewhere)
      if (HasRoom()) AddFrame(frame.module, frame.offset, frame.symbol);
    return EndList();
  }
  const void* pc = site.pc;
  Frames frames = FramesFrom(pc);
  const bool known = pc != nullptr || site.context != nullptr;
  const bool stuck = known && (!frames.found || frames.begin == frames.count - 1);
  if (stuck) {
    if (IsCode(pc)) AddFrame(pc);
    frames.begin = frames.count;
    if (site.context != nullptr) {
      StepToCaller(*site.context);
      pc = reinterpret_cast<void*>(site.context->uc_mcontext.gregs[REG_RIP]);
      frames = FramesFrom(pc);
      if (!frames.found) frames.begin = frames.count;
    }
  }
  if (!known) {
    while (frames.begin < frames.count && IsOwn(frames.at[frames.begin])) ++frames.begin;
    if (frames.begin == frames.count) frames.begin = 0;
  }
  for (int i = frames.begin; i < frames.count && HasRoom(); ++i) {
    // A return address lies behind the call, perhaps past the function's end.
    const bool exact = frames.at[i] == pc && !stuck;
    AddFrame(static_cast<std::byte*>(frames.at[i]) - (exact ? 0 : 1));
  }
  EndList();
}

bool CrashReport::IsOwn(const void* address) const {
  Dl_info info{};
  return dladdr(address, &info) != 0 && info.dli_fbase == own_base_;
}

void CrashReport::AddFrame(const void* address) {
  Dl_info info{};
  if (dladdr(address, &info) == 0 || info.dli_fname == nullptr) info = {};
  if (info.dli_fbase == own_base_) info.dli_fname = own_path_;
  AddFrame(info.dli_fname == nullptr ? "" : info.dli_fname,
           reinterpret_cast<uint64_t>(address) - reinterpret_cast<uint64_t>(info.dli_fbase),
           info.dli_sname == nullptr ? "" : info.dli_sname);
}

void CrashReport::AddFrame(std::string_view module, uint64_t offset, std::string_view symbol) {
  BeginItem();
  Raw("{\"module\": ");
  Quoted(module);
  Raw(", \"offset\": ");
  Number(offset);
  Raw(", \"symbol\": ");
  Quoted(symbol);
  Raw("}");
}

// ---- JSON.

void CrashReport::Raw(std::string_view text) {
  const size_t count = std::min(text.size(), sizeof buffer_ - used_);
  std::memcpy(buffer_ + used_, text.data(), count);
  used_ += count;
}

void CrashReport::Quoted(std::string_view text) {
  Raw("\"");
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      const char escaped[2] = {'\\', c};
      Raw({escaped, 2});
    } else if (c == '\n') {
      Raw("\\n");
    } else if (static_cast<unsigned char>(c) < 0x20) {
      Raw(" ");
    } else {
      Raw({&c, 1});
    }
  }
  Raw("\"");
}

void CrashReport::Number(uint64_t value) {
  char digits[20];
  size_t at = sizeof digits;
  do {
    digits[--at] = static_cast<char>('0' + value % 10);
    value /= 10;
  } while (value != 0);
  Raw({digits + at, sizeof digits - at});
}

void CrashReport::Field(std::string_view key, std::string_view text) {
  BeginItem();
  Quoted(key);
  Raw(": ");
  Quoted(text);
}

void CrashReport::Field(std::string_view key, uint64_t value) {
  BeginItem();
  Quoted(key);
  Raw(": ");
  Number(value);
}

void CrashReport::BeginItem() {
  Raw(first_item_ ? "\n  " : ",\n  ");
  first_item_ = false;
}

void CrashReport::BeginList(std::string_view key) {
  BeginItem();
  Quoted(key);
  Raw(": [");
  ++open_lists_;
  first_item_ = true;
}

void CrashReport::EndList() {
  Raw("]");
  --open_lists_;
  first_item_ = false;
}

}  // namespace dustproof::internal
