/* Threads of the firmware's own, one at a time: they hand the turn over where they wait for one
 * another, in the order in which they came to wait. */
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <sched.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "hil/shim/board/real.h"

enum { kThreadsMax = 256 };

typedef struct thread {
  pthread_t id;
  board_task* task;
  void* (*run)(void*);
  void* argument;
  bool ended, used;
} thread;

static thread threads[kThreadsMax];
static __thread int inside;
static __thread bool own_thread;

void board_enter(void) { ++inside; }
void board_leave(void) { --inside; }
bool board_is_inside(void) { return inside > 0; }
bool board_is_own_thread(void) { return own_thread; }

static void end_thread(void* argument) {
  thread* self = argument;
  self->ended = true;
  board_unpark_all(self);
  board_task_end();
}

static void* run_thread(void* argument) {
  thread* self = argument;
  void* result;
  board_task_begin(self->task);
  pthread_cleanup_push(end_thread, self);
  result = self->run(self->argument);
  pthread_cleanup_pop(1);
  return result;
}

typedef struct own_start {
  void* (*run)(void*);
  void* argument;
} own_start;

static void* run_own(void* argument) {
  const own_start start = *(own_start*)argument;
  free(argument);
  own_thread = true;
  return start.run(start.argument);
}

static thread* free_slot(void) {
  for (size_t i = 0; i < kThreadsMax; ++i)
    if (!threads[i].used) return &threads[i];
  return NULL;
}

static int create_own(pthread_t* id, const pthread_attr_t* attributes, void* (*run)(void*), void* argument) {
  own_start* start = malloc(sizeof *start);
  if (start == NULL) return EAGAIN;
  *start = (own_start){run, argument};
  return REAL(pthread_create)(id, attributes, run_own, start);
}

int pthread_create(pthread_t* id, const pthread_attr_t* attributes, void* (*run)(void*), void* argument) {
  if (board.real_time && is_watched()) return REAL(pthread_create)(id, attributes, run, argument);
  if (!is_firmware()) return create_own(id, attributes, run, argument);
  thread* slot = free_slot();
  board_task* task = slot == NULL ? NULL : board_task_new("thread");
  if (task == NULL) return EAGAIN;
  *slot = (thread){.task = task, .run = run, .argument = argument, .used = true};
  board_tell(&(board_call){.function = dustproof_wire_Function_THREAD_START, BOARD_INTEGERS(task->number)});
  const int failed = REAL(pthread_create)(&slot->id, attributes, run_thread, slot);
  if (failed != 0) board_fault("abort", "the machine gives no thread");
  *id = slot->id;
  return 0;
}

int pthread_join(pthread_t id, void** result) {
  if (is_firmware()) {
    for (size_t i = 0; i < kThreadsMax; ++i) {
      thread* slot = &threads[i];
      if (!slot->used || !pthread_equal(slot->id, id)) continue;
      while (!slot->ended) board_park(slot, DP_FOREVER);
      slot->used = false;
    }
  }
  return BOARD_WAIT(REAL(pthread_join)(id, result));
}

/* Time left until a moment of a clock, microseconds, rounded up; 0 where it has passed. */
static uint64_t left_us(clockid_t clock, const struct timespec* until) {
  struct timespec now;
  clock_gettime(clock, &now);
  if (until->tv_sec - now.tv_sec > INT32_MAX) return DP_FOREVER;
  const int64_t ns = (until->tv_sec - now.tv_sec) * 1000000000LL + until->tv_nsec - now.tv_nsec;
  return ns <= 0 ? 0 : ((uint64_t)ns + 999) / 1000;
}

/* Tries until it is no longer busy or the time is out; whoever lets go of `thing` wakes us. */
#define ACQUIRE(thing, try, busy, until, timed_out)                       \
  while (true) {                                                          \
    const int answer = (try);                                             \
    if (answer != (busy)) return answer;                                  \
    const uint64_t wait_us = (until) == NULL ? DP_FOREVER : left_us(clock, until); \
    if (wait_us == 0) return (timed_out);                                 \
    board_park(thing, wait_us);                                           \
  }

static int lock(pthread_mutex_t* mutex, clockid_t clock, const struct timespec* until) {
  ACQUIRE(mutex, REAL(pthread_mutex_trylock)(mutex), EBUSY, until, ETIMEDOUT)
}

int pthread_mutex_lock(pthread_mutex_t* mutex) {
  if (!is_firmware()) LET_OTHERS_RUN(REAL(pthread_mutex_trylock)(mutex), EBUSY, REAL(pthread_mutex_lock)(mutex))
  return lock(mutex, CLOCK_REALTIME, NULL);
}

int pthread_mutex_timedlock(pthread_mutex_t* mutex, const struct timespec* until) {
  if (!is_firmware()) LET_OTHERS_RUN(REAL(pthread_mutex_trylock)(mutex), EBUSY, REAL(pthread_mutex_timedlock)(mutex, until))
  return lock(mutex, CLOCK_REALTIME, until);
}

int pthread_mutex_clocklock(pthread_mutex_t* mutex, clockid_t clock, const struct timespec* until) {
  if (!is_firmware()) LET_OTHERS_RUN(REAL(pthread_mutex_trylock)(mutex), EBUSY, REAL(pthread_mutex_clocklock)(mutex, clock, until))
  return lock(mutex, clock, until);
}

int pthread_mutex_unlock(pthread_mutex_t* mutex) {
  const int failed = REAL(pthread_mutex_unlock)(mutex);
  if (failed == 0 && is_firmware()) board_unpark_one(mutex);
  return failed;
}

static int wait(pthread_cond_t* condition, pthread_mutex_t* mutex, clockid_t clock, const struct timespec* until) {
  const uint64_t wait_us = until == NULL ? DP_FOREVER : left_us(clock, until);
  const int failed = pthread_mutex_unlock(mutex);
  if (failed != 0) return failed;
  const bool called = board_park(condition, wait_us);
  pthread_mutex_lock(mutex);
  return called ? 0 : ETIMEDOUT;
}

int pthread_cond_wait(pthread_cond_t* condition, pthread_mutex_t* mutex) {
  if (!is_firmware()) return BOARD_WAIT(REAL(pthread_cond_wait)(condition, mutex));
  return wait(condition, mutex, CLOCK_REALTIME, NULL);
}

int pthread_cond_timedwait(pthread_cond_t* restrict condition, pthread_mutex_t* restrict mutex,
                           const struct timespec* restrict until) {
  if (!is_firmware()) return BOARD_WAIT(REAL(pthread_cond_timedwait)(condition, mutex, until));
  /* Where pthread_condattr_setclock leaves its choice (glibc 2.36). */
  const bool monotonic = (condition->__data.__wrefs & 2) != 0;
  return wait(condition, mutex, monotonic ? CLOCK_MONOTONIC : CLOCK_REALTIME, until);
}

int pthread_cond_clockwait(pthread_cond_t* condition, pthread_mutex_t* mutex, clockid_t clock,
                           const struct timespec* until) {
  if (!is_firmware()) return BOARD_WAIT(REAL(pthread_cond_clockwait)(condition, mutex, clock, until));
  return wait(condition, mutex, clock, until);
}

int pthread_cond_signal(pthread_cond_t* condition) {
  if (!is_firmware()) return REAL(pthread_cond_signal)(condition);
  board_unpark_one(condition);
  return 0;
}

int pthread_cond_broadcast(pthread_cond_t* condition) {
  if (!is_firmware()) return REAL(pthread_cond_broadcast)(condition);
  board_unpark_all(condition);
  return 0;
}

static int lock_to_read(pthread_rwlock_t* lock, clockid_t clock, const struct timespec* until) {
  ACQUIRE(lock, REAL(pthread_rwlock_tryrdlock)(lock), EBUSY, until, ETIMEDOUT)
}

static int lock_to_write(pthread_rwlock_t* lock, clockid_t clock, const struct timespec* until) {
  ACQUIRE(lock, REAL(pthread_rwlock_trywrlock)(lock), EBUSY, until, ETIMEDOUT)
}

int pthread_rwlock_rdlock(pthread_rwlock_t* lock) {
  if (!is_firmware()) LET_OTHERS_RUN(REAL(pthread_rwlock_tryrdlock)(lock), EBUSY, REAL(pthread_rwlock_rdlock)(lock))
  return lock_to_read(lock, CLOCK_REALTIME, NULL);
}

int pthread_rwlock_timedrdlock(pthread_rwlock_t* restrict lock, const struct timespec* restrict until) {
  if (!is_firmware()) LET_OTHERS_RUN(REAL(pthread_rwlock_tryrdlock)(lock), EBUSY, REAL(pthread_rwlock_timedrdlock)(lock, until))
  return lock_to_read(lock, CLOCK_REALTIME, until);
}

int pthread_rwlock_clockrdlock(pthread_rwlock_t* restrict lock, clockid_t clock, const struct timespec* restrict until) {
  if (!is_firmware()) LET_OTHERS_RUN(REAL(pthread_rwlock_tryrdlock)(lock), EBUSY, REAL(pthread_rwlock_clockrdlock)(lock, clock, until))
  return lock_to_read(lock, clock, until);
}

int pthread_rwlock_wrlock(pthread_rwlock_t* lock) {
  if (!is_firmware()) LET_OTHERS_RUN(REAL(pthread_rwlock_trywrlock)(lock), EBUSY, REAL(pthread_rwlock_wrlock)(lock))
  return lock_to_write(lock, CLOCK_REALTIME, NULL);
}

int pthread_rwlock_timedwrlock(pthread_rwlock_t* restrict lock, const struct timespec* restrict until) {
  if (!is_firmware()) LET_OTHERS_RUN(REAL(pthread_rwlock_trywrlock)(lock), EBUSY, REAL(pthread_rwlock_timedwrlock)(lock, until))
  return lock_to_write(lock, CLOCK_REALTIME, until);
}

int pthread_rwlock_clockwrlock(pthread_rwlock_t* restrict lock, clockid_t clock, const struct timespec* restrict until) {
  if (!is_firmware()) LET_OTHERS_RUN(REAL(pthread_rwlock_trywrlock)(lock), EBUSY, REAL(pthread_rwlock_clockwrlock)(lock, clock, until))
  return lock_to_write(lock, clock, until);
}

int pthread_rwlock_unlock(pthread_rwlock_t* lock) {
  const int failed = REAL(pthread_rwlock_unlock)(lock);
  if (failed == 0 && is_firmware()) board_unpark_all(lock);
  return failed;
}

static int try_semaphore(sem_t* semaphore) {
  if (REAL(sem_trywait)(semaphore) == 0) return 0;
  return errno == EAGAIN ? EAGAIN : -1;
}

static int take(sem_t* semaphore, clockid_t clock, const struct timespec* until) {
  ACQUIRE(semaphore, try_semaphore(semaphore), EAGAIN, until, ETIMEDOUT)
}

static int posix_answer(int answer) {
  if (answer > 0) errno = answer;
  return answer == 0 ? 0 : -1;
}

int sem_wait(sem_t* semaphore) {
  if (!is_firmware()) LET_OTHERS_RUN(try_semaphore(semaphore), EAGAIN, REAL(sem_wait)(semaphore))
  return posix_answer(take(semaphore, CLOCK_REALTIME, NULL));
}

int sem_timedwait(sem_t* restrict semaphore, const struct timespec* restrict until) {
  if (!is_firmware()) LET_OTHERS_RUN(try_semaphore(semaphore), EAGAIN, REAL(sem_timedwait)(semaphore, until))
  return posix_answer(take(semaphore, CLOCK_REALTIME, until));
}

int sem_clockwait(sem_t* semaphore, clockid_t clock, const struct timespec* until) {
  if (!is_firmware()) LET_OTHERS_RUN(try_semaphore(semaphore), EAGAIN, REAL(sem_clockwait)(semaphore, clock, until))
  return posix_answer(take(semaphore, clock, until));
}

int sem_post(sem_t* semaphore) {
  const int failed = REAL(sem_post)(semaphore);
  if (failed == 0 && is_firmware()) board_unpark_one(semaphore);
  return failed;
}

int sched_yield(void) {
  if (!is_firmware()) return BOARD_WAIT(REAL(sched_yield)());
  board_ask(&(board_call){.function = dustproof_wire_Function_TASK_YIELD});
  return 0;
}

static long futex(uint32_t* word, int operation, uint32_t value, const struct timespec* time, long* answer) {
  const int command = operation & FUTEX_CMD_MASK;
  if (command == FUTEX_WAIT || command == FUTEX_WAIT_BITSET) {
    *answer = -1;
    if (__atomic_load_n(word, __ATOMIC_SEQ_CST) != value) {
      errno = EAGAIN;
      return true;
    }
    uint64_t wait_us = DP_FOREVER;
    if (time != NULL && command == FUTEX_WAIT) {
      wait_us = (uint64_t)time->tv_sec * 1000000 + ((uint64_t)time->tv_nsec + 999) / 1000;
    } else if (time != NULL) {
      wait_us = left_us((operation & FUTEX_CLOCK_REALTIME) != 0 ? CLOCK_REALTIME : CLOCK_MONOTONIC, time);
    }
    if (board_park(word, wait_us))
      *answer = 0;
    else
      errno = ETIMEDOUT;
    return true;
  }
  if (command == FUTEX_WAKE || command == FUTEX_WAKE_BITSET) {
    for (uint32_t i = 0; i < value && i < BOARD_TASKS_MAX; ++i) board_unpark_one(word);
    *answer = 0;
    return true;
  }
  return false;
}

/* std::atomic::wait and its kin come this way. */
long syscall(long number, ...) {
  va_list list;
  va_start(list, number);
  long a[6];
  for (int i = 0; i < 6; ++i) a[i] = va_arg(list, long);
  va_end(list);
  long answer;
  if (is_firmware() && number == SYS_futex &&
      futex((uint32_t*)a[0], (int)a[1], (uint32_t)a[2], (const struct timespec*)a[3], &answer))
    return answer;
  const bool waits = number == SYS_futex && (((int)a[1] & FUTEX_CMD_MASK) == FUTEX_WAIT || ((int)a[1] & FUTEX_CMD_MASK) == FUTEX_WAIT_BITSET);
  if (!waits) return REAL(syscall)(number, a[0], a[1], a[2], a[3], a[4], a[5]);
  return BOARD_WAIT(REAL(syscall)(number, a[0], a[1], a[2], a[3], a[4], a[5]));
}
