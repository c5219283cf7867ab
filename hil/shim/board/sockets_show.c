/* What is ready, shown on the pair of the kernel's: a byte to read where there is input, no room where a write would wait. */
#include <unistd.h>

#include "hil/shim/board/sockets.h"

static bool has_no_room(const board_socket* self) {
  if (self->state == kSocketConnecting || self->state == kSocketListening) return true;
  return self->is_tcp && self->full_at != 0 && self->full_at == board_network_changes();
}

static void drain(int fd) {
  char bytes[4096];
  while (REAL(recv)(fd, bytes, sizeof bytes, MSG_DONTWAIT) > 0) {
  }
}

static void show_input(board_socket* self, bool is_there) {
  if (is_there)
    REAL(send)(self->other, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
  else
    drain(self->fd);
  self->shows_input = is_there;
}

static void show_room(board_socket* self, bool is_there) {
  static const char bytes[4096];
  if (is_there) drain(self->other);
  while (!is_there && REAL(send)(self->fd, bytes, sizeof bytes, MSG_DONTWAIT | MSG_NOSIGNAL) > 0) {
  }
  self->shows_no_room = !is_there;
}

static void show(board_socket* self) {
  const bool has_input = board_socket_has_input(self), no_room = has_no_room(self);
  if (has_input != self->shows_input) show_input(self, has_input);
  if (no_room != self->shows_no_room) show_room(self, !no_room);
  if (self->input.at_end && !self->shows_end) {
    REAL(shutdown)(self->other, SHUT_WR);
    self->shows_end = true;
  }
}

void board_socket_show(board_socket* self) {
  board_lock();
  if (self->other >= 0 && !self->closed) show(self);
  board_unlock();
}

void board_socket_show_hang_up(board_socket* self) {
  board_socket_show(self);
  board_lock();
  const int other = self->other;
  self->other = -1;
  board_unlock();
  if (other >= 0) REAL(close)(other);
}
