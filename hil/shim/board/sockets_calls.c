/* socket, connect, bind, listen, accept, shutdown, close and their kin. */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "hil/shim/board/sockets.h"
#include "hil/shim/board/timers.h"

enum { kOwnPortFirst = 32768, kOwnPortLast = 49151 }; /* The network's own choices begin behind. */

static const char* name_of_family(int domain) {
  switch (domain) {
    case AF_INET: return "AF_INET";
    case AF_UNIX: return "AF_UNIX";
    case AF_NETLINK: return "AF_NETLINK";
    case AF_PACKET: return "AF_PACKET";
    default: return "another family";
  }
}

static int refuse(int domain, const char* kind) {
  char what[64];
  snprintf(what, sizeof what, "socket(%s%s)", name_of_family(domain), kind);
  return board_refuse(what);
}

static bool is_served(int kind, int protocol) {
  return kind == SOCK_STREAM ? protocol == 0 || protocol == IPPROTO_TCP
                             : kind == SOCK_DGRAM && (protocol == 0 || protocol == IPPROTO_UDP);
}

/* Asks the HAL for a socket where there is none: at first, and after a connect that failed. */
static bool has_handle(board_socket* self) {
  if (self->handle > 0) return true;
  const int32_t handle = board_socket_hal()->open(self->is_tcp ? DP_SOCKET_TCP : DP_SOCKET_UDP);
  if (handle > 0) self->handle = handle;
  if (handle <= 0) errno = board_errno_of(handle);
  return handle > 0;
}

int socket(int domain, int type, int protocol) {
  if (!is_confined()) return REAL(socket)(domain, type, protocol);
  const int kind = type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (domain == AF_INET6) return board_fail(EAFNOSUPPORT); /* As a kernel without it: libraries try. */
  if (domain != AF_INET) return refuse(domain, "");
  if (!is_served(kind, protocol)) return refuse(domain, ", raw or another protocol");
  if (board_socket_hal() == NULL) return board_fail(EAFNOSUPPORT);
  board_socket* self = board_socket_new(kind == SOCK_STREAM, type, 0);
  if (self == NULL) return -1;
  const int fd = self->fd;
  const bool opened = has_handle(self);
  if (!opened) board_socket_close(self);
  board_socket_done(&self);
  return opened ? fd : -1;
}

dp_endpoint board_endpoint(const struct sockaddr* address) {
  const struct sockaddr_in* internet = (const struct sockaddr_in*)(const void*)address;
  return (dp_endpoint){ntohl(internet->sin_addr.s_addr), ntohs(internet->sin_port)};
}

void board_give_address(dp_endpoint from, struct sockaddr* address, socklen_t* bytes) {
  if (address == NULL || bytes == NULL) return;
  const struct sockaddr_in internet = {
      .sin_family = AF_INET, .sin_port = htons(from.port), .sin_addr.s_addr = htonl(from.address)};
  memcpy(address, &internet, *bytes < sizeof internet ? *bytes : sizeof internet);
  *bytes = sizeof internet;
}

/* 0, or errno. */
static int check_address(const struct sockaddr* address, socklen_t bytes) {
  if (address == NULL || bytes < sizeof(struct sockaddr_in)) return EINVAL;
  return address->sa_family == AF_INET ? 0 : EAFNOSUPPORT;
}

static int connect_datagrams(board_socket* self, const struct sockaddr* address, socklen_t bytes) {
  if (address != NULL && address->sa_family == AF_UNSPEC) {
    self->state = kSocketIdle;
    return 0;
  }
  const int bad = check_address(address, bytes);
  if (bad != 0) return board_fail(bad);
  self->peer = board_endpoint(address);
  self->state = kSocketConnected;
  return 0;
}

static int take_error(board_socket* self) {
  const int error = self->error;
  self->error = 0;
  board_socket_show(self);
  return error;
}

int connect(int fd, const struct sockaddr* address, socklen_t bytes) {
  SOCKET_OF(fd);
  if (self == NULL) return REAL(connect)(fd, address, bytes);
  if (!self->is_tcp) return connect_datagrams(self, address, bytes);
  if (self->state == kSocketConnected || self->state == kSocketListening || self->state == kSocketEnded) return board_fail(EISCONN);
  if (self->error != 0) return board_fail(take_error(self));
  if (self->state != kSocketConnecting) {
    const int bad = check_address(address, bytes);
    if (bad != 0) return board_fail(bad);
    if (!has_handle(self)) return -1;
    self->peer = board_endpoint(address);
    self->connect_ns = board_now_ns();
    self->state = kSocketConnecting;
  } else if (self->nonblocking) {
    return board_fail(EALREADY);
  }
  board_socket_pull(self, board_socket_patience(self, 0, self->send_timeout_us));
  board_socket_show(self);
  if (self->state == kSocketConnected) return 0;
  return board_fail(self->state == kSocketConnecting ? EINPROGRESS : take_error(self));
}

/* Binds the HAL's socket; a port of 0 becomes one of our choice, since the HAL does not tell its own. */
static int claim_port(board_socket* self) {
  static uint16_t next = kOwnPortFirst;
  for (int tries = 0; tries <= kOwnPortLast - kOwnPortFirst; ++tries) {
    const uint16_t port = self->own.port != 0 ? self->own.port : next;
    if (self->own.port == 0) next = next == kOwnPortLast ? kOwnPortFirst : (uint16_t)(next + 1);
    const dp_status status = board_socket_hal()->bind(self->handle, port);
    if (status == DP_ERR_REFUSED && self->own.port == 0) continue;
    if (status != DP_OK) return board_fail(status == DP_ERR_REFUSED ? EADDRINUSE : board_errno_of(status));
    self->own.port = port;
    return 0;
  }
  return board_fail(EADDRINUSE);
}

static uint32_t wifi_address(void) {
  const dp_wifi_v1* wifi = dp_hal_query(DP_WIFI, 1);
  return wifi == NULL ? 0 : wifi->address();
}

static bool is_listened_on(uint16_t port) {
  bool found = false;
  board_socket* other;
  for (int next = 0; (other = board_socket_next(&next)) != NULL; board_socket_done(&other))
    found = found || (other->state == kSocketListening && other->own.port == port);
  return found;
}

int bind(int fd, const struct sockaddr* address, socklen_t bytes) {
  SOCKET_OF(fd);
  if (self == NULL) return REAL(bind)(fd, address, bytes);
  const int bad = check_address(address, bytes);
  if (bad != 0) return board_fail(bad);
  if (self->own.port != 0 || self->state == kSocketEnded) return board_fail(EINVAL);
  const dp_endpoint own = board_endpoint(address);
  const bool is_group = own.address >> 28 == 0xE || own.address == UINT32_MAX;
  if (own.address != 0 && own.address >> 24 != 127 && !(is_group && !self->is_tcp) && own.address != wifi_address())
    return board_fail(EADDRNOTAVAIL);
  self->own = own;
  if (!self->is_tcp) {
    if (claim_port(self) == 0) return 0;
    self->own = (dp_endpoint){0, 0};
    return -1;
  }
  /* With the HAL one that is bound listens: that waits for listen(). */
  if (own.port == 0 || !is_listened_on(own.port)) return 0;
  self->own = (dp_endpoint){0, 0};
  return board_fail(EADDRINUSE);
}

int listen(int fd, int backlog) {
  SOCKET_OF(fd);
  if (self == NULL) return REAL(listen)(fd, backlog);
  if (!self->is_tcp) return board_fail(EOPNOTSUPP);
  if (self->state == kSocketListening) return 0;
  if (self->state != kSocketIdle) return board_fail(EINVAL);
  if (!has_handle(self) || claim_port(self) != 0) return -1;
  self->state = kSocketListening;
  board_socket_show(self);
  return 0;
}

static int give_connection(board_socket* listener, struct sockaddr* address, socklen_t* bytes, int flags) {
  board_socket* made = board_socket_new(true, flags, listener->input.connection);
  if (made == NULL) return -1;
  made->state = kSocketConnected;
  made->peer = listener->input.from;
  made->own.port = listener->own.port;
  const int fd = made->fd;
  board_socket_done(&made);
  board_give_address(listener->input.from, address, bytes);
  listener->input.connection = 0;
  listener->input.is_there = false;
  board_socket_show(listener);
  return fd;
}

int accept4(int fd, struct sockaddr* address, socklen_t* bytes, int flags) {
  SOCKET_OF(fd);
  if (self == NULL) return REAL(accept4)(fd, address, bytes, flags);
  if (!self->is_tcp) return board_fail(EOPNOTSUPP);
  if (self->state != kSocketListening) return board_fail(EINVAL);
  board_socket_pull(self, board_socket_patience(self, 0, self->receive_timeout_us));
  if (self->input.is_there) return give_connection(self, address, bytes, flags);
  return board_fail(self->closed ? EBADF : EAGAIN);
}

int accept(int fd, struct sockaddr* address, socklen_t* bytes) { return accept4(fd, address, bytes, 0); }

/* The HAL ends both directions at once: the peer hears of a half that is shut down when the other one is. */
int shutdown(int fd, int how) {
  SOCKET_OF(fd);
  if (self == NULL) return (int)board_has_written(REAL(shutdown)(fd, how));
  if (how < SHUT_RD || how > SHUT_RDWR) return board_fail(EINVAL);
  if (self->state != kSocketConnected && self->state != kSocketListening) return board_fail(ENOTCONN);
  self->reads_no_more = self->reads_no_more || how != SHUT_WR;
  self->writes_no_more = self->writes_no_more || how != SHUT_RD;
  if (self->is_tcp && self->reads_no_more && (self->writes_no_more || self->state == kSocketListening)) {
    self->state = kSocketEnded;
    self->input.is_there = false;
    self->input.at_end = true;
    board_socket_drop_handle(self);
  }
  board_socket_show(self);
  return 0;
}

int close(int fd) {
  SOCKET_OF(fd);
  if (self == NULL) board_timer_close(fd);
  if (self == NULL) return (int)board_has_written(REAL(close)(fd));
  board_socket_close(self);
  return 0;
}

int getsockname(int fd, struct sockaddr* address, socklen_t* bytes) {
  SOCKET_OF(fd);
  if (self == NULL) return REAL(getsockname)(fd, address, bytes);
  dp_endpoint own = self->own;
  if (self->state == kSocketConnected && own.address == 0) own.address = wifi_address();
  board_give_address(own, address, bytes);
  return 0;
}

int getpeername(int fd, struct sockaddr* address, socklen_t* bytes) {
  SOCKET_OF(fd);
  if (self == NULL) return REAL(getpeername)(fd, address, bytes);
  if (self->state != kSocketConnected) return board_fail(ENOTCONN);
  board_give_address(self->peer, address, bytes);
  return 0;
}
