/* What the firmware can't go on from: told to the run with a backtrace, before the process ends. */
#include <dlfcn.h>
#include <execinfo.h>
#include <pb_encode.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>
#include <unistd.h>

#include "hil/shim/board/board.h"

enum { kFrames = 64, kFaultExit = 86 };

/* A frame: file and offset in it. Return addresses lie behind their calls. */
static void tell_frame(const void* frame, const void* pc) {
  Dl_info info;
  char line[512];
  if (dladdr(frame, &info) == 0 || info.dli_fname == NULL) return;
  const int bytes = snprintf(line, sizeof line, "dustproof-frame %s %tu\n", info.dli_fname,
                             (uintptr_t)frame - (uintptr_t)info.dli_fbase - (frame != pc));
  if (bytes <= 0 || (size_t)bytes >= sizeof line) return;
  if (write(STDERR_FILENO, line, (size_t)bytes) != bytes) _Exit(kFaultExit);
}

/* A line each, innermost first. They begin with `pc`, or with the caller's where that is NULL. */
static void tell_backtrace(const void* pc) {
  void* frames[kFrames];
  const int count = backtrace(frames, kFrames);
  int begin = 0;
  while (pc != NULL && begin < count && frames[begin] != pc) ++begin;
  if (begin == count) { /* Nobody can see past the signal, as on ARM. */
    tell_frame(pc, pc);
    begin = 0;
  }
  for (int i = begin; i < count; ++i) tell_frame(frames[i], pc);
}

static _Noreturn void end(const char* what, const char* detail, const void* pc) {
  static volatile sig_atomic_t reporting;
  if (reporting++ == 0) {
    board_enter();
    /* The run reads this from our standard error: the link may be what broke. */
    char line[256];
    const int bytes = snprintf(line, sizeof line, "dustproof-fault %s: %s\n", what, detail);
    if (write(STDERR_FILENO, line, (size_t)bytes) == bytes) tell_backtrace(pc);
  }
  _Exit(kFaultExit);
}

_Noreturn void board_fault(const char* what, const char* detail) { end(what, detail, NULL); }

static void on_signal(int signal, siginfo_t* info, void* context) {
  (void)info;
  char detail[64];
  snprintf(detail, sizeof detail, "SIG%s", sigabbrev_np(signal));
#if defined(__x86_64__)
  const void* pc = (const void*)((const ucontext_t*)context)->uc_mcontext.gregs[REG_RIP];
#elif defined(__arm__)
  const void* pc = (const void*)((const ucontext_t*)context)->uc_mcontext.arm_pc;
#else
  (void)context;
  const void* pc = NULL;
#endif
  if (signal == SIGUSR2) end("hang", "asked where it stands", pc);
  end(signal == SIGABRT ? "abort" : "crash", detail, pc);
}

/* The run asks where we stand: it is the thread with the turn that has to say. */
static void on_question(int signal, siginfo_t* info, void* context) {
  if (board_self() != NULL && board_has_turn()) on_signal(signal, info, context);
  board_signal_turn(signal);
}

void board_catch_faults(void) {
  static uint8_t stack[65536];
  const stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
  sigaltstack(&alternate, NULL);
  void* warm[1]; /* The unwinder loads its library on its first use. */
  backtrace(warm, 1);
  struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
  const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
  for (size_t i = 0; i < sizeof signals / sizeof signals[0]; ++i) sigaction(signals[i], &action, NULL);
  action.sa_sigaction = on_question;
  sigaction(SIGUSR2, &action, NULL);
}
