/* Timers that are descriptors, in simulated time. */
#ifndef DUSTPROOF_BOARD_TIMERS_H
#define DUSTPROOF_BOARD_TIMERS_H

#include <stdbool.h>
#include <stdint.h>

bool board_is_timer(int fd);
/* Makes those readable whose time has come; and how long until the next one's does. */
void board_timers_look(void);
uint64_t board_timers_left_us(void);
/* Before a read: waits where that would. */
void board_timer_await(int fd);
void board_timer_close(int fd);

#endif
