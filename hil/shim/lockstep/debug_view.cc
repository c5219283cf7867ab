#include "hil/shim/lockstep/debug_view.h"

#pragma GCC visibility push(default)
extern "C" {

DustproofDebugView dustproof_debug_view = {1, 0, nullptr, nullptr, nullptr, nullptr, nullptr, {}};

[[gnu::noinline]] void dustproof_stop(void) {
  __asm__ volatile("" ::: "memory");  // Else calls to an empty function are left out.
}
}
#pragma GCC visibility pop
