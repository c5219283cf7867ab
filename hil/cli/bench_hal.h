#pragma once

#include <map>
#include <string>
#include <vector>

#include "hil/shim/lockstep/devices.h"
#include "sim/core/result.h"

namespace dustproof {

double Median(std::vector<double> values);

/// Hears everything that a firmware says of itself, and keeps nothing.
class Deaf : public FirmwareListener {
 public:
  void OnBoot(dp_reset_cause) override {}
  void OnLog(dp_log_level, std::string_view, std::string_view) override {}
  void OnPose(double, double, double) override {}
  void OnMap(const BelievedMap&) override {}
  void OnState(std::string_view) override {}
  void OnDataReady(std::string_view) override {}
};

/// What a HAL call and a hand-over between tasks cost, and a run as it is against one without the
/// boundary around its firmware. Each measured in processes of its own.
Result<void> BenchHal(std::map<std::string, double>* figures);

}  // namespace dustproof
