/* More of what threads of one firmware wait for: barriers, first-time calls, spin locks. */
#include <errno.h>

#include "hil/shim/board/real.h"

/* The beginning of the C library's own (glibc 2.36), whose functions make and end it. */
typedef struct barrier {
  unsigned waiting, round, count;
} barrier;

int pthread_barrier_wait(pthread_barrier_t* object) {
  if (!is_firmware()) return BOARD_WAIT(REAL(pthread_barrier_wait)(object));
  barrier* self = (barrier*)object;
  const unsigned round = self->round;
  if (++self->waiting == self->count) {
    self->waiting = 0;
    ++self->round;
    board_unpark_all(object);
    return PTHREAD_BARRIER_SERIAL_THREAD;
  }
  while (self->round == round) board_park(object, DP_FOREVER);
  return 0;
}

/* As the C library marks them, so that a thread that is none of the firmware's agrees. */
enum { kNew = 0, kRuns = 1, kDone = 2 };

static void end_once(pthread_once_t** control) {
  if (**control == kRuns) **control = kNew; /* It was left by an exception: the next one tries again. */
  board_unpark_all(*control);
}

static void run_once(pthread_once_t* control, void (*run)(void)) {
  __attribute__((cleanup(end_once))) pthread_once_t* ends = control;
  *ends = kRuns;
  run();
  *ends = kDone;
}

int pthread_once(pthread_once_t* control, void (*run)(void)) {
  if (!is_firmware())
    return *control == kNew || *control == kDone ? REAL(pthread_once)(control, run) : BOARD_WAIT(REAL(pthread_once)(control, run));
  while (*control != kDone && *control != kNew) board_park(control, DP_FOREVER);
  if (*control == kNew) run_once(control, run);
  return 0;
}

int pthread_spin_lock(pthread_spinlock_t* lock) {
  if (!is_firmware()) return BOARD_WAIT(REAL(pthread_spin_lock)(lock));
  while (REAL(pthread_spin_trylock)(lock) == EBUSY) board_park((const void*)lock, DP_FOREVER);
  return 0;
}

int pthread_spin_unlock(pthread_spinlock_t* lock) {
  const int failed = REAL(pthread_spin_unlock)(lock);
  if (failed == 0 && is_firmware()) board_unpark_one((const void*)lock);
  return failed;
}
