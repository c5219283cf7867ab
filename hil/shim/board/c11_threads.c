/* <threads.h>: the C library's mutexes and conditions behind these names are those of <pthread.h>. */
#include <errno.h>
#include <sched.h>
#include <stdint.h>
#include <threads.h>
#include <time.h>

#include "hil/shim/board/real.h"

static int status_of(int error) {
  return error == 0           ? thrd_success
         : error == EBUSY     ? thrd_busy
         : error == ETIMEDOUT ? thrd_timedout
         : error == EAGAIN    ? thrd_nomem
                              : thrd_error;
}

/* What it returns stands in the same register, whatever its width. */
typedef void* (*pthread_start)(void*);

int thrd_create(thrd_t* thread, thrd_start_t run, void* argument) {
  return status_of(pthread_create(thread, NULL, (pthread_start)(void (*)(void))run, argument));
}

int thrd_join(thrd_t thread, int* result) {
  void* value = NULL;
  const int status = status_of(pthread_join(thread, &value));
  if (result != NULL) *result = (int)(intptr_t)value;
  return status;
}

int thrd_sleep(const struct timespec* time, struct timespec* left) {
  const int error = clock_nanosleep(CLOCK_REALTIME, 0, time, left);
  return error == 0 ? 0 : error == EINTR ? -1 : -2;
}

void thrd_yield(void) { sched_yield(); }

int mtx_lock(mtx_t* mutex) { return status_of(pthread_mutex_lock((pthread_mutex_t*)mutex)); }

int mtx_timedlock(mtx_t* restrict mutex, const struct timespec* restrict until) {
  return status_of(pthread_mutex_timedlock((pthread_mutex_t*)mutex, until));
}

int mtx_unlock(mtx_t* mutex) { return status_of(pthread_mutex_unlock((pthread_mutex_t*)mutex)); }

int cnd_wait(cnd_t* condition, mtx_t* mutex) {
  return status_of(pthread_cond_wait((pthread_cond_t*)condition, (pthread_mutex_t*)mutex));
}

int cnd_timedwait(cnd_t* restrict condition, mtx_t* restrict mutex, const struct timespec* restrict until) {
  return status_of(pthread_cond_timedwait((pthread_cond_t*)condition, (pthread_mutex_t*)mutex, until));
}

int cnd_signal(cnd_t* condition) { return status_of(pthread_cond_signal((pthread_cond_t*)condition)); }

int cnd_broadcast(cnd_t* condition) { return status_of(pthread_cond_broadcast((pthread_cond_t*)condition)); }

void call_once(once_flag* flag, void (*run)(void)) { pthread_once((pthread_once_t*)flag, run); }
