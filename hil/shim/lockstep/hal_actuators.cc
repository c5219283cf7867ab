// Wheels, cleaning motors, lights and buzzer: hil/hal/dp_actuators.h.

#include <algorithm>
#include <cmath>
#include <string_view>

#include "hil/shim/lockstep/internal/hal_state.h"

namespace dustproof::internal {
namespace {

dp_status DriveSetVelocity(float left_m_s, float right_m_s) {
  const HalCall call("drive.set_velocity", left_m_s, right_m_s);
  if (!call) return DP_ERR_STATE;
  if (!std::isfinite(left_m_s) || !std::isfinite(right_m_s))
    return call.Refuse("a speed is not a number");
  DriveDevice& drive = *call->devices.drive;
  const double max_m_s = drive.velocity_m_s_max();
  call->scheduler.OnHostStack([&] {
    drive.SetVelocity(std::clamp<double>(left_m_s, -max_m_s, max_m_s),
                      std::clamp<double>(right_m_s, -max_m_s, max_m_s));
  });
  return DP_OK;
}

dp_status DriveSetPwm(float left, float right) {
  const HalCall call("drive.set_pwm", left, right);
  if (!call) return DP_ERR_STATE;
  if (!(std::abs(left) <= 1) || !(std::abs(right) <= 1))
    return call.Refuse("a duty is not in -1 to 1");
  call->scheduler.OnHostStack([&] { call->devices.drive->SetPwm(left, right); });
  return DP_OK;
}

float DriveVelocityMax() {
  const HalCall call("drive.velocity_m_s_max");
  return call ? static_cast<float>(call->devices.drive->velocity_m_s_max()) : 0.0f;
}

constexpr dp_drive_v1 kDrive = {DriveSetVelocity, DriveSetPwm, DriveVelocityMax};

template <CleaningMotor motor>
dp_status CleaningSet(float duty) {
  const HalCall call("cleaning.set", duty);
  if (!call) return DP_ERR_STATE;
  if (!(duty >= 0 && duty <= 1)) return call.Refuse("the duty is not in 0 to 1");
  call->scheduler.OnHostStack([&] { call->devices.cleaning->SetDuty(motor, duty); });
  return DP_OK;
}

constexpr dp_cleaning_v1 kCleaning = {CleaningSet<CleaningMotor::kMainBrush>,
                                      CleaningSet<CleaningMotor::kSideBrush>,
                                      CleaningSet<CleaningMotor::kFan>};

dp_status IndicatorsSetLed(uint8_t index, uint32_t rgb) {
  const HalCall call("indicators.set_led", index, rgb);
  if (!call) return DP_ERR_STATE;
  if (index > 3 || rgb > 0xFFFFFF)
    return call.Refuse("the light is not in 0 to 3, or its colour not in 0 to 0xFFFFFF");
  call->scheduler.OnHostStack([&] { call->devices.indicators->SetLed(index, rgb); });
  return DP_OK;
}

dp_status IndicatorsBeep(uint16_t frequency_hz, uint16_t duration_ms) {
  const HalCall call("indicators.beep", frequency_hz, duration_ms);
  if (!call) return DP_ERR_STATE;
  call->scheduler.OnHostStack([&] {
    call->devices.indicators->Beep(frequency_hz, SimDuration::Milliseconds(duration_ms));
  });
  return DP_OK;
}

constexpr dp_indicators_v1 kIndicators = {IndicatorsSetLed, IndicatorsBeep};

}  // namespace

const void* FindActuatorInterface(const HalState& hal, const char* name) {
  const std::string_view word(name);
  if (word == DP_DRIVE && hal.devices.drive != nullptr) return &kDrive;
  if (word == DP_CLEANING && hal.devices.cleaning != nullptr) return &kCleaning;
  if (word == DP_INDICATORS && hal.devices.indicators != nullptr) return &kIndicators;
  return nullptr;
}

}  // namespace dustproof::internal
