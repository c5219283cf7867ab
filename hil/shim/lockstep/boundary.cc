#include "hil/shim/lockstep/boundary.h"

#include <dlfcn.h>
#include <execinfo.h>
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/rseq.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "hil/shim/lockstep/internal/advice.h"
#include "hil/shim/lockstep/internal/fault.h"
#include "hil/shim/lockstep/internal/firmware_image.h"
#include "hil/shim/lockstep/internal/gate.h"
#include "hil/shim/lockstep/internal/load_object.h"
#include "hil/shim/lockstep/internal/system_call.h"
#include "hil/shim/lockstep/internal/vdso.h"
#include "sim/core/check.h"

// Newer than the headers of some C libraries.
#ifndef PR_SET_SYSCALL_USER_DISPATCH
#define PR_SET_SYSCALL_USER_DISPATCH 59
#define PR_SYS_DISPATCH_OFF 0
#define PR_SYS_DISPATCH_ON 1
#endif
#ifndef SYS_USER_DISPATCH
#define SYS_USER_DISPATCH 2
#endif

// The one system call that passes a shut gate: the return from a signal handler. It is spelled as
// the C library spells it, since unwinders and debuggers know a handler's frame by these bytes; the
// nop before it keeps them from looking up the function in front.
__asm__(R"(
  .pushsection .text.dp_gate, "ax", @progbits
  .balign 64
  nop
  .globl dp_gate_return
  .hidden dp_gate_return
  .type dp_gate_return, @function
dp_gate_return:
  mov $15, %rax
  syscall
  ud2
  .globl dp_gate_end
  .hidden dp_gate_end
dp_gate_end:
  .popsection
)");
extern "C" const char dp_gate_return[], dp_gate_end[];

namespace dustproof {
namespace {

constexpr int kFramesMax = 64;
constexpr size_t kRandomBytes = 16;  // Behind AT_RANDOM.

struct CodeRange {
  uintptr_t begin = 0;
  uintptr_t end = 0;
  bool Holds(const void* address) const {
    const auto at = reinterpret_cast<uintptr_t>(address);
    return at >= begin && at < end;
  }
};

struct BoundaryState {
  CodeRange own;     // This executable.
  CodeRange loader;  // ld.so, which has system calls of its own.
  // Their runtimes, in a build that has them.
  CodeRange address_sanitizer;
  CodeRange behaviour_sanitizer;
};
BoundaryState* boundary_state = nullptr;

/// All of the object at a load address.
CodeRange RangeOf(uintptr_t base) {
  struct Search {
    uintptr_t base;
    CodeRange found;
  } search{base, {}};
  dl_iterate_phdr(
      [](dl_phdr_info* info, size_t, void* data) {
        auto* s = static_cast<Search*>(data);
        if (info->dlpi_addr != s->base) return 0;
        for (int i = 0; i < info->dlpi_phnum; ++i) {
          const auto& segment = info->dlpi_phdr[i];
          if (segment.p_type == PT_LOAD)
            s->found = {s->base, s->base + segment.p_vaddr + segment.p_memsz};
        }
        return 1;
      },
      &search);
  return search.found;
}

/// All of the object that defines `symbol`, if there is one.
CodeRange RangeAround(const char* symbol) {
  void* const found = dlsym(RTLD_DEFAULT, symbol);
  Dl_info info{};
  if (found == nullptr || dladdr(found, &info) == 0) return {};
  return RangeOf(reinterpret_cast<uintptr_t>(info.dli_fbase));
}

/// True where the firmware's own code is among the callers, rather than a library that starts.
bool FirmwareAsks() {
  void* frames[kFramesMax];
  const int count = backtrace(frames, kFramesMax);
  for (int i = 0; i < count; ++i) {
    if (internal::IsFirmwareObject(frames[i])) return true;
  }
  return false;
}

[[noreturn]] void EndRun(const internal::SystemCall& call, const internal::CallVerdict& verdict,
                         const internal::FaultSite& site) {
  if (verdict.kind == internal::CallVerdict::Kind::kAborted) internal::ReportAbort(site);
  const char* advice =
      boundary_state->loader.Holds(call.at) ? internal::advice::kPlugin : verdict.advice;
  const char* name = internal::NameOf(call.number);
  char which[64], message[1024];
  std::snprintf(which, sizeof which,
                name == nullptr ? "%.0ssystem call %ld" : "%s (system call %ld)",
                name == nullptr ? "" : name, call.number);
  if (verdict.kind == internal::CallVerdict::Kind::kExited) {
    std::snprintf(message, sizeof message, "firmware called %s; %s", which,
                  internal::AdviceFor(call.number));
  } else {
    std::snprintf(message, sizeof message, "firmware called %s%s%.512s%s; %s", which,
                  verdict.detail == nullptr ? "" : " on '",
                  verdict.detail == nullptr ? "" : verdict.detail,
                  verdict.detail == nullptr ? "" : "'", advice);
  }
  internal::ReportFault("forbidden_call", message, site);
}

/// What the loader and our own code do while firmware's constructors run is no deed of firmware.
bool IsHarness(const internal::SystemCall& call) {
  return boundary_state->own.Holds(call.at) || boundary_state->address_sanitizer.Holds(call.at) ||
         boundary_state->behaviour_sanitizer.Holds(call.at) ||
         (internal::FirmwareIsLoading() && boundary_state->loader.Holds(call.at));
}

/// True where the C library makes the call for UndefinedBehaviorSanitizer, which tries whether
/// memory can be read by a pipe. Its wrappers of system calls keep nothing on the stack.
bool IsForSanitizer(const gregset_t& registers) {
  if (boundary_state->behaviour_sanitizer.end == 0) return false;
  const auto* stack = reinterpret_cast<void* const*>(registers[REG_RSP]);
  return boundary_state->behaviour_sanitizer.Holds(*stack);
}

void OnSystemCall(int, siginfo_t* info, void* raw_context) {
  const internal::GateOpening opening;
  auto& registers = static_cast<ucontext_t*>(raw_context)->uc_mcontext.gregs;
  const internal::SystemCall call{registers[REG_RAX],
                                  {registers[REG_RDI], registers[REG_RSI], registers[REG_RDX],
                                   registers[REG_R10], registers[REG_R8], registers[REG_R9]},
                                  reinterpret_cast<const void*>(registers[REG_RIP])};
  const internal::FaultSite site{.signal = SIGSYS,
                                 .address = nullptr,
                                 .pc = call.at,
                                 .context = static_cast<ucontext_t*>(raw_context)};
  if (info->si_code != SYS_USER_DISPATCH)
    internal::ReportFault("crash", "got the signal SIGSYS", site);
  if (info->si_arch != 0xC000003E) {  // AUDIT_ARCH_X86_64.
    internal::ReportFault("forbidden_call",
                          "firmware made a system call in another processor's manner (int 0x80)",
                          site);
  }
  if (call.number == SYS_rt_sigreturn) {
    // A handler that interrupted firmware returns: by our copy of the call, which passes.
    registers[REG_RIP] = reinterpret_cast<greg_t>(dp_gate_return);
    return;
  }
  if (IsHarness(call) || IsForSanitizer(registers)) {
    registers[REG_RAX] = internal::Reissue(call);
    return;
  }
  const bool libraries_own = internal::FirmwareIsLoading() && !FirmwareAsks();
  const internal::CallVerdict verdict = internal::Judge(call, libraries_own);
  if (verdict.kind != internal::CallVerdict::Kind::kAnswered) EndRun(call, verdict, site);
  registers[REG_RAX] = verdict.value;
}

/// The kernel's own structure: the C library's sigaction would put its own return in the place of
/// ours, and that one does not pass.
Result<void> CatchSystemCalls() {
  struct {
    void (*handler)(int, siginfo_t*, void*);
    unsigned long flags;
    const char* restorer;
    uint64_t mask;
  } const action{OnSystemCall, SA_SIGINFO | SA_ONSTACK | SA_NODEFER | 0x04000000 /* SA_RESTORER */,
                 dp_gate_return, 0};
  if (syscall(SYS_rt_sigaction, SIGSYS, &action, nullptr, sizeof action.mask) != 0)
    return Error::Environment(std::string("SIGSYS can't be caught: ") + std::strerror(errno));
  return {};
}

int Dispatch(bool on) {
  const auto begin = reinterpret_cast<unsigned long>(dp_gate_return);
  const auto bytes = reinterpret_cast<unsigned long>(dp_gate_end) - begin;
  if (!on) return prctl(PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_OFF, 0, 0, 0);
  return prctl(PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_ON, begin, bytes,
               &internal::system_call_gate);
}

/// Dispatch doesn't pass to a child.
void DispatchInChild() {
  if (boundary_state != nullptr) DP_CHECK(Dispatch(true) == 0);
}

/// The kernel writes the number of the processor into memory that `sched_getcpu` reads.
void HideProcessor() {
  constexpr int kUnregister = 1;
  constexpr unsigned int kSignature = 0x53053053;  // Of the C library's own registration.
  constexpr size_t kBytes = 32;
  if (__rseq_size == 0) return;
  char* area = static_cast<char*>(__builtin_thread_pointer()) + __rseq_offset;
  syscall(SYS_rseq, area, kBytes, kUnregister, kSignature);
}

void TakeMachineAway() {
  clearenv();
  setenv("LC_ALL", "C", 1);
  setenv("TZ", "UTC0", 1);
  // OpenSSL, should firmware bring it: neither the processor's random numbers nor its clock.
  setenv("OPENSSL_ia32cap", "~0x4000000000000010:~0x40000", 1);
  if (auto* random = reinterpret_cast<void*>(getauxval(AT_RANDOM)))
    std::memset(random, 0, kRandomBytes);
  HideProcessor();
  fflush(stdout);
  setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);  // What firmware prints comes line by line.
}

}  // namespace

Result<std::unique_ptr<Boundary>> Boundary::Install() {
  DP_CHECK(boundary_state == nullptr);
  std::unique_ptr<Boundary> installed(new Boundary());
  boundary_state = new BoundaryState();
  internal::gate_is_watched = true;
  Dl_info own{};
  DP_CHECK(dladdr(reinterpret_cast<void*>(&OnSystemCall), &own) != 0);
  boundary_state->own = RangeOf(reinterpret_cast<uintptr_t>(own.dli_fbase));
  boundary_state->loader = RangeOf(getauxval(AT_BASE));
  boundary_state->address_sanitizer = RangeAround("__asan_init");
  boundary_state->behaviour_sanitizer = RangeAround("__ubsan_handle_add_overflow");
  TakeMachineAway();
  if (const Result<void> done = internal::MakeVdsoVisible(); !done) return done.error();
  if (const Result<void> done = CatchSystemCalls(); !done) return done.error();
  static const int at_fork = pthread_atfork(nullptr, nullptr, DispatchInChild);
  DP_CHECK(at_fork == 0);
  if (Dispatch(true) != 0) {
    return Error::Environment(
        std::string("this kernel can't trap the firmware's system calls (") + std::strerror(errno) +
        "): Linux 5.11 or newer on x86-64 can; without that, firmware could leave the simulation "
        "unseen");
  }
  return installed;
}

Boundary::~Boundary() {
  if (boundary_state == nullptr) return;
  Dispatch(false);
  signal(SIGSYS, SIG_DFL);
  delete boundary_state;
  boundary_state = nullptr;
  internal::gate_is_watched = false;
}

namespace internal {

long Reissue(const SystemCall& call) {
  long result = call.number;
  register long r10 __asm__("r10") = call.arguments[3];
  register long r8 __asm__("r8") = call.arguments[4];
  register long r9 __asm__("r9") = call.arguments[5];
  __asm__ volatile("syscall"
                   : "+a"(result)
                   : "D"(call.arguments[0]), "S"(call.arguments[1]), "d"(call.arguments[2]),
                     "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return result;
}

}  // namespace internal
}  // namespace dustproof
