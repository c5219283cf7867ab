#include "robots/vacuum/mcu/motion.h"

static int16_t read_i16(const uint8_t* bytes) { return (int16_t)(bytes[0] | bytes[1] << 8); }

static uint8_t* write_u32(uint8_t* out, uint32_t value) {
  for (int i = 0; i < 4; ++i) *out++ = (uint8_t)(value >> 8 * i);
  return out;
}

bool motion_read_command(const uint8_t* bytes, size_t count, motion_command* out) {
  if (count != MOTION_COMMAND_BYTES || bytes[0] != 'C') return false;
  *out = (motion_command){.sequence = bytes[1], .left_mm_s = read_i16(bytes + 2), .right_mm_s = read_i16(bytes + 4)};
  return true;
}

void motion_write_status(const motion_status* status, uint8_t* out) {
  *out++ = 'S';
  *out++ = status->sequence;
  *out++ = status->flags;
  out = write_u32(out, status->time_ms);
  out = write_u32(out, status->left_ticks);
  out = write_u32(out, status->right_ticks);
  out = write_u32(out, (uint32_t)status->x_mm);
  out = write_u32(out, (uint32_t)status->y_mm);
  write_u32(out, (uint32_t)status->heading_mrad);
}
