/* Wheels, cleaning motors, lights, buzzer, flash: hil/hal/dp_actuators.h and dp_flash.h. */
#include <math.h>

#include "hil/shim/board/hal.h"

/* What every HAL takes is only told; what it may refuse is asked. */
static dp_status tell_or_ask(bool certain, const board_call* call) {
  if (!may_call()) return DP_ERR_STATE;
  if (!certain) return (dp_status)board_ask(call)->value;
  board_tell(call);
  return DP_OK;
}

static dp_status set_velocity(float left_m_s, float right_m_s) {
  return tell_or_ask(isfinite(left_m_s) && isfinite(right_m_s),
                     &(board_call){.function = dustproof_wire_Function_DRIVE_SET_VELOCITY,
                                   BOARD_REALS(left_m_s, right_m_s)});
}

static dp_status set_pwm(float left, float right) {
  return tell_or_ask(fabsf(left) <= 1 && fabsf(right) <= 1,
                     &(board_call){.function = dustproof_wire_Function_DRIVE_SET_PWM, BOARD_REALS(left, right)});
}

static float velocity_m_s_max(void) { return board.welcome.velocity_m_s_max; }

static const dp_drive_v1 drive_v1 = {set_velocity, set_pwm, velocity_m_s_max};

static dp_status set_duty(dustproof_wire_Function motor, float duty) {
  return tell_or_ask(duty >= 0 && duty <= 1, &(board_call){.function = motor, BOARD_REALS(duty)});
}

static dp_status set_main_brush(float duty) { return set_duty(dustproof_wire_Function_CLEANING_MAIN_BRUSH, duty); }
static dp_status set_side_brush(float duty) { return set_duty(dustproof_wire_Function_CLEANING_SIDE_BRUSH, duty); }
static dp_status set_fan(float duty) { return set_duty(dustproof_wire_Function_CLEANING_FAN, duty); }

static const dp_cleaning_v1 cleaning_v1 = {set_main_brush, set_side_brush, set_fan};

static dp_status set_led(uint8_t index, uint32_t rgb) {
  return tell_or_ask(index < 4 && rgb <= 0xFFFFFF,
                     &(board_call){.function = dustproof_wire_Function_INDICATORS_LED, BOARD_INTEGERS(index, rgb)});
}

static dp_status beep(uint16_t frequency_hz, uint16_t duration_ms) {
  return tell_or_ask(true, &(board_call){.function = dustproof_wire_Function_INDICATORS_BEEP,
                                         BOARD_INTEGERS(frequency_hz, duration_ms)});
}

static const dp_indicators_v1 indicators_v1 = {set_led, beep};

static dp_flash_info flash_info(void) {
  const dustproof_wire_FlashInfo* info = &board.welcome.flash;
  return (dp_flash_info){.size_bytes = info->size_bytes,
                         .block_bytes = info->block_bytes,
                         .page_bytes = info->page_bytes,
                         .erase_cycles_max = info->erase_cycles_max};
}

static dp_status read_part(uint32_t address, void* out, size_t bytes) {
  const dustproof_wire_Result* result =
      board_ask(&(board_call){.function = dustproof_wire_Function_FLASH_READ, BOARD_INTEGERS(address, bytes)});
  copy_data(result, out, bytes);
  return (dp_status)result->value;
}

static dp_status flash_read(uint32_t address, void* out, size_t bytes) {
  enum { kPart = 32768 }; /* An answer has less than 64 KiB. */
  if (!may_call()) return DP_ERR_STATE;
  if (out == NULL) return DP_ERR_INVALID;
  uint8_t* to = out;
  const bool inside = (uint64_t)address + bytes <= board.welcome.flash.size_bytes; /* Else it is refused whole. */
  for (; inside && bytes > kPart; address += kPart, to += kPart, bytes -= kPart) {
    const dp_status status = read_part(address, to, kPart);
    if (status != DP_OK) return status;
  }
  return read_part(address, to, bytes);
}

static dp_status flash_program(uint32_t address, const void* data, size_t bytes) {
  if (!may_call()) return DP_ERR_STATE;
  if (data == NULL || bytes > 65536) return DP_ERR_INVALID;
  return (dp_status)board_ask(&(board_call){.function = dustproof_wire_Function_FLASH_PROGRAM,
                                            BOARD_INTEGERS(address),
                                            .data = data,
                                            .bytes = bytes})
      ->value;
}

static dp_status flash_erase(uint32_t address) {
  if (!may_call()) return DP_ERR_STATE;
  return (dp_status)board_ask(
             &(board_call){.function = dustproof_wire_Function_FLASH_ERASE, BOARD_INTEGERS(address)})
      ->value;
}

static const dp_flash_v1 flash_v1 = {flash_info, flash_read, flash_program, flash_erase};

const board_interface board_actuator_interfaces[] = {{DP_DRIVE, &drive_v1},
                                                     {DP_CLEANING, &cleaning_v1},
                                                     {DP_INDICATORS, &indicators_v1},
                                                     {DP_FLASH, &flash_v1},
                                                     {NULL, NULL}};
