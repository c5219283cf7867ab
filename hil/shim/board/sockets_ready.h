/* What waits for descriptors (polls.c) needs of sockets. */
#ifndef DUSTPROOF_BOARD_SOCKETS_READY_H
#define DUSTPROOF_BOARD_SOCKETS_READY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Whether any socket is open; whether this descriptor is one. */
bool board_has_sockets(void);
bool board_is_socket(int fd);
/* Shows on every socket's descriptor what is ready now. */
void board_sockets_look(void);
/* Waits until another look may show more. */
void board_sockets_wait(uint64_t timeout_us);
/* A write of the firmware's to a descriptor that is no socket, with its answer: one that waits so looks again. */
ssize_t board_has_written(ssize_t answer);

#endif
