/* The POSIX sockets of a firmware, over the HAL's (hil/hal/dp_network.h), so that libraries that know nothing of the HAL
 * reach the run's network in the run's time. README.md tells what is served.
 *
 * A socket's descriptor is one end of a pair of the kernel's. What there is to read, and whether there is room to write, is
 * shown on it, so that the kernel's own poll, select and epoll answer for it beside other descriptors; no byte of the
 * firmware's goes through it. */
#ifndef DUSTPROOF_BOARD_SOCKETS_H
#define DUSTPROOF_BOARD_SOCKETS_H

#include <sys/socket.h>

#include "hil/shim/board/real.h"
#include "hil/shim/board/sockets_ready.h"

enum { kSocketBytesMax = 16384, kSocketOptionsMax = 16 };

typedef enum board_socket_state {
  kSocketIdle,
  kSocketConnecting,
  kSocketConnected, /* UDP: to one peer. */
  kSocketListening,
  kSocketEnded, /* By us, in both directions. */
} board_socket_state;

typedef struct board_socket {
  int fd, other;  /* The pair; `other` is -1 once the connection is broken. */
  int32_t handle; /* Of the HAL; 0 where there is none. */
  bool is_tcp, nonblocking, may_broadcast, reads_no_more, writes_no_more;
  board_socket_state state;
  dp_endpoint own, peer; /* A port of 0 is not known. */
  uint64_t connect_ns; /* When a connect began. */
  uint64_t receive_timeout_us, send_timeout_us;
  int error;         /* errno that SO_ERROR tells. */
  int users;         /* Calls that are under way. */
  bool closed;       /* The last user frees it. */
  bool pulling;      /* One of them asks the run. */
  uint64_t dry_at;   /* Nothing was there after so many changes of the network. */
  uint64_t full_at;  /* No room was there after so many. */
  bool shows_input, shows_no_room, shows_end;
  /* What was received and is not read yet: bytes, one datagram, or one connection. */
  struct {
    bool is_there, at_end;
    size_t first, end;
    dp_endpoint from;
    int32_t connection;
    uint8_t bytes[kSocketBytesMax];
  } input;
  struct {
    int level, name, value;
  } options[kSocketOptionsMax];
  size_t option_count;
} board_socket;

/* The socket behind a descriptor, or NULL; each is to be given back. */
board_socket* board_socket_use(int fd);
void board_socket_done(board_socket** socket);
#define SOCKET_OF(fd) __attribute__((cleanup(board_socket_done))) board_socket* self = board_socket_use(fd)

/* A new one, in use; NULL with errno. It owns `handle`. */
board_socket* board_socket_new(bool is_tcp, int type_flags, int32_t handle);
/* The descriptor is no socket any more. */
void board_socket_close(board_socket* self);
/* All that are open, in the order of their descriptors. `next` begins at 0. */
board_socket* board_socket_next(int* next);

/* Shows the kernel what is there, where that has changed. */
void board_socket_show(board_socket* self);
/* The connection is broken. */
void board_socket_show_hang_up(board_socket* self);

/* The HAL's functions. */
const dp_socket_v1* board_socket_hal(void);
/* Gives the HAL's socket back. */
void board_socket_drop_handle(board_socket* self);
/* As long as nothing is there: asks the run for input, a connection, or the end of a connect, and waits. */
void board_socket_pull(board_socket* self, uint64_t timeout_us);
/* Whether a read would not wait. */
bool board_socket_has_input(const board_socket* self);
/* The time that an operation may take. */
uint64_t board_socket_patience(const board_socket* self, int flags, uint64_t timeout_us);
int board_errno_of(int64_t status);
/* Sets errno and returns -1. */
int board_fail(int error);

/* How often something of the network may have become ready, as far as was heard. */
uint64_t board_network_changes(void);

/* Addresses as the C library has them. */
dp_endpoint board_endpoint(const struct sockaddr* address);
void board_give_address(dp_endpoint from, struct sockaddr* address, socklen_t* bytes);

/* Whether an ioctl asks for network interfaces; and its answer. */
bool board_is_of_interfaces(unsigned long request);
int board_ask_interfaces(unsigned long request, void* argument);

#endif
