/* The link over ZeroMQ: a DEALER to the run's ROUTER. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "hil/shim/board/real.h"

enum { kResendMs = 1000, kKeepAliveS = 5, kUnansweredMs = 10000 };

static void* link_socket;
/* Over a network a message can be lost with its connection: what was said last is said again until it
 * is answered. The run takes it once. */
static bool may_lose;
static struct {
  void* bytes;
  size_t used;
} last;
static int link_fd; /* Readable when the socket's state has changed. */

static _Noreturn void give_up(const char* what) {
  fprintf(stderr, "dustproof: %s: %s\n", what, zmq_strerror(zmq_errno()));
  _Exit(3);
}

static bool set_option(int option, int value) {
  return zmq_setsockopt(link_socket, option, &value, sizeof value) == 0;
}

/* Keys: the run's public one, and a file with our secret one. Both or none. */
static bool use_keys(void) {
  const char* run_key = getenv("DUSTPROOF_LINK_RUN_KEY");
  const char* path = getenv("DUSTPROOF_LINK_KEY_FILE");
  if (run_key == NULL && path == NULL) return true;
  char secret_key[41] = "", public_key[41];
  FILE* file = path == NULL ? NULL : fopen(path, "re");
  const bool read = file != NULL && fscanf(file, "%40s", secret_key) == 1;
  if (file != NULL) fclose(file);
  if (run_key == NULL || !read || zmq_curve_public(public_key, secret_key) != 0) {
    fprintf(stderr, "dustproof: a link with keys needs DUSTPROOF_LINK_RUN_KEY (the run's public key) and "
                    "DUSTPROOF_LINK_KEY_FILE (a file with the board's secret key); got '%s' and '%s'\n",
            run_key == NULL ? "" : run_key, path == NULL ? "" : path);
    _Exit(2);
  }
  return zmq_setsockopt(link_socket, ZMQ_CURVE_SERVERKEY, run_key, 40) == 0 &&
         zmq_setsockopt(link_socket, ZMQ_CURVE_PUBLICKEY, public_key, 40) == 0 &&
         zmq_setsockopt(link_socket, ZMQ_CURVE_SECRETKEY, secret_key, 40) == 0;
}

void board_link_open(const char* address) {
  void* context = zmq_ctx_new();
  link_socket = context == NULL ? NULL : zmq_socket(context, ZMQ_DEALER);
  may_lose = strncmp(address, "tcp://", 6) == 0;
  if (link_socket == NULL || !set_option(ZMQ_LINGER, 0) ||
      (may_lose && (!set_option(ZMQ_RCVTIMEO, kResendMs) || !set_option(ZMQ_TCP_KEEPALIVE, 1) || !set_option(ZMQ_TCP_KEEPALIVE_IDLE, kKeepAliveS) ||
                    !set_option(ZMQ_TCP_MAXRT, kUnansweredMs))) ||
      !use_keys() || zmq_connect(link_socket, address) != 0)
    give_up("cannot connect to the run");
  size_t bytes = sizeof link_fd;
  if (zmq_getsockopt(link_socket, ZMQ_FD, &link_fd, &bytes) != 0) give_up("cannot wait for the run");
}

static void keep(const void* data, size_t bytes) {
  void* copy = realloc(last.bytes, bytes);
  if (copy == NULL) give_up("no memory for a message");
  memcpy(copy, data, bytes);
  last.bytes = copy;
  last.used = bytes;
}

void board_link_send(const void* data, size_t bytes) {
  if (may_lose) keep(data, bytes);
  if (zmq_send(link_socket, data, bytes, 0) < 0) give_up("cannot send to the run");
}

static bool receive(int flags, uint8_t** data, size_t* bytes) {
  zmq_msg_t message;
  zmq_msg_init(&message);
  while (zmq_msg_recv(&message, link_socket, flags) < 0) {
    const bool silence = zmq_errno() == EAGAIN;
    if (silence && flags == ZMQ_DONTWAIT) return false;
    if (!silence && zmq_errno() != EINTR) give_up("cannot hear the run");
    if (silence && zmq_send(link_socket, last.bytes, last.used, ZMQ_DONTWAIT) < 0 && zmq_errno() != EAGAIN)
      give_up("cannot send to the run");
  }
  *bytes = zmq_msg_size(&message);
  *data = malloc(*bytes + 1);
  if (*data == NULL) give_up("no memory for a message");
  memcpy(*data, zmq_msg_data(&message), *bytes);
  zmq_msg_close(&message);
  return true;
}

size_t board_link_receive(uint8_t** data) {
  size_t bytes = 0;
  receive(0, data, &bytes);
  return bytes;
}

bool board_link_poll(uint8_t** data, size_t* bytes) { return receive(ZMQ_DONTWAIT, data, bytes); }

bool board_link_wait(int timeout_ms) {
  struct pollfd readable = {.fd = link_fd, .events = POLLIN};
  return REAL(poll)(&readable, 1, timeout_ms) != 0;
}

bool board_link_has_message(int timeout_ms) {
  zmq_pollitem_t item = {.socket = link_socket, .events = ZMQ_POLLIN};
  return zmq_poll(&item, 1, timeout_ms) > 0;
}
