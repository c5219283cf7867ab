#include "robots/vacuum/firmware/platform.h"
#include "robots/vacuum/firmware/robot.h"

namespace {

constexpr const char* kVersion = "1.0.0";

void Main() {
  std::string missing;
  const vacuum::Platform hal = vacuum::Platform::Query(&missing);
  if (!missing.empty()) {
    if (hal.log != nullptr)
      hal.Log(DP_LOG_ERROR, "this robot lacks what the vacuum needs: " + missing);
    return;
  }
  // Tasks refer to it for as long as the power is on.
  auto* robot = new vacuum::Robot(hal, kVersion);
  robot->Start();
  robot->Watch();
}

}  // namespace

extern "C" __attribute__((visibility("default"))) const dp_firmware_t dp_firmware = {
    .hal_version = DP_HAL_VERSION,
    .name = "vacuum",
    .version = kVersion,
    .main = Main,
};
