/* What waits for descriptors (polls.c) needs of sockets. */
#ifndef DUSTPROOF_BOARD_SOCKETS_READY_H
#define DUSTPROOF_BOARD_SOCKETS_READY_H

#include <stdbool.h>
#include <stdint.h>

/* Whether any socket is open; whether this descriptor is one. */
bool board_has_sockets(void);
bool board_is_socket(int fd);
/* Shows on every socket's descriptor what is ready now. */
void board_sockets_look(void);
/* Waits until another look may show more. */
void board_sockets_wait(uint64_t timeout_us);

#endif
