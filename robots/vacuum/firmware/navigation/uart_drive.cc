#include "robots/vacuum/firmware/navigation/uart_drive.h"

#include <algorithm>
#include <cmath>

extern "C" {
#include "robots/vacuum/mcu/motion.h"
}

namespace vacuum {
namespace {

constexpr float kVelocityMax_m_s = 0.3f;  // Of this product's motors.
const dp_uart_v1* line = nullptr;
uint8_t sequence = 0;

int16_t ToMillimetres(float velocity_m_s) {
  return static_cast<int16_t>(std::lround(std::clamp(velocity_m_s, -kVelocityMax_m_s, kVelocityMax_m_s) * 1000));
}

dp_status SetVelocity(float left_m_s, float right_m_s) {
  if (!std::isfinite(left_m_s) || !std::isfinite(right_m_s)) return DP_ERR_INVALID;
  const motion_command command = {++sequence, ToMillimetres(left_m_s), ToMillimetres(right_m_s)};
  uint8_t frame[MOTION_FRAME_BYTES_MAX];
  return line->write(frame, motion_frame_command(&command, frame)) < 0 ? DP_ERR_IO : DP_OK;
}

dp_status SetPwm(float, float) { return DP_ERR_STATE; }  // The controller holds speeds.
float VelocityMax() { return kVelocityMax_m_s; }

}  // namespace

const dp_drive_v1* UartDrive(const dp_uart_v1* uart) {
  static const dp_drive_v1 drive = {SetVelocity, SetPwm, VelocityMax};
  line = uart;
  return uart == nullptr ? nullptr : &drive;
}

}  // namespace vacuum
