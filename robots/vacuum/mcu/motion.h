/* What the motor controller and the main computer say to each other over their UART, in the frames of hil/wire/framing.h. Numbers are little-endian. */
#ifndef VACUUM_MCU_MOTION_H
#define VACUUM_MCU_MOTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Main computer, 50 times a second: 'C', sequence, i16 left mm/s, i16 right mm/s. */
typedef struct motion_command {
  uint8_t sequence;
  int16_t left_mm_s, right_mm_s;
} motion_command;
enum { MOTION_COMMAND_BYTES = 6, MOTION_STATUS_BYTES = 27 };

/* Bits of motion_status.flags. */
enum { MOTION_BUMP_LEFT = 1, MOTION_BUMP_RIGHT = 2, MOTION_CLIFF = 4, MOTION_STALE = 8, MOTION_REFLEX = 16 };

/* Motor controller, 50 times a second: 'S', last command's sequence, flags, u32 ms, u32 left and right ticks, i32 x and y in mm, i32 heading in mrad. */
typedef struct motion_status {
  uint8_t sequence, flags;
  uint32_t time_ms, left_ticks, right_ticks;
  int32_t x_mm, y_mm, heading_mrad;
} motion_status;

bool motion_read_command(const uint8_t* bytes, size_t count, motion_command* out);
/* The main computer's end: writes a command's frame to `out` (MOTION_FRAME_BYTES_MAX), returns its length. */
enum { MOTION_FRAME_BYTES_MAX = 16 };
size_t motion_frame_command(const motion_command* command, uint8_t* out);
/* Writes MOTION_STATUS_BYTES. */
void motion_write_status(const motion_status* status, uint8_t* out);

#endif
