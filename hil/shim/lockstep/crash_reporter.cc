#include "hil/shim/lockstep/crash_reporter.h"

#include <cxxabi.h>
#include <dlfcn.h>
#include <execinfo.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <exception>
#include <string_view>

#include "hil/shim/lockstep/internal/firmware_image.h"
#include "hil/shim/lockstep/internal/hal_state.h"
#include "hil/shim/lockstep/internal/virtual_state.h"
#include "sim/core/check.h"

namespace dustproof {
namespace {

using internal::ActiveHal;
using internal::HalState;

constexpr size_t kAlternateStackBytes = 256 * 1024;
constexpr int kFramesMax = 64;
constexpr int kTicksPerBudget = 10;
constexpr std::array kFaultSignals = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

/// JSON into memory set aside beforehand: inside a signal handler nothing may be allocated.
class ReportText {
 public:
  void Raw(std::string_view text) {
    const size_t count = std::min(text.size(), sizeof buffer_ - used_);
    std::memcpy(buffer_ + used_, text.data(), count);
    used_ += count;
  }
  void Quoted(std::string_view text) {
    Raw("\"");
    for (const char c : text) {
      if (c == '"' || c == '\\') {
        const char escaped[2] = {'\\', c};
        Raw({escaped, 2});
      } else if (static_cast<unsigned char>(c) < 0x20) {
        Raw(" ");
      } else {
        Raw({&c, 1});
      }
    }
    Raw("\"");
  }
  void Number(uint64_t value) {
    char digits[20];
    size_t at = sizeof digits;
    do {
      digits[--at] = static_cast<char>('0' + value % 10);
      value /= 10;
    } while (value != 0);
    Raw({digits + at, sizeof digits - at});
  }
  void Field(std::string_view key, std::string_view text) {
    Raw(used_ == 1 ? "\n  " : ",\n  ");
    Quoted(key);
    Raw(": ");
    Quoted(text);
  }
  void Field(std::string_view key, uint64_t value) {
    Raw(",\n  ");
    Quoted(key);
    Raw(": ");
    Number(value);
  }
  void Clear() { used_ = 0; }
  bool HasRoom() const { return sizeof buffer_ - used_ > 4096; }
  std::string_view text() const { return {buffer_, used_}; }

 private:
  char buffer_[64 * 1024];
  size_t used_ = 0;
};

struct ReporterState {
  int fd = -1;
  char repeat_command[1024] = {};
  const void* own_base = nullptr;  // The loader knows the executable by its first argument only.
  char own_path[1024] = {};
  uint64_t budget_ticks = kTicksPerBudget;
  std::byte* alternate_stack = nullptr;
  std::array<struct sigaction, kFaultSignals.size()> old_actions{};
  struct sigaction old_tick {};
  std::terminate_handler old_terminate = nullptr;
  timer_t timer{};
  // For finding hangs.
  uint64_t ticks_at_same_time = 0;
  SimTime tick_time = SimTime::Min();
  volatile sig_atomic_t reporting = 0;
  ReportText text;
};

ReporterState* reporter = nullptr;

[[noreturn]] void EndProcess(int code) {
  while (true) syscall(SYS_exit_group, code);
}

void WriteReport() {
  const std::string_view text = reporter->text.text();
  const int fd = reporter->fd >= 0 ? reporter->fd : STDERR_FILENO;
  size_t written = 0;
  while (written < text.size()) {
    const ssize_t count =
        reporter->fd >= 0
            ? pwrite(fd, text.data() + written, text.size() - written, static_cast<off_t>(written))
            : write(fd, text.data() + written, text.size() - written);
    if (count <= 0) break;
    written += static_cast<size_t>(count);
  }
}

void AddFrame(ReportText& text, void* address, bool first) {
  Dl_info info{};
  if (dladdr(address, &info) == 0 || info.dli_fname == nullptr) info = {};
  if (info.dli_fbase == reporter->own_base) info.dli_fname = reporter->own_path;
  text.Raw(first ? "\n    {\"module\": " : ",\n    {\"module\": ");
  text.Quoted(info.dli_fname == nullptr ? "" : info.dli_fname);
  text.Raw(", \"offset\": ");
  text.Number(reinterpret_cast<uint64_t>(address) - reinterpret_cast<uint64_t>(info.dli_fbase));
  text.Raw(", \"symbol\": ");
  text.Quoted(info.dli_sname == nullptr ? "" : info.dli_sname);
  text.Raw("}");
}

/// Frames up to the task's first, without those of the reporter itself: where `fault_pc` is known,
/// they begin there.
void AddFrames(ReportText& text, const void* fault_pc) {
  text.Raw(",\n  \"frames\": [");
  void* frames[kFramesMax];
  const int count = backtrace(frames, kFramesMax);
  int begin = 0;
  for (int i = 0; i < count && fault_pc != nullptr; ++i) {
    if (frames[i] == fault_pc) begin = i;
  }
  bool first = true;
  if (fault_pc != nullptr && begin == 0) {  // The unwinder lost its way at the fault.
    AddFrame(text, const_cast<void*>(fault_pc), first);
    first = false;
    begin = count;
  }
  for (int i = begin; i < count && text.HasRoom(); ++i) {
    // A return address may lie past its function's end when the call never returns.
    const bool exact = frames[i] == fault_pc;
    AddFrame(text, static_cast<std::byte*>(frames[i]) - (exact ? 0 : 1), first);
    first = false;
  }
  text.Raw("]\n}\n");
}

[[noreturn]] void Report(const char* kind, const char* message, int signal, const void* address,
                         const void* fault_pc) {
  const int code = std::strcmp(kind, "harness") == 0 ? kHarnessFaultExit : kFirmwareFaultExit;
  if (reporter->reporting != 0) {  // The report itself crashed: what stands so far has to do.
    if (reporter->reporting == 1) {
      reporter->reporting = 2;
      reporter->text.Raw("]\n}\n");
      WriteReport();
    }
    EndProcess(code);
  }
  reporter->reporting = 1;
  ReportText& text = reporter->text;
  text.Clear();
  text.Raw("{");
  text.Field("kind", kind);
  text.Field("message", message);
  const HalState* hal = ActiveHal();
  const Task* task = hal == nullptr ? nullptr : hal->scheduler.current();
  text.Field("firmware", hal == nullptr ? std::string_view() : std::string_view(hal->firmware));
  text.Field("task", task == nullptr ? std::string_view() : std::string_view(task->name));
  text.Field("hal_call", task == nullptr ? "" : task->hal_call);
  text.Field("sim_time_ns",
             hal == nullptr ? 0 : static_cast<uint64_t>(hal->queue.now().nanoseconds()));
  text.Field("signal", static_cast<uint64_t>(signal));
  text.Field("address", reinterpret_cast<uint64_t>(address));
  text.Field("repeat_command", reporter->repeat_command);
  AddFrames(text, fault_pc);
  WriteReport();
  EndProcess(code);
}

const char* SignalMeaning(int signal, const siginfo_t& info) {
  switch (signal) {
    case SIGSEGV:
      return "accessed memory that it does not have";
    case SIGBUS:
      return "accessed memory in a way that the processor refuses";
    case SIGFPE:
      return info.si_code == FPE_INTDIV ? "divided by zero" : "made an arithmetic error";
    case SIGILL:
      return "ran an instruction that does not exist (a compiler puts one where code can't be "
             "reached)";
    default:
      return "called abort()";
  }
}

bool IsCode(const void* address) {
  Dl_info info{};
  return dladdr(address, &info) != 0;
}

/// A jump to nowhere leaves no frame to unwind from: goes back to the caller, whose address the
/// call has pushed.
void StepOverBadCall(ucontext_t& context) {
  auto& pc = context.uc_mcontext.gregs[REG_RIP];
  auto& sp = context.uc_mcontext.gregs[REG_RSP];
  pc = *reinterpret_cast<const greg_t*>(sp);
  sp += 8;
}

void OnFault(int signal, siginfo_t* info, void* raw_context) {
  auto& context = *static_cast<ucontext_t*>(raw_context);
  if (reporter->reporting != 0) Report("crash", "", signal, nullptr, nullptr);
  const HalState* hal = ActiveHal();
  const Task* running = hal == nullptr ? nullptr : hal->scheduler.running();
  const Task* current = hal == nullptr ? nullptr : hal->scheduler.current();
  const void* pc = reinterpret_cast<void*>(context.uc_mcontext.gregs[REG_RIP]);
  const void* address = signal == SIGSEGV || signal == SIGBUS ? info->si_addr : nullptr;
  if (running != nullptr && signal == SIGSEGV && running->stack.GuardHolds(address)) {
    Report("stack_overflow",
           "the task's stack is too small; give it more in dp_task create, or use less", signal,
           address, pc);
  }
  if (running != nullptr && signal == SIGSEGV && !IsCode(pc) && address == pc) {
    StepOverBadCall(context);
    // The return address lies behind the call; the frame is found by it as the unwinder reports it.
    const void* caller = reinterpret_cast<void*>(context.uc_mcontext.gregs[REG_RIP]);
    Report("null_call",
           pc == nullptr ? "called a null function pointer"
                         : "called a function pointer that points to no code",
           signal, address, caller);
  }
  if (running != nullptr || internal::FirmwareIsLoading()) {
    Report(signal == SIGABRT ? "abort" : "crash", SignalMeaning(signal, *info), signal, address,
           pc);
  }
  if (current != nullptr && (signal == SIGSEGV || signal == SIGBUS)) {
    Report("crash", "crashed inside the HAL call: a pointer given to it is wrong", signal, address,
           pc);
  }
  Report("harness", SignalMeaning(signal, *info), signal, address, pc);
}

void OnTick(int, siginfo_t*, void* raw_context) {
  const HalState* hal = ActiveHal();
  if (hal == nullptr || reporter->reporting != 0) return;
  if (hal->queue.now() != reporter->tick_time) {
    reporter->tick_time = hal->queue.now();
    reporter->ticks_at_same_time = 0;
    return;
  }
  const Task* running = hal->scheduler.running();
  if (running == nullptr) return;  // The harness computes; that is not the firmware's time.
  if (++reporter->ticks_at_same_time < reporter->budget_ticks) return;
  const auto& context = *static_cast<ucontext_t*>(raw_context);
  // Between two tasks no stack shows the loop: the next tick is a better witness.
  const auto* stack_pointer = reinterpret_cast<void*>(context.uc_mcontext.gregs[REG_RSP]);
  if (!running->stack.Holds(stack_pointer)) return;
  Report("hang",
         "computed past the CPU budget without simulated time going on: an endless loop without a "
         "blocking HAL call?",
         SIGVTALRM, nullptr, reinterpret_cast<void*>(context.uc_mcontext.gregs[REG_RIP]));
}

void OnTerminate() {
  if (reporter == nullptr || !internal::InFirmware()) {
    if (reporter != nullptr && reporter->old_terminate != nullptr) reporter->old_terminate();
    std::abort();
  }
  const std::type_info* type = abi::__cxa_current_exception_type();
  if (type == nullptr) ReportFirmwareFault("abort", "std::terminate without an exception");
  int status = 0;
  char* name = abi::__cxa_demangle(type->name(), nullptr, nullptr, &status);
  std::string message =
      "an exception left the task: " + std::string(name == nullptr ? type->name() : name);
  try {
    throw;
  } catch (const std::exception& e) {
    message += ": " + std::string(e.what());
  } catch (...) {  // Of a type that has nothing to say.
  }
  ReportFirmwareFault("uncaught_exception", message.c_str());
}

Result<void> StartTicks(double budget_s) {
  sigevent event{};
  event.sigev_notify = SIGEV_THREAD_ID;
  event.sigev_signo = SIGVTALRM;
  event._sigev_un._tid = static_cast<pid_t>(syscall(SYS_gettid));
  if (timer_create(CLOCK_THREAD_CPUTIME_ID, &event, &reporter->timer) != 0) {
    return Error::Environment(std::string("timer_create for the CPU budget: ") +
                              std::strerror(errno));
  }
  const auto tick_ns = static_cast<int64_t>(budget_s / kTicksPerBudget * 1e9);
  const timespec tick{.tv_sec = tick_ns / 1'000'000'000,
                      .tv_nsec = std::max<int64_t>(1, tick_ns % 1'000'000'000)};
  const itimerspec every{.it_interval = tick, .it_value = tick};
  if (timer_settime(reporter->timer, 0, &every, nullptr) != 0) {
    return Error::Environment(std::string("timer_settime for the CPU budget: ") +
                              std::strerror(errno));
  }
  return {};
}

double installed_budget_s = 0;

/// Timers don't pass to a child; its run goes on, so it gets one of its own.
void RestartTicksInChild() {
  if (reporter == nullptr) return;
  reporter->ticks_at_same_time = 0;
  (void)StartTicks(installed_budget_s).ok();
}

}  // namespace

Result<std::unique_ptr<CrashReporter>> CrashReporter::Install(const Options& options) {
  DP_CHECK(reporter == nullptr);
  DP_CHECK(options.cpu_budget_s > 0);
  std::unique_ptr<CrashReporter> installed(new CrashReporter());
  reporter = new ReporterState();
  reporter->fd = options.fd;
  options.repeat_command.copy(reporter->repeat_command, sizeof reporter->repeat_command - 1);
  Dl_info own{};
  if (dladdr(reinterpret_cast<void*>(&OnFault), &own) != 0) reporter->own_base = own.dli_fbase;
  if (readlink("/proc/self/exe", reporter->own_path, sizeof reporter->own_path - 1) < 0) {
    reporter->own_path[0] = '\0';
  }
  void* stack = mmap(nullptr, kAlternateStackBytes, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (stack == MAP_FAILED) return Error::Environment("no memory for the crash reporter's stack");
  reporter->alternate_stack = static_cast<std::byte*>(stack);
  const stack_t alternate{.ss_sp = stack, .ss_flags = 0, .ss_size = kAlternateStackBytes};
  DP_CHECK(sigaltstack(&alternate, nullptr) == 0);
  void* warm_up[4];
  backtrace(warm_up, 4);  // The first call loads a library, which a handler must not.

  struct sigaction action {};
  action.sa_sigaction = OnFault;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
  for (size_t i = 0; i < kFaultSignals.size(); ++i) {
    DP_CHECK(sigaction(kFaultSignals[i], &action, &reporter->old_actions[i]) == 0);
  }
  action.sa_sigaction = OnTick;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
  DP_CHECK(sigaction(SIGVTALRM, &action, &reporter->old_tick) == 0);
  reporter->old_terminate = std::set_terminate(OnTerminate);
  installed_budget_s = options.cpu_budget_s;
  static const int at_fork = pthread_atfork(nullptr, nullptr, RestartTicksInChild);
  DP_CHECK(at_fork == 0);
  if (Result<void> started = StartTicks(options.cpu_budget_s); !started) return started.error();
  return installed;
}

CrashReporter::~CrashReporter() {
  if (reporter->alternate_stack != nullptr) {
    timer_delete(reporter->timer);
    std::set_terminate(reporter->old_terminate);
    for (size_t i = 0; i < kFaultSignals.size(); ++i)
      sigaction(kFaultSignals[i], &reporter->old_actions[i], nullptr);
    struct sigaction ignore {};
    ignore.sa_handler = SIG_IGN;  // A tick may be on its way.
    sigaction(SIGVTALRM, &ignore, nullptr);
    const stack_t none{.ss_sp = nullptr, .ss_flags = SS_DISABLE, .ss_size = 0};
    sigaltstack(&none, nullptr);
    munmap(reporter->alternate_stack, kAlternateStackBytes);
  }
  delete reporter;
  reporter = nullptr;
}

void ReportFirmwareFault(const char* kind, const char* message) {
  if (reporter != nullptr) Report(kind, message, 0, nullptr, nullptr);
  const auto say = [](std::string_view text) {
    [[maybe_unused]] const ssize_t n = write(STDERR_FILENO, text.data(), text.size());
  };
  say("dustproof: the run ends: ");
  say(message);
  say("\n");
  EndProcess(kFirmwareFaultExit);
}

}  // namespace dustproof
