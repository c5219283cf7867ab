/* Functions of the C library behind ours of the same name, and when ours step in. */
#ifndef DUSTPROOF_BOARD_REAL_H
#define DUSTPROOF_BOARD_REAL_H

#include <dlfcn.h>

#include "hil/shim/board/board.h"

#define REAL(name)                                            \
  ({                                                          \
    static __typeof__(&name) found;                           \
    if (found == NULL) *(void**)&found = dlsym(RTLD_NEXT, #name); \
    found;                                                    \
  })

/* In real time: what needs no wait hands over to nobody. */
#define LET_OTHERS_RUN(try, busy, wait)  \
  {                                      \
    if (!board_may_let_go()) return (wait); \
    const int at_once = (try);           \
    if (at_once != (busy)) return at_once; \
    return BOARD_WAIT(wait);             \
  }

/* In lockstep firmware's code runs in this thread, and has the turn. */
static inline bool is_firmware(void) {
  return !board.real_time && board_self() != NULL && !board_is_inside();
}
/* A thread of the shim's or of a library that it uses. */
bool board_is_own_thread(void);
/* The call that this function stands in was the firmware's, in either kind of time. */
static inline bool is_watched(void) {
  return board.real_time ? !board_is_own_thread() && !board_is_inside() : is_firmware();
}
/* The same, where the HAL is the only way out. */
static inline bool is_confined(void) { return !board.own_network && is_watched(); }

#endif
