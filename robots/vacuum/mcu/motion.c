#include "robots/vacuum/mcu/motion.h"

#include "hil/wire/framing.h"

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

size_t motion_frame_command(const motion_command* command, uint8_t* out) {
  const uint16_t left = (uint16_t)command->left_mm_s, right = (uint16_t)command->right_mm_s;
  const uint8_t payload[MOTION_COMMAND_BYTES] = {'C', command->sequence, (uint8_t)left, (uint8_t)(left >> 8), (uint8_t)right, (uint8_t)(right >> 8)};
  return dp_frame_encode(payload, sizeof payload, out, MOTION_FRAME_BYTES_MAX);
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
