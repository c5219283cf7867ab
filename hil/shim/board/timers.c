/* timerfd: a timer is an eventfd, in which we count its expiries when somebody looks. In lockstep; in real time they are the kernel's. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "hil/shim/board/real.h"
#include "hil/shim/board/timers.h"

enum { kTimersMax = 64, kSecond = 1000000000 };

typedef struct timer {
  int fd; /* 0: a free place. */
  clockid_t clock;
  uint64_t at_ns, interval_ns; /* Of the run; 0: not set. */
} timer;

static timer timers[kTimersMax];

static timer* find(int fd) {
  for (size_t i = 0; fd > 0 && i < kTimersMax; ++i)
    if (timers[i].fd == fd) return &timers[i];
  return NULL;
}

bool board_is_timer(int fd) { return find(fd) != NULL; }

static int64_t to_ns(struct timespec time) { return time.tv_sec * (int64_t)kSecond + time.tv_nsec; }

static struct timespec to_timespec(uint64_t ns) {
  return (struct timespec){.tv_sec = (time_t)(ns / kSecond), .tv_nsec = (long)(ns % kSecond)};
}

static void count_expiries(timer* self) {
  const uint64_t now_ns = board_now_ns();
  if (self->fd == 0 || self->at_ns == 0 || self->at_ns > now_ns) return;
  const uint64_t more = self->interval_ns == 0 ? 0 : (now_ns - self->at_ns) / self->interval_ns;
  const uint64_t count = 1 + more;
  self->at_ns = self->interval_ns == 0 ? 0 : self->at_ns + count * self->interval_ns;
  if (REAL(write)(self->fd, &count, sizeof count) != sizeof count) self->at_ns = 0;
}

void board_timers_look(void) {
  for (size_t i = 0; i < kTimersMax; ++i) count_expiries(&timers[i]);
}

static uint64_t left_us(const timer* self) {
  const uint64_t now_ns = board_now_ns();
  return self->fd == 0 || self->at_ns == 0 ? DP_FOREVER : self->at_ns <= now_ns ? 0 : (self->at_ns - now_ns + 999) / 1000;
}

uint64_t board_timers_left_us(void) {
  uint64_t least_us = DP_FOREVER;
  for (size_t i = 0; i < kTimersMax; ++i) {
    const uint64_t us = left_us(&timers[i]);
    if (us < least_us) least_us = us;
  }
  return least_us;
}

static bool is_over(int fd) {
  struct pollfd look = {.fd = fd, .events = POLLIN};
  return REAL(poll)(&look, 1, 0) != 0;
}

void board_timer_await(int fd) {
  if ((REAL(fcntl)(fd, F_GETFL) & O_NONBLOCK) != 0) return;
  const timer* self;
  for (board_timers_look(); (self = find(fd)) != NULL && self->at_ns != 0 && !is_over(fd); board_timers_look()) {
    const struct timespec left = to_timespec(left_us(self) * 1000);
    nanosleep(&left, NULL);
  }
}

void board_timer_close(int fd) {
  timer* self = find(fd);
  if (self != NULL) memset(self, 0, sizeof *self);
}

int timerfd_create(int clock, int flags) {
  if (!is_firmware()) return REAL(timerfd_create)(clock, flags);
  timer* self = timers;
  while (self < timers + kTimersMax && self->fd != 0) ++self;
  if (self == timers + kTimersMax) {
    errno = EMFILE;
    return -1;
  }
  _Static_assert((int)TFD_NONBLOCK == EFD_NONBLOCK && (int)TFD_CLOEXEC == EFD_CLOEXEC, "flags of one are the other's");
  const int fd = eventfd(0, flags);
  if (fd > 0) *self = (timer){.fd = fd, .clock = clock};
  return fd;
}

static bool is_valid(const struct itimerspec* time) {
  const struct timespec* const both[] = {&time->it_value, &time->it_interval};
  for (int i = 0; i < 2; ++i)
    if (both[i]->tv_sec < 0 || both[i]->tv_sec > INT32_MAX || both[i]->tv_nsec < 0 || both[i]->tv_nsec >= kSecond) return false;
  return true;
}

static void forget_expiries(int fd) {
  uint64_t count;
  if (is_over(fd) && REAL(read)(fd, &count, sizeof count) < 0) errno = 0;
}

/* Its moment in the run; a timer of a moment that is past is over at once. */
static uint64_t moment(const timer* self, int flags, const struct timespec* value) {
  int64_t left_ns = to_ns(*value);
  if (left_ns == 0) return 0;
  struct timespec now;
  clock_gettime(self->clock, &now);
  if ((flags & TFD_TIMER_ABSTIME) != 0) left_ns -= to_ns(now);
  return board_now_ns() + (uint64_t)(left_ns > 0 ? left_ns : 0);
}

int timerfd_gettime(int fd, struct itimerspec* out) {
  const timer* self = find(fd);
  if (self == NULL) return REAL(timerfd_gettime)(fd, out);
  board_timers_look();
  const uint64_t now_ns = board_now_ns();
  out->it_interval = to_timespec(self->interval_ns);
  out->it_value = to_timespec(self->at_ns == 0 ? 0 : self->at_ns - now_ns);
  return 0;
}

int timerfd_settime(int fd, int flags, const struct itimerspec* time, struct itimerspec* before) {
  timer* self = find(fd);
  if (self == NULL) return REAL(timerfd_settime)(fd, flags, time, before);
  if (!is_valid(time)) {
    errno = EINVAL;
    return -1;
  }
  if (before != NULL) timerfd_gettime(fd, before);
  forget_expiries(fd);
  self->at_ns = moment(self, flags, &time->it_value);
  self->interval_ns = (uint64_t)to_ns(time->it_interval);
  return 0;
}
