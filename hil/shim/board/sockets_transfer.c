/* Bytes and datagrams, in the C library's many ways. */
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/uio.h>
#include <unistd.h>

#include "hil/shim/board/sockets.h"
#include "hil/shim/board/timers.h"

enum { kDatagramBytesMax = 1472 };

/* What a firmware gives or takes at once, in parts. */
typedef struct parts {
  const struct iovec* first;
  size_t count;
} parts;

static size_t size_of(parts data) {
  size_t bytes = 0;
  for (size_t i = 0; i < data.count; ++i) bytes += data.first[i].iov_len;
  return bytes;
}

static size_t scatter(parts to, const uint8_t* from, size_t bytes) {
  size_t done = 0;
  for (size_t i = 0; i < to.count && done < bytes; ++i) {
    const size_t left = bytes - done, part = to.first[i].iov_len < left ? to.first[i].iov_len : left;
    if (part > 0) memcpy(to.first[i].iov_base, from + done, part);
    done += part;
  }
  return done;
}

/* `to` has room for all. */
static size_t gather(parts from, uint8_t* to) {
  size_t done = 0;
  for (size_t i = 0; i < from.count; ++i) {
    if (from.first[i].iov_len > 0) memcpy(to + done, from.first[i].iov_base, from.first[i].iov_len);
    done += from.first[i].iov_len;
  }
  return done;
}

/* The peer reads no more. */
static ssize_t send_into_nothing(int flags) {
  if ((flags & MSG_NOSIGNAL) == 0) raise(SIGPIPE);
  return board_fail(EPIPE);
}

static ssize_t after_failed_send(board_socket* self, int32_t status, int flags) {
  if (status == DP_ERR_TIMEOUT) {
    self->full_at = board_network_changes();
    board_socket_show(self);
    return board_fail(EAGAIN);
  }
  if (status != DP_ERR_CLOSED) return board_fail(board_errno_of(status));
  return send_into_nothing(flags);
}

/* 0 where bytes may go. */
static ssize_t check_stream(board_socket* self, int flags) {
  if (self->error != 0) {
    errno = self->error;
    self->error = 0;
    return -1;
  }
  if (self->writes_no_more || self->state == kSocketEnded) return send_into_nothing(flags);
  if (self->state == kSocketConnected) return 0;
  return self->state == kSocketConnecting ? board_fail(EAGAIN) : send_into_nothing(flags);
}

static ssize_t send_bytes(board_socket* self, parts data, int flags) {
  if (check_stream(self, flags) != 0) return -1;
  const uint64_t patience_us = board_socket_patience(self, flags, self->send_timeout_us);
  ssize_t done = 0;
  for (size_t i = 0; i < data.count; ++i) {
    const struct iovec* part = &data.first[i];
    if (part->iov_len == 0) continue;
    const size_t bytes = part->iov_len < INT32_MAX ? part->iov_len : INT32_MAX;
    const int32_t sent = board_socket_hal()->send(self->handle, part->iov_base, bytes, patience_us);
    if (sent <= 0) return done > 0 ? done : after_failed_send(self, sent, flags);
    done += sent;
    if ((size_t)sent < part->iov_len) break;
  }
  return done;
}

static bool is_broadcast(uint32_t address) { return address == INADDR_BROADCAST || (address & 255) == 255; }

static ssize_t send_datagram(board_socket* self, parts data, const struct sockaddr* address, socklen_t bytes) {
  uint8_t datagram[kDatagramBytesMax];
  if (size_of(data) > sizeof datagram) return board_fail(EMSGSIZE);
  if (self->writes_no_more) return send_into_nothing(MSG_NOSIGNAL);
  if (address == NULL && self->state != kSocketConnected) return board_fail(EDESTADDRREQ);
  if (address != NULL && (bytes < sizeof(struct sockaddr_in) || address->sa_family != AF_INET)) return board_fail(EINVAL);
  const dp_endpoint to = address == NULL ? self->peer : board_endpoint(address);
  if (to.port == 0) return board_fail(EINVAL);
  if (is_broadcast(to.address) && !self->may_broadcast) return board_fail(EACCES);
  const int32_t sent = board_socket_hal()->send_to(self->handle, to, datagram, gather(data, datagram));
  return sent < 0 ? board_fail(board_errno_of(sent)) : sent;
}

static ssize_t send_parts(board_socket* self, parts data, int flags, const struct sockaddr* address, socklen_t bytes) {
  if ((flags & MSG_OOB) != 0) return board_fail(EOPNOTSUPP);
  return self->is_tcp ? send_bytes(self, data, flags) : send_datagram(self, data, address, bytes);
}

/* Nothing came: at its end, or why. */
static ssize_t after_no_input(board_socket* self) {
  if (self->error != 0) {
    errno = self->error;
    self->error = 0;
    return -1;
  }
  if (self->closed) return board_fail(EBADF);
  if (self->input.at_end || self->reads_no_more) return 0;
  const bool may_come = !self->is_tcp || self->state == kSocketConnected || self->state == kSocketConnecting;
  return board_fail(may_come ? EAGAIN : ENOTCONN);
}

/* From what was pulled. Of a datagram `*bytes_there` becomes its whole length. */
static size_t take_input(board_socket* self, parts to, bool keep, size_t* bytes_there) {
  board_lock();
  *bytes_there = self->input.end - self->input.first;
  const size_t taken = scatter(to, self->input.bytes + self->input.first, *bytes_there);
  if (!keep) {
    self->input.first += taken;
    if (!self->is_tcp || self->input.first == self->input.end) self->input.is_there = false;
  }
  board_unlock();
  board_socket_show(self);
  return taken;
}

/* What is received beside the data. */
typedef struct received {
  dp_endpoint from;
  int flags;
} received;

static ssize_t receive_once(board_socket* self, parts to, int flags, received* beside) {
  if (self->is_tcp && size_of(to) == 0) return 0;
  board_socket_pull(self, board_socket_patience(self, flags, self->receive_timeout_us));
  if (!self->input.is_there || self->state == kSocketListening) return after_no_input(self);
  beside->from = self->is_tcp ? self->peer : self->input.from;
  size_t bytes_there;
  const size_t taken = take_input(self, to, (flags & MSG_PEEK) != 0, &bytes_there);
  if (self->is_tcp || taken == bytes_there) return (ssize_t)taken;
  beside->flags |= MSG_TRUNC;
  return (ssize_t)((flags & MSG_TRUNC) != 0 ? bytes_there : taken);
}

/* `to` in one piece that goes on where the last one ended. */
static ssize_t receive_all(board_socket* self, uint8_t* to, size_t bytes, int flags, received* beside) {
  size_t done = 0;
  while (done < bytes) {
    const struct iovec rest = {.iov_base = to + done, .iov_len = bytes - done};
    const ssize_t taken = receive_once(self, (parts){&rest, 1}, flags, beside);
    if (taken <= 0) return done > 0 ? (ssize_t)done : taken;
    done += (size_t)taken;
  }
  return (ssize_t)done;
}

static ssize_t receive_parts(board_socket* self, parts to, int flags, received* beside) {
  if ((flags & MSG_OOB) != 0) return board_fail(EINVAL);
  const bool all = self->is_tcp && (flags & MSG_WAITALL) != 0 && (flags & MSG_PEEK) == 0 && to.count == 1;
  return all ? receive_all(self, to.first->iov_base, to.first->iov_len, flags, beside) : receive_once(self, to, flags, beside);
}

ssize_t sendto(int fd, const void* data, size_t bytes, int flags, const struct sockaddr* address, socklen_t address_bytes) {
  SOCKET_OF(fd);
  if (self == NULL) return board_has_written(REAL(sendto)(fd, data, bytes, flags, address, address_bytes));
  const struct iovec one = {.iov_base = (void*)(uintptr_t)data, .iov_len = bytes};
  return send_parts(self, (parts){&one, 1}, flags, address, address_bytes);
}

ssize_t send(int fd, const void* data, size_t bytes, int flags) {
  if (!board_is_socket(fd)) return board_has_written(REAL(send)(fd, data, bytes, flags));
  return sendto(fd, data, bytes, flags, NULL, 0);
}

ssize_t write(int fd, const void* data, size_t bytes) {
  if (!board_is_socket(fd)) return board_has_written(REAL(write)(fd, data, bytes));
  return sendto(fd, data, bytes, 0, NULL, 0);
}

int eventfd_write(int fd, eventfd_t value) {
  return write(fd, &value, sizeof value) == sizeof value ? 0 : -1;
}

ssize_t writev(int fd, const struct iovec* data, int count) {
  SOCKET_OF(fd);
  if (self == NULL) return board_has_written(REAL(writev)(fd, data, count));
  return count < 0 ? board_fail(EINVAL) : send_parts(self, (parts){data, (size_t)count}, 0, NULL, 0);
}

ssize_t sendmsg(int fd, const struct msghdr* message, int flags) {
  SOCKET_OF(fd);
  if (self == NULL) return board_has_written(REAL(sendmsg)(fd, message, flags));
  return send_parts(self, (parts){message->msg_iov, message->msg_iovlen}, flags, message->msg_name, message->msg_namelen);
}

ssize_t recvfrom(int fd, void* restrict out, size_t bytes, int flags, struct sockaddr* restrict address,
                 socklen_t* restrict address_bytes) {
  SOCKET_OF(fd);
  if (self == NULL) return REAL(recvfrom)(fd, out, bytes, flags, address, address_bytes);
  const struct iovec one = {.iov_base = out, .iov_len = bytes};
  received beside = {.flags = 0};
  const ssize_t taken = receive_parts(self, (parts){&one, 1}, flags, &beside);
  if (taken >= 0 && !self->is_tcp) board_give_address(beside.from, address, address_bytes);
  return taken;
}

ssize_t recv(int fd, void* out, size_t bytes, int flags) {
  if (!board_is_socket(fd)) return REAL(recv)(fd, out, bytes, flags);
  return recvfrom(fd, out, bytes, flags, NULL, NULL);
}

ssize_t read(int fd, void* out, size_t bytes) {
  if (board_is_timer(fd)) board_timer_await(fd);
  if (!board_is_socket(fd)) return REAL(read)(fd, out, bytes);
  return recvfrom(fd, out, bytes, 0, NULL, NULL);
}

ssize_t readv(int fd, const struct iovec* out, int count) {
  SOCKET_OF(fd);
  if (self == NULL) return REAL(readv)(fd, out, count);
  received beside = {.flags = 0};
  return count < 0 ? board_fail(EINVAL) : receive_parts(self, (parts){out, (size_t)count}, 0, &beside);
}

ssize_t recvmsg(int fd, struct msghdr* message, int flags) {
  SOCKET_OF(fd);
  if (self == NULL) return REAL(recvmsg)(fd, message, flags);
  received beside = {.flags = 0};
  const ssize_t taken = receive_parts(self, (parts){message->msg_iov, message->msg_iovlen}, flags, &beside);
  if (taken < 0) return taken;
  if (self->is_tcp)
    message->msg_namelen = 0;
  else
    board_give_address(beside.from, message->msg_name, &message->msg_namelen);
  message->msg_controllen = 0;
  message->msg_flags = beside.flags;
  return taken;
}

int sendmmsg(int fd, struct mmsghdr* messages, unsigned count, int flags) {
  if (!board_is_socket(fd)) return REAL(sendmmsg)(fd, messages, count, flags);
  unsigned done = 0;
  for (; done < count; ++done) {
    const ssize_t sent = sendmsg(fd, &messages[done].msg_hdr, flags);
    if (sent < 0) break;
    messages[done].msg_len = (unsigned)sent;
  }
  return done > 0 ? (int)done : -1;
}

int recvmmsg(int fd, struct mmsghdr* messages, unsigned count, int flags, struct timespec* timeout) {
  if (!board_is_socket(fd)) return REAL(recvmmsg)(fd, messages, count, flags, timeout);
  unsigned done = 0;
  for (; done < count; ++done) {
    const int wait = done > 0 && (flags & MSG_WAITFORONE) != 0 ? MSG_DONTWAIT : 0;
    const ssize_t taken = recvmsg(fd, &messages[done].msg_hdr, (flags & ~MSG_WAITFORONE) | wait);
    if (taken < 0) break;
    messages[done].msg_len = (unsigned)taken;
  }
  return done > 0 ? (int)done : -1;
}

/* What compilers make of these where they are told to check sizes (_FORTIFY_SOURCE). */
_Noreturn void __chk_fail(void);

ssize_t __read_chk(int fd, void* out, size_t bytes, size_t room) {
  if (bytes > room) __chk_fail();
  return read(fd, out, bytes);
}

ssize_t __recv_chk(int fd, void* out, size_t bytes, size_t room, int flags) {
  if (bytes > room) __chk_fail();
  return recv(fd, out, bytes, flags);
}

ssize_t __recvfrom_chk(int fd, void* restrict out, size_t bytes, size_t room, int flags, struct sockaddr* restrict address,
                       socklen_t* restrict address_bytes) {
  if (bytes > room) __chk_fail();
  return recvfrom(fd, out, bytes, flags, address, address_bytes);
}
