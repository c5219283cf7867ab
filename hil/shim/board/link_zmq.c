/* The link over ZeroMQ: a DEALER to the run's ROUTER. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "hil/shim/board/board.h"

static void* link_socket;

static _Noreturn void give_up(const char* what) {
  fprintf(stderr, "dustproof: %s: %s\n", what, zmq_strerror(zmq_errno()));
  _Exit(3);
}

void board_link_open(const char* address) {
  void* context = zmq_ctx_new();
  link_socket = context == NULL ? NULL : zmq_socket(context, ZMQ_DEALER);
  const int linger = 0;
  if (link_socket == NULL || zmq_setsockopt(link_socket, ZMQ_LINGER, &linger, sizeof linger) != 0 ||
      zmq_connect(link_socket, address) != 0)
    give_up("cannot connect to the run");
}

void board_link_send(const void* data, size_t bytes) {
  if (zmq_send(link_socket, data, bytes, 0) < 0) give_up("cannot send to the run");
}

size_t board_link_receive(uint8_t** data) {
  zmq_msg_t message;
  zmq_msg_init(&message);
  while (zmq_msg_recv(&message, link_socket, 0) < 0) {
    if (zmq_errno() != EINTR) give_up("cannot hear the run");
  }
  const size_t bytes = zmq_msg_size(&message);
  *data = malloc(bytes + 1);
  if (*data == NULL) give_up("no memory for a message");
  memcpy(*data, zmq_msg_data(&message), bytes);
  zmq_msg_close(&message);
  return bytes;
}
