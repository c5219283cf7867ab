/* The HAL for a microcontroller without an operating system: one task, no heap, over a serial line.
 *
 * A firmware is compiled against hil/hal and this; its port supplies the three functions below. It has the interfaces clock, log,
 * drive, odometry, hazard and uart. README.md tells sizes and how to port.
 */
#ifndef DUSTPROOF_DP_MCU_H
#define DUSTPROOF_DP_MCU_H

#include "hil/hal/dp_hal.h"

/* Supplied by the port. */

/* The next byte of the line, 0–255, or -1 where none has come. */
int dp_port_read(void);
/* Sends a byte; waits while there is no room. */
void dp_port_write(uint8_t byte);
/* Milliseconds of any clock that counts on while firmware waits; may wrap. */
uint32_t dp_port_ms(void);

/* Says hello, waits for the run's welcome, and runs `firmware->main`. Returns when the run has said goodbye or refuses us. */
void dp_mcu_run(const dp_firmware_t* firmware);

#endif
