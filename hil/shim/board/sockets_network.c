/* What sockets ask of the run: input, connections, and to be told when something may have changed. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "hil/shim/board/sockets.h"

enum { kLooksAtOnceMax = 200, kPauseUs = 1000 };

static uint64_t changes; /* How often something of the network may have become ready, as the run said last. */

uint64_t board_network_changes(void) { return changes; }

const dp_socket_v1* board_socket_hal(void) { return dp_hal_query(DP_SOCKET, 1); }

int board_fail(int error) {
  errno = error;
  return -1;
}

int board_errno_of(int64_t status) {
  switch (status) {
    case DP_ERR_TIMEOUT: return EAGAIN;
    case DP_ERR_CLOSED: return ECONNRESET;
    case DP_ERR_REFUSED: return ECONNREFUSED;
    case DP_ERR_UNREACHABLE: return ENETUNREACH;
    case DP_ERR_FULL: return EMFILE;
    case DP_ERR_ABSENT: return ENETDOWN;
    case DP_ERR_STATE: return ENOTCONN;
    default: return EINVAL;
  }
}

uint64_t board_socket_patience(const board_socket* self, int flags, uint64_t timeout_us) {
  return self->nonblocking || (flags & MSG_DONTWAIT) != 0 ? 0 : timeout_us;
}

void board_socket_drop_handle(board_socket* self) {
  const int32_t handle = self->handle, connection = self->input.connection;
  self->handle = self->input.connection = 0;
  if (connection > 0) board_socket_hal()->close(connection);
  if (handle > 0) board_socket_hal()->close(handle);
}

bool board_socket_has_input(const board_socket* self) {
  return self->input.is_there || self->input.at_end || self->reads_no_more || self->error != 0;
}

/* Whoever looks again and again at one instant, and never waits, would never see anything come. */
static void let_time_pass(void) {
  if (board.real_time) return;
  static uint64_t last_ns;
  static int looks;
  const uint64_t now_ns = board_now_ns();
  looks = now_ns == last_ns ? looks + 1 : 0;
  last_ns = now_ns;
  if (looks > kLooksAtOnceMax) usleep(kPauseUs);
}

static void break_connection(board_socket* self, int error) {
  self->error = error;
  self->input.at_end = true;
  board_socket_show_hang_up(self);
}

static void take_connect(board_socket* self, int32_t answer) {
  if (answer == DP_ERR_TIMEOUT) return;
  if (answer == DP_OK) {
    self->state = kSocketConnected;
    return;
  }
  self->state = kSocketIdle;
  const bool at_once = board_now_ns() == self->connect_ns;
  self->error = answer == DP_ERR_UNREACHABLE && !at_once ? ETIMEDOUT : board_errno_of(answer);
  board_socket_drop_handle(self); /* It is good for nothing more. */
}

static void take_bytes(board_socket* self, int32_t answer) {
  if (answer == DP_ERR_TIMEOUT) return;
  if (answer < 0) {
    break_connection(self, board_errno_of(answer));
  } else if (answer == 0) {
    self->input.at_end = true;
  } else {
    self->input.first = 0;
    self->input.end = (size_t)answer;
    self->input.is_there = true;
  }
}

static void take_datagram(board_socket* self, int32_t answer, dp_endpoint from) {
  if (answer < 0) return;
  const bool is_strange = self->state == kSocketConnected && (from.address != self->peer.address || from.port != self->peer.port);
  if (is_strange) return;
  self->input.first = 0;
  self->input.end = (size_t)answer;
  self->input.from = from;
  self->input.is_there = true;
}

static void take_connection(board_socket* self, int32_t answer, dp_endpoint from) {
  if (answer <= 0) return;
  self->input.connection = answer;
  self->input.from = from;
  self->input.is_there = true;
}

/* One question to the run; returns what it said. */
static int32_t ask(board_socket* self, uint64_t timeout_us) {
  const dp_socket_v1* hal = board_socket_hal();
  dp_endpoint from = {0, 0};
  int32_t answer;
  if (self->state == kSocketListening) {
    answer = hal->accept(self->handle, &from, timeout_us);
    take_connection(self, answer, from);
  } else if (!self->is_tcp) {
    answer = hal->receive_from(self->handle, &from, self->input.bytes, kSocketBytesMax, timeout_us);
    take_datagram(self, answer, from);
  } else if (self->state == kSocketConnecting) {
    answer = (int32_t)hal->connect(self->handle, self->peer, timeout_us);
    take_connect(self, answer);
  } else {
    answer = hal->receive(self->handle, self->input.bytes, kSocketBytesMax, timeout_us);
    take_bytes(self, answer);
  }
  return answer;
}

static bool may_bring_something(const board_socket* self) {
  const bool waits = !self->is_tcp || (self->state != kSocketIdle && self->state != kSocketEnded);
  return waits && self->handle > 0 && !self->closed && !board_socket_has_input(self);
}

static bool begin_pull(board_socket* self) {
  board_lock();
  const bool begins = !self->pulling && may_bring_something(self);
  if (begins) self->pulling = true;
  board_unlock();
  return begins;
}

static void pull(board_socket* self, uint64_t timeout_us) {
  const uint64_t before = changes;
  if (ask(self, timeout_us) == DP_ERR_TIMEOUT) self->dry_at = before;
  self->pulling = false;
  board_socket_show(self);
}

void board_socket_pull(board_socket* self, uint64_t timeout_us) {
  const uint64_t until_ns = timeout_us > INT64_MAX / 1000 ? UINT64_MAX : board_now_ns() + timeout_us * 1000;
  const bool connects = self->state == kSocketConnecting;
  if (timeout_us == 0) let_time_pass();
  while (may_bring_something(self) && (self->state == kSocketConnecting) == connects) {
    const uint64_t now_ns = board_now_ns();
    const uint64_t left_us = until_ns == UINT64_MAX ? DP_FOREVER : now_ns >= until_ns ? 0 : (until_ns - now_ns + 999) / 1000;
    if (begin_pull(self))
      pull(self, left_us);
    else if (left_us > 0)
      usleep(kPauseUs); /* Another thread asks. */
    if (left_us == 0) break;
  }
}

void board_sockets_look(void) {
  board_socket* self;
  for (int next = 0; (self = board_socket_next(&next)) != NULL; board_socket_done(&self)) {
    if ((self->dry_at == 0 || self->dry_at != changes) && begin_pull(self)) pull(self, 0);
    board_socket_show(self);
  }
}

void board_sockets_wait(uint64_t timeout_us) {
  if (timeout_us == 0) let_time_pass();
  if (board_self() == NULL) return;
  const board_call call = {.function = dustproof_wire_Function_NETWORK_WAIT, BOARD_INTEGERS(changes, timeout_us)};
  const dustproof_wire_Result* result = board.real_time ? board_ask(&call) : board_wait_for(&changes, &call);
  if (result->integers_count > 0) changes = result->integers[0];
}

ssize_t board_has_written(ssize_t answer) {
  const int kept_errno = errno;
  if (answer >= 0 && is_firmware() && board_has_sockets()) board_unpark_all(&changes);
  errno = kept_errno;
  return answer;
}
