#include "robots/vacuum/firmware/platform.h"

namespace vacuum {
namespace {

template <typename Interface>
void Get(const char* name, const Interface** out, std::string* missing) {
  *out = static_cast<const Interface*>(dp_hal_query(name, 1));
  if (*out == nullptr && missing != nullptr)
    *missing += (missing->empty() ? "" : ", ") + std::string(name);
}

}  // namespace

Platform Platform::Query(std::string* missing) {
  Platform hal;
  Get(DP_CLOCK, &hal.clock, missing);
  Get(DP_TASK, &hal.task, missing);
  Get(DP_LOG, &hal.log, missing);
  Get(DP_RANDOM, &hal.random, missing);
  Get(DP_IDENTITY, &hal.identity, missing);
  Get(DP_BATTERY, &hal.battery, missing);
  Get(DP_FLASH, &hal.flash, missing);
  Get(DP_WIFI, &hal.wifi, missing);
  Get(DP_SOCKET, &hal.socket, missing);
  Get(DP_BUTTONS, &hal.buttons, nullptr);
  Get(DP_INDICATORS, &hal.indicators, nullptr);
  Get(DP_DIAGNOSTICS, &hal.diagnostics, nullptr);
  return hal;
}

}  // namespace vacuum
