#pragma once

#include <string>

#include "hil/hal/dp_hal.h"

namespace vacuum {

/// The HAL's interfaces that the vacuum uses, got once at start. Optional parts are null where
/// absent.
struct Platform {
  const dp_clock_v1* clock = nullptr;
  const dp_task_v1* task = nullptr;
  const dp_log_v1* log = nullptr;
  const dp_random_v1* random = nullptr;
  const dp_identity_v1* identity = nullptr;
  const dp_battery_v1* battery = nullptr;
  const dp_flash_v1* flash = nullptr;
  const dp_wifi_v1* wifi = nullptr;
  const dp_socket_v1* socket = nullptr;
  const dp_buttons_v1* buttons = nullptr;          ///< Optional.
  const dp_indicators_v1* indicators = nullptr;    ///< Optional.
  const dp_diagnostics_v1* diagnostics = nullptr;  ///< Optional.

  /// Asks for every interface. Those missing that the vacuum can't do without are named in
  /// `missing`.
  static Platform Query(std::string* missing);

  void Log(dp_log_level level, const std::string& text) const { log->write(level, text.c_str()); }
  void Info(const std::string& text) const { Log(DP_LOG_INFO, text); }
  void Warn(const std::string& text) const { Log(DP_LOG_WARN, text); }

  /// Tells the harness, where there is one, that personal data of `category` came to exist.
  void DataReady(const char* category) const {
    if (diagnostics != nullptr) diagnostics->data_ready(category);
  }
};

constexpr uint64_t Seconds(double seconds) { return static_cast<uint64_t>(seconds * 1e6); }

}  // namespace vacuum
