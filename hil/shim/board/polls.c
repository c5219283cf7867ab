/* Waiting for descriptors: poll, select, epoll and their kin. */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "hil/shim/board/real.h"
#include "hil/shim/board/sockets_ready.h"
#include "hil/shim/board/timers.h"

enum { kDescriptorsMax = 1024 };

/* How long what is waited for may stay unseen, microseconds. */
enum {
  kUnseenUs = 1000, /* Other threads do with it what we don't see. */
  kSeenUs = 20000   /* We see what they write by the C library's functions, hence nearly always. */
};
static const uint64_t kToldUs = DP_FOREVER; /* Of sockets the run tells, and timers have theirs. */

/* What tells of a descriptor, as one of these. */
static uint64_t step_of(int fd) {
  if (board_is_socket(fd) || board_is_timer(fd)) return kToldUs;
  struct stat status;
  if (board.real_time || fstat(fd, &status) != 0) return kUnseenUs;
  if (S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode)) return kSeenUs;
  char path[32], name[32];
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  const ssize_t bytes = readlink(path, name, sizeof name);
  const char event[] = "anon_inode:[eventfd]";
  return bytes == sizeof event - 1 && memcmp(name, event, sizeof event - 1) == 0 ? kSeenUs : kUnseenUs;
}

static uint64_t shorter(uint64_t one, uint64_t other) { return one < other ? one : other; }

static void pause_for(uint64_t left_us, uint64_t step_us) {
  step_us = shorter(shorter(left_us, board_timers_left_us()), board_has_sockets() ? step_us : kUnseenUs);
  if (board_has_sockets())
    board_sockets_wait(step_us);
  else
    usleep((useconds_t)step_us);
}

static uint64_t end_ns(uint64_t timeout_us) {
  return timeout_us > INT64_MAX / 1000 ? UINT64_MAX : board_now_ns() + timeout_us * 1000;
}

static uint64_t left_us(uint64_t until_ns) {
  const uint64_t now_ns = board_now_ns();
  return until_ns == UINT64_MAX ? DP_FOREVER : until_ns <= now_ns ? 0 : (until_ns - now_ns + 999) / 1000;
}

/* Asks until something is ready or the time is out. That of a socket is heard of where the run is asked. */
#define ASK_AGAIN(ask, timeout_us, step_us)                     \
  const uint64_t until_ns = end_ns(timeout_us);                 \
  for (bool first = true;; first = false) {                     \
    board_timers_look();                                        \
    if (board_has_sockets()) board_sockets_look();              \
    const int ready = (ask);                                    \
    const uint64_t left = left_us(until_ns);                    \
    const bool has_heard = !board_has_sockets() || !first;      \
    if (ready != 0 || (left == 0 && has_heard)) return ready;   \
    pause_for(left, step_us);                                   \
  }

/* Whether the kernel alone can answer, in real time. */
static bool is_the_kernels(void) { return !is_firmware() && !(board_has_sockets() && is_watched()); }

static uint64_t milliseconds(int timeout_ms) {
  return timeout_ms < 0 ? DP_FOREVER : (uint64_t)timeout_ms * 1000;
}

static uint64_t microseconds(const struct timespec* time) {
  return time == NULL ? DP_FOREVER : (uint64_t)time->tv_sec * 1000000 + ((uint64_t)time->tv_nsec + 999) / 1000;
}

static uint64_t step_of_all(const struct pollfd* fds, nfds_t count) {
  uint64_t step_us = kToldUs;
  for (nfds_t i = 0; i < count; ++i)
    if (fds[i].fd >= 0) step_us = shorter(step_us, step_of(fds[i].fd));
  return step_us;
}

int poll(struct pollfd* fds, nfds_t count, int timeout_ms) {
  if (is_the_kernels()) LET_OTHERS_RUN(REAL(poll)(fds, count, 0), 0, REAL(poll)(fds, count, timeout_ms))
  ASK_AGAIN(REAL(poll)(fds, count, 0), milliseconds(timeout_ms), step_of_all(fds, count))
}

/* Nobody sends firmware a signal while it waits: masks change nothing. */
int ppoll(struct pollfd* fds, nfds_t count, const struct timespec* timeout, const sigset_t* mask) {
  if (is_the_kernels()) LET_OTHERS_RUN(REAL(poll)(fds, count, 0), 0, REAL(ppoll)(fds, count, timeout, mask))
  ASK_AGAIN(REAL(poll)(fds, count, 0), microseconds(timeout), step_of_all(fds, count))
}

/* How many descriptors of an epoll are seen, or not. One that is closed and not taken out still counts. */
static struct {
  uint16_t seen, unseen;
} watched[kDescriptorsMax];

int epoll_ctl(int epoll, int operation, int fd, struct epoll_event* event) {
  const uint64_t step_us = step_of(fd);
  const int answer = REAL(epoll_ctl)(epoll, operation, fd, event);
  if (answer != 0 || epoll >= kDescriptorsMax || step_us == kToldUs) return answer;
  uint16_t* count = step_us == kSeenUs ? &watched[epoll].seen : &watched[epoll].unseen;
  if (operation == EPOLL_CTL_ADD) ++*count;
  if (operation == EPOLL_CTL_DEL && *count > 0) --*count;
  return answer;
}

static uint64_t step_of_epoll(int epoll) {
  if (epoll < 0 || epoll >= kDescriptorsMax || watched[epoll].unseen > 0) return kUnseenUs;
  return watched[epoll].seen > 0 ? kSeenUs : kToldUs;
}

int epoll_pwait(int epoll, struct epoll_event* events, int count, int timeout_ms, const sigset_t* mask) {
  if (is_the_kernels())
    LET_OTHERS_RUN(REAL(epoll_wait)(epoll, events, count, 0), 0, REAL(epoll_pwait)(epoll, events, count, timeout_ms, mask))
  return epoll_wait(epoll, events, count, timeout_ms);
}

int epoll_wait(int epoll, struct epoll_event* events, int count, int timeout_ms) {
  if (is_the_kernels()) LET_OTHERS_RUN(REAL(epoll_wait)(epoll, events, count, 0), 0, REAL(epoll_wait)(epoll, events, count, timeout_ms))
  ASK_AGAIN(REAL(epoll_wait)(epoll, events, count, 0), milliseconds(timeout_ms), step_of_epoll(epoll))
}

typedef struct wanted {
  fd_set sets[3];
  fd_set* given[3];
} wanted;

static uint64_t step_of_wanted(const wanted* from, int count) {
  uint64_t step_us = kToldUs;
  for (int i = 0; i < 3; ++i)
    for (int fd = 0; from->given[i] != NULL && fd < count; ++fd)
      if (FD_ISSET(fd, &from->sets[i])) step_us = shorter(step_us, step_of(fd));
  return step_us;
}

static int select_now(const wanted* from, int count) {
  for (int i = 0; i < 3; ++i)
    if (from->given[i] != NULL) *from->given[i] = from->sets[i];
  struct timeval now = {0};
  return REAL(select)(count, from->given[0], from->given[1], from->given[2], &now);
}

static int select_for(int count, fd_set* in, fd_set* out, fd_set* errors, uint64_t timeout_us) {
  wanted want = {.given = {in, out, errors}};
  for (int i = 0; i < 3; ++i)
    if (want.given[i] != NULL) want.sets[i] = *want.given[i];
  ASK_AGAIN(select_now(&want, count), timeout_us, step_of_wanted(&want, count))
}

int select(int count, fd_set* restrict in, fd_set* restrict out, fd_set* restrict errors, struct timeval* restrict timeout) {
  if (is_the_kernels()) return BOARD_WAIT(REAL(select)(count, in, out, errors, timeout));
  return select_for(count, in, out, errors,
                    timeout == NULL ? DP_FOREVER : (uint64_t)timeout->tv_sec * 1000000 + (uint64_t)timeout->tv_usec);
}

int pselect(int count, fd_set* restrict in, fd_set* restrict out, fd_set* restrict errors,
            const struct timespec* restrict timeout, const sigset_t* restrict mask) {
  if (is_the_kernels()) return BOARD_WAIT(REAL(pselect)(count, in, out, errors, timeout, mask));
  return select_for(count, in, out, errors, microseconds(timeout));
}

/* What compilers make of these where they are told to check sizes (_FORTIFY_SOURCE). */
_Noreturn void __chk_fail(void);

int __poll_chk(struct pollfd* fds, nfds_t count, int timeout_ms, size_t room) {
  if (count > room / sizeof *fds) __chk_fail();
  return poll(fds, count, timeout_ms);
}

int __ppoll_chk(struct pollfd* fds, nfds_t count, const struct timespec* timeout, const sigset_t* mask, size_t room) {
  if (count > room / sizeof *fds) __chk_fail();
  return ppoll(fds, count, timeout, mask);
}
