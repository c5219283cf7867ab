/* Which descriptors are sockets. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "hil/shim/board/sockets.h"

enum { kDescriptorsMax = 1024, kOtherEndFirst = 512 };

static board_socket* sockets[kDescriptorsMax];
static int count;

bool board_has_sockets(void) { return count > 0; }

bool board_is_socket(int fd) { return fd >= 0 && fd < kDescriptorsMax && sockets[fd] != NULL; }

board_socket* board_socket_use(int fd) {
  if (!board_is_socket(fd)) return NULL;
  board_lock();
  board_socket* self = sockets[fd];
  if (self != NULL) ++self->users;
  board_unlock();
  return self;
}

static void release(board_socket* self) {
  board_lock();
  const bool last = --self->users == 0 && self->closed;
  board_unlock();
  if (last) free(self);
}

void board_socket_done(board_socket** socket) {
  if (*socket == NULL) return;
  const int kept_errno = errno;
  release(*socket);
  errno = kept_errno;
}

/* Out of the way of the descriptors that programs count on: these are small numbers, one after the other. */
static int move_away(int fd) {
  const int moved = REAL(fcntl)(fd, F_DUPFD_CLOEXEC, kOtherEndFirst);
  REAL(close)(fd);
  return moved;
}

static bool make_pair(board_socket* self, int flags) {
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | flags, 0, pair) != 0) return false;
  self->fd = pair[0];
  self->other = move_away(pair[1]);
  const int least = 1; /* The kernel makes it as small as it can: full at once where it shall look full. */
  REAL(setsockopt)(self->fd, SOL_SOCKET, SO_SNDBUF, &least, sizeof least);
  if (self->other >= 0 && self->fd < kDescriptorsMax) return true;
  REAL(close)(self->fd);
  if (self->other >= 0) REAL(close)(self->other);
  errno = EMFILE;
  return false;
}

board_socket* board_socket_new(bool is_tcp, int type_flags, int32_t handle) {
  board_socket* self = calloc(1, sizeof *self);
  if (self == NULL || !make_pair(self, type_flags & (SOCK_NONBLOCK | SOCK_CLOEXEC))) {
    free(self);
    return NULL;
  }
  self->is_tcp = is_tcp;
  self->nonblocking = (type_flags & SOCK_NONBLOCK) != 0;
  self->handle = handle;
  self->receive_timeout_us = self->send_timeout_us = DP_FOREVER;
  self->users = 1;
  board_lock();
  sockets[self->fd] = self;
  ++count;
  board_unlock();
  return self;
}

void board_socket_close(board_socket* self) {
  board_lock();
  const bool open = !self->closed;
  if (open) {
    sockets[self->fd] = NULL;
    --count;
  }
  self->closed = true;
  board_unlock();
  if (!open) return;
  board_socket_drop_handle(self);
  board_socket_show_hang_up(self);
  REAL(close)(self->fd);
}

board_socket* board_socket_next(int* next) {
  for (; *next < kDescriptorsMax; ++*next)
    if (sockets[*next] != NULL) return board_socket_use((*next)++);
  return NULL;
}
