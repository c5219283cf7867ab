/* setsockopt, getsockopt, fcntl, ioctl and dup of sockets. */
#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/time.h>
#include <unistd.h>

#include "hil/shim/board/sockets.h"

static const int32_t kBufferBytes = kSocketBytesMax; /* The robot's, in either direction. */

/* What is kept and told back, and changes nothing on this network. */
static const struct {
  int level, name;
} kept_options[] = {
    {SOL_SOCKET, SO_REUSEADDR},  {SOL_SOCKET, SO_REUSEPORT},   {SOL_SOCKET, SO_KEEPALIVE},    {SOL_SOCKET, SO_SNDBUF},
    {SOL_SOCKET, SO_RCVBUF},     {SOL_SOCKET, SO_PRIORITY},    {SOL_SOCKET, SO_RCVLOWAT},     {SOL_SOCKET, SO_BROADCAST},
    {SOL_SOCKET, SO_BINDTODEVICE}, {SOL_SOCKET, SO_DONTROUTE}, {SOL_SOCKET, SO_OOBINLINE},    {SOL_SOCKET, SO_LINGER},
    {IPPROTO_TCP, TCP_NODELAY},  {IPPROTO_TCP, TCP_KEEPIDLE},  {IPPROTO_TCP, TCP_KEEPINTVL},  {IPPROTO_TCP, TCP_KEEPCNT},
    {IPPROTO_TCP, TCP_QUICKACK}, {IPPROTO_TCP, TCP_CORK},      {IPPROTO_TCP, TCP_MAXSEG},     {IPPROTO_TCP, TCP_USER_TIMEOUT},
    {IPPROTO_TCP, TCP_SYNCNT},   {IPPROTO_TCP, TCP_LINGER2},   {IPPROTO_TCP, TCP_DEFER_ACCEPT}, {IPPROTO_TCP, TCP_NOTSENT_LOWAT},
    {IPPROTO_IP, IP_TOS},        {IPPROTO_IP, IP_TTL},         {IPPROTO_IP, IP_MULTICAST_TTL}, {IPPROTO_IP, IP_MULTICAST_LOOP},
    {IPPROTO_IP, IP_MULTICAST_IF}, {IPPROTO_IP, IP_MTU_DISCOVER}, {IPPROTO_IP, IP_DROP_MEMBERSHIP}, {IPPROTO_IP, IP_MULTICAST_ALL},
};

static bool is_kept(int level, int name) {
  for (size_t i = 0; i < sizeof kept_options / sizeof kept_options[0]; ++i)
    if (kept_options[i].level == level && kept_options[i].name == name) return true;
  return false;
}

static int* find_option(board_socket* self, int level, int name) {
  for (size_t i = 0; i < self->option_count; ++i)
    if (self->options[i].level == level && self->options[i].name == name) return &self->options[i].value;
  return NULL;
}

static void keep_option(board_socket* self, int level, int name, int value) {
  int* kept = find_option(self, level, name);
  if (kept == NULL && self->option_count < kSocketOptionsMax) {
    self->options[self->option_count].level = level;
    self->options[self->option_count].name = name;
    kept = &self->options[self->option_count++].value;
  }
  if (kept != NULL) *kept = value;
}

static uint64_t timeout_of(const struct timeval* time) {
  const uint64_t us = (uint64_t)time->tv_sec * 1000000 + (uint64_t)time->tv_usec;
  return us == 0 ? DP_FOREVER : us;
}

static int set_timeout(uint64_t* timeout_us, const void* value, socklen_t bytes) {
  struct timeval time;
  if (bytes < sizeof time) return board_fail(EINVAL);
  memcpy(&time, value, sizeof time);
  if (time.tv_sec < 0 || time.tv_usec < 0 || time.tv_usec >= 1000000) return board_fail(EDOM);
  *timeout_us = timeout_of(&time);
  return 0;
}

static int join_group(board_socket* self, const void* value, socklen_t bytes) {
  struct ip_mreq request;
  if (bytes < sizeof request) return board_fail(EINVAL);
  memcpy(&request, value, sizeof request);
  const dp_status status =
      self->is_tcp ? DP_ERR_INVALID : board_socket_hal()->join_group(self->handle, ntohl(request.imr_multiaddr.s_addr));
  return status == DP_OK ? 0 : board_fail(board_errno_of(status));
}

int setsockopt(int fd, int level, int name, const void* value, socklen_t bytes) {
  SOCKET_OF(fd);
  if (self == NULL) return REAL(setsockopt)(fd, level, name, value, bytes);
  if (value == NULL) return board_fail(EFAULT);
  if (level == SOL_SOCKET && name == SO_RCVTIMEO) return set_timeout(&self->receive_timeout_us, value, bytes);
  if (level == SOL_SOCKET && name == SO_SNDTIMEO) return set_timeout(&self->send_timeout_us, value, bytes);
  if (level == IPPROTO_IP && name == IP_ADD_MEMBERSHIP) return join_group(self, value, bytes);
  if (!is_kept(level, name)) return board_fail(ENOPROTOOPT);
  int number = 0; /* Some are single bytes. */
  memcpy(&number, value, bytes < sizeof number ? bytes : sizeof number);
  if (level == SOL_SOCKET && name == SO_BROADCAST) self->may_broadcast = number != 0;
  keep_option(self, level, name, number);
  return 0;
}

static int give(void* out, socklen_t* bytes, const void* value, socklen_t size) {
  if (*bytes > size) *bytes = size;
  memcpy(out, value, *bytes);
  return 0;
}

static int give_number(void* out, socklen_t* bytes, int value) { return give(out, bytes, &value, sizeof value); }

static int give_timeout(void* out, socklen_t* bytes, uint64_t timeout_us) {
  const uint64_t us = timeout_us == DP_FOREVER ? 0 : timeout_us;
  const struct timeval time = {.tv_sec = (time_t)(us / 1000000), .tv_usec = (suseconds_t)(us % 1000000)};
  return give(out, bytes, &time, sizeof time);
}

static int give_error(board_socket* self, void* out, socklen_t* bytes) {
  if (self->state == kSocketConnecting) board_socket_pull(self, 0);
  const int error = self->error;
  self->error = 0;
  board_socket_show(self);
  return give_number(out, bytes, error);
}

static int give_of_socket(board_socket* self, int name, void* out, socklen_t* bytes) {
  switch (name) {
    case SO_ERROR: return give_error(self, out, bytes);
    case SO_TYPE: return give_number(out, bytes, self->is_tcp ? SOCK_STREAM : SOCK_DGRAM);
    case SO_DOMAIN: return give_number(out, bytes, AF_INET);
    case SO_PROTOCOL: return give_number(out, bytes, self->is_tcp ? IPPROTO_TCP : IPPROTO_UDP);
    case SO_ACCEPTCONN: return give_number(out, bytes, self->state == kSocketListening);
    case SO_RCVTIMEO: return give_timeout(out, bytes, self->receive_timeout_us);
    case SO_SNDTIMEO: return give_timeout(out, bytes, self->send_timeout_us);
    default: return board_fail(ENOPROTOOPT);
  }
}

int getsockopt(int fd, int level, int name, void* restrict out, socklen_t* restrict bytes) {
  SOCKET_OF(fd);
  if (self == NULL) return REAL(getsockopt)(fd, level, name, out, bytes);
  if (out == NULL || bytes == NULL) return board_fail(EFAULT);
  const int* kept = find_option(self, level, name);
  if (kept != NULL) return give_number(out, bytes, *kept);
  if (is_kept(level, name)) {
    const bool is_size = level == SOL_SOCKET && (name == SO_SNDBUF || name == SO_RCVBUF);
    return give_number(out, bytes, is_size ? kBufferBytes : 0);
  }
  return level == SOL_SOCKET ? give_of_socket(self, name, out, bytes) : board_fail(ENOPROTOOPT);
}

/* A second number for one socket would need a count of them. */
static bool copies(int command) { return command == F_DUPFD || command == F_DUPFD_CLOEXEC; }

int fcntl(int fd, int command, ...) {
  va_list list;
  va_start(list, command);
  void* argument = va_arg(list, void*);
  va_end(list);
  SOCKET_OF(fd);
  if (self != NULL && copies(command)) return board_fail(EMFILE);
  const int answer = REAL(fcntl)(fd, command, argument);
  if (self != NULL && command == F_SETFL && answer == 0) self->nonblocking = ((intptr_t)argument & O_NONBLOCK) != 0;
  return answer;
}

int fcntl64(int fd, int command, ...) __attribute__((alias("fcntl")));

int dup(int fd) { return board_is_socket(fd) ? board_fail(EMFILE) : REAL(dup)(fd); }

int dup2(int from, int to) {
  if (board_is_socket(from) && from != to) return board_fail(EMFILE);
  if (board_is_socket(to) && from != to) close(to);
  return REAL(dup2)(from, to);
}

int dup3(int from, int to, int flags) {
  if (board_is_socket(from)) return board_fail(EMFILE);
  if (board_is_socket(to)) close(to);
  return REAL(dup3)(from, to, flags);
}

static int count_input(board_socket* self, int* out) {
  board_socket_pull(self, 0);
  *out = self->input.is_there ? (int)(self->input.end - self->input.first) : 0;
  return 0;
}

int ioctl(int fd, unsigned long request, ...) {
  va_list list;
  va_start(list, request);
  void* argument = va_arg(list, void*);
  va_end(list);
  SOCKET_OF(fd);
  if (self == NULL) return REAL(ioctl)(fd, request, argument);
  if (request == FIONREAD) return count_input(self, argument);
  if (request == SIOCOUTQ) return *(int*)argument = 0;
  if (board_is_of_interfaces(request)) return board_ask_interfaces(request, argument);
  const int answer = REAL(ioctl)(fd, request, argument);
  if (request == FIONBIO && answer == 0) self->nonblocking = *(const int*)argument != 0;
  return answer;
}
