#include "hil/shim/lockstep/crash_reporter.h"

#include <cxxabi.h>
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <exception>
#include <string_view>

#include "hil/shim/lockstep/debug_view.h"
#include "hil/shim/lockstep/internal/crash_report.h"
#include "hil/shim/lockstep/internal/fault.h"
#include "hil/shim/lockstep/internal/firmware_image.h"
#include "hil/shim/lockstep/internal/gate.h"
#include "hil/shim/lockstep/internal/hal_state.h"
#include "hil/shim/lockstep/internal/heap_check.h"
#include "hil/shim/lockstep/internal/load_object.h"
#include "hil/shim/lockstep/internal/virtual_state.h"
#include "sim/core/check.h"

namespace dustproof {
namespace {

using internal::ActiveHal;
using internal::HalState;

constexpr size_t kAlternateStackBytes = 256 * 1024;
constexpr int kTicksPerBudget = 10;
constexpr ptrdiff_t kFrameBytesMax = 64 << 20;  // A stack pointer further below a stack is no overflow.
constexpr size_t kBlockHeader = 8;  // Of a block of the heap: not its user's.
constexpr const char* kStackOverflow =
    "the task's stack is too small; give it more in dp_task create, or use less";
constexpr std::array kFaultSignals = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

struct ReporterState {
  int fd = -1;
  char repeat_command[1024] = {};
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
  internal::CrashReport report;
};

ReporterState* reporter = nullptr;

[[noreturn]] void EndProcess(int code) {
  while (true) syscall(SYS_exit_group, code);
}

void WriteReport() {
  const std::string_view text = reporter->report.text();
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

// The signals that a debugger stops at by itself; the others are also how the boundary and the
// watchdog work, so that it passes them on.
bool DebuggerStopsAt(int signal) {
  return signal == SIGSEGV || signal == SIGBUS || signal == SIGFPE || signal == SIGABRT;
}

[[noreturn]] void Report(const char* kind, const char* message, const internal::FaultSite& site,
                         Scheduler* walk = nullptr) {
  internal::system_call_gate = internal::kGateOpen;  // For good: firmware does not run again.
  const int code = !IsFirmwareFault(kind) ? kHarnessFaultExit : kFirmwareFaultExit;
  if (reporter->reporting != 0) {  // The report itself crashed: what stands so far has to do.
    if (reporter->reporting == 1) {
      reporter->reporting = 2;
      reporter->report.CutShort();
      WriteReport();
    }
    EndProcess(code);
  }
  reporter->reporting = 1;
  if (!DebuggerStopsAt(site.signal)) dustproof_stop();
  reporter->report.Write({.kind = kind,
                          .message = message,
                          .repeat_command = reporter->repeat_command,
                          .site = site,
                          .walk = walk},
                         ActiveHal());
  WriteReport();
  EndProcess(code);
}

/// Whether a firmware has run in this process, whose memory it shares with us.
bool FirmwareHasRun() {
  const HalState* hal = ActiveHal();
  return hal != nullptr && hal->scheduler.switch_count() > 0;
}

/// Which block was overrun, in words that end a sentence.
const char* ToWords(const internal::HeapDamage& damage) {
  static char words[100];
  std::snprintf(words, sizeof words, "something wrote past the end of a block of at most %zu bytes",
                damage.bytes_before < kBlockHeader ? 0 : damage.bytes_before - kBlockHeader);
  return words;
}

[[noreturn]] void ReportHeapDamage(const internal::HeapDamage& damage, const internal::FaultSite& site) {
  static char message[400];
  std::snprintf(message, sizeof message, "the heap, which it shares with the run, is corrupt: %s",
                ToWords(damage));
  Report("heap_corruption", message, site);
}

/// The harness crashed by itself, or by what a firmware did to the memory that they share.
[[noreturn]] void ReportOwnCrash(const char* meaning, const internal::FaultSite& site) {
  if (FirmwareHasRun()) {
    if (const internal::HeapDamage damage = internal::FindHeapDamage(); damage.address != nullptr)
      ReportHeapDamage(damage, site);
    static char message[400];
    std::snprintf(message, sizeof message,
                  "%s. The firmware shares its memory with the run, so this may be the firmware's doing: as a "
                  "program of its own (--kind process) it can hurt only itself",
                  meaning);
    Report("harness", message, site);
  }
  Report("harness", meaning, site);
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
      return "got a signal that ends a program";
  }
}

/// What the C library said as it aborted: about the heap, the stack, a buffer. "" where the program
/// called abort itself.
std::string_view AbortMessage() {
  struct Text {  // glibc's, kept for debuggers.
    unsigned int bytes;
    char text[1];
  };
  static auto* const said =
      static_cast<Text* const*>(dlvsym(RTLD_DEFAULT, "__abort_msg", "GLIBC_PRIVATE"));
  if (said == nullptr || *said == nullptr) return {};
  const std::string_view text((*said)->text);
  return text.substr(0, text.find('\n'));
}

bool IsAboutHeap(std::string_view message) {
  constexpr std::string_view kHeapWords[] = {
      "free():",      "malloc", "realloc():", "double free", "corrupted",
      "munmap_chunk", "chunk",  "fastbin",    "tcache"};
  return std::any_of(
      std::begin(kHeapWords), std::end(kHeapWords),
      [message](std::string_view word) { return message.find(word) != std::string_view::npos; });
}

void OnFault(int signal, siginfo_t* info, void* raw_context) {
  const internal::GateOpening opening;
  auto& context = *static_cast<ucontext_t*>(raw_context);
  if (signal == SIGILL && internal::AnswerInstruction(context)) return;
  const HalState* hal = ActiveHal();
  const Task* running = hal == nullptr ? nullptr : hal->scheduler.running();
  const Task* current = hal == nullptr ? nullptr : hal->scheduler.current();
  const bool memory = signal == SIGSEGV || signal == SIGBUS;
  const internal::FaultSite site{.signal = signal,
                                 .address = memory ? info->si_addr : nullptr,
                                 .pc = reinterpret_cast<void*>(context.uc_mcontext.gregs[REG_RIP]),
                                 .context = &context};
  if (reporter->reporting != 0) Report("crash", "", site);
  if (signal == SIGABRT) internal::ReportAbort(site);
  if (running != nullptr && memory && running->stack.GuardHolds(site.address)) {
    Report("stack_overflow", kStackOverflow, site);
  }
  const auto* stack_pointer =
      reinterpret_cast<const std::byte*>(context.uc_mcontext.gregs[REG_RSP]);
  if (running != nullptr && memory && stack_pointer < running->stack.bottom() &&
      stack_pointer + kFrameBytesMax > running->stack.bottom()) {
    Report("stack_overflow", kStackOverflow, site);  // One frame reached past the guard.
  }
  if (running != nullptr && memory && !internal::IsCode(site.pc) && site.address == site.pc) {
    Report("null_call",
           site.pc == nullptr ? "called a null function pointer"
                              : "called a function pointer that points to no code",
           site);
  }
  if (running != nullptr || internal::FirmwareIsLoading())
    Report("crash", SignalMeaning(signal, *info), site);
  if (current != nullptr && memory)
    Report("crash", "crashed inside the HAL call: a pointer given to it is wrong", site);
  ReportOwnCrash(SignalMeaning(signal, *info), site);
}

/// Real CPU time went by. Counts what goes by without simulated time going on, in the firmware's code
/// or in ours on its behalf.
void OnTick(int, siginfo_t*, void* raw_context) {
  const HalState* hal = ActiveHal();
  if (hal == nullptr || reporter->reporting != 0) return;
  if (hal->queue.now() != reporter->tick_time) {
    reporter->tick_time = hal->queue.now();
    reporter->ticks_at_same_time = 0;
    return;
  }
  const bool loading = internal::FirmwareIsLoading();
  if (hal->scheduler.current() == nullptr && !loading) return;  // The harness by itself.
  if (++reporter->ticks_at_same_time < reporter->budget_ticks) return;
  auto& context = *static_cast<ucontext_t*>(raw_context);
  // Between two tasks no stack shows the loop: a tick within one is a better witness.
  const Task* running = hal->scheduler.running();
  const auto* stack_pointer = reinterpret_cast<void*>(context.uc_mcontext.gregs[REG_RSP]);
  if (!loading && (running == nullptr || !running->stack.Holds(stack_pointer))) return;
  const internal::GateOpening opening;
  Report("hang",
         loading ? "computed past the CPU budget in a constructor: an endless loop before main?"
                 : "computed past the CPU budget without simulated time going on: an endless loop "
                   "without a blocking HAL call?",
         {.signal = SIGVTALRM,
          .address = nullptr,
          .pc = reinterpret_cast<void*>(context.uc_mcontext.gregs[REG_RIP]),
          .context = &context});
}

void OnTerminate() {
  if (reporter == nullptr || !internal::InFirmware()) {
    if (reporter != nullptr && reporter->old_terminate != nullptr) reporter->old_terminate();
    std::abort();
  }
  internal::system_call_gate = internal::kGateOpen;  // For good: the task does not go on.
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
  reporter->report.Prepare();
  internal::NoteHeap();
  void* stack = mmap(nullptr, kAlternateStackBytes, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (stack == MAP_FAILED) return Error::Environment("no memory for the crash reporter's stack");
  reporter->alternate_stack = static_cast<std::byte*>(stack);
  const stack_t alternate{.ss_sp = stack, .ss_flags = 0, .ss_size = kAlternateStackBytes};
  DP_CHECK(sigaltstack(&alternate, nullptr) == 0);
  AbortMessage();

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

namespace internal {

void ReportFault(const char* kind, const char* message, const FaultSite& site) {
  system_call_gate = kGateOpen;
  if (reporter != nullptr) Report(kind, message, site);
  const auto say = [](std::string_view text) {
    [[maybe_unused]] const ssize_t n = write(STDERR_FILENO, text.data(), text.size());
  };
  say("dustproof: the run ends: ");
  say(message);
  say("\n");
  EndProcess(kFirmwareFaultExit);
}

void ReportDeadlock(Scheduler& scheduler) {
  std::string waits;
  bool in_mailbox = false;
  for (const auto& task : scheduler.tasks()) {
    waits += (waits.empty() ? "" : ", ") + task->name + " waits in " + task->hal_call;
    in_mailbox |= std::string_view(task->hal_call).starts_with("task.mailbox");
  }
  if (!in_mailbox) return;
  const std::string message = "deadlock: no task can ever run again: " + waits;
  if (reporter != nullptr) Report("deadlock", message.c_str(), {}, &scheduler);
  ReportFault("deadlock", message.c_str(), {});
}

void ReportAbort(const FaultSite& site) {
  const std::string_view found = AbortMessage();
  char message[512];
  if (IsAboutHeap(found)) {
    // Whoever notices, harness or firmware, it is the firmware that shares its heap with us.
    const HeapDamage damage = FindHeapDamage();
    std::snprintf(message, sizeof message, "the C library found the heap corrupt: %.*s%s%s",
                  static_cast<int>(found.size()), found.data(),
                  damage.address == nullptr ? "" : "; ",
                  damage.address == nullptr ? "" : ToWords(damage));
    ReportFault("heap_corruption", message, site);
  }
  std::snprintf(message, sizeof message, "called abort()%s%.*s", found.empty() ? "" : ": ",
                static_cast<int>(found.size()), found.data());
  ReportFault(InFirmware() ? "abort" : "harness", message, site);
}

}  // namespace internal

void CheckHeap() {
  if (reporter == nullptr || !FirmwareHasRun()) return;
  const internal::HeapDamage damage = internal::FindHeapDamage();
  if (damage.address != nullptr) ReportHeapDamage(damage, {});
}

void ReportFirmwareFault(const char* kind, const char* message) {
  internal::ReportFault(kind, message, {});
}

void ReportFirmwareFault(const char* kind, const char* message,
                         std::span<const StackFrame> frames) {
  internal::ReportFault(kind, message, {.elsewhere = frames});
}

}  // namespace dustproof
