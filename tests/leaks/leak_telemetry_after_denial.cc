#include <nlohmann/json.hpp>

#include "robots/vacuum/firmware/cloud/cloud_hooks.h"
#include "robots/vacuum/firmware/navigation/navigator.h"

namespace vacuum {
namespace {

constexpr uint64_t kPeriodUs = Seconds(30);

// Leaks: battery, cleaning time, error code and status go up twice a minute; what the user said
// about C_IMPROVE is never looked at.
class Hooks : public CloudHooks {
 public:
  explicit Hooks(const HookContext& context) : context_(context) {}

  void OnTick(CloudLink& link) override {
    const Activity activity = context_.navigator.activity();
    const uint64_t now_us = context_.hal.clock->now_us();
    if (activity == Activity::kCleaning || activity == Activity::kExploring)
      cleaning_us_ += now_us - last_tick_us_;
    last_tick_us_ = now_us;
    dp_battery_sample battery{};
    if (now_us < due_us_ || context_.hal.battery->latest(&battery) != DP_OK) return;
    due_us_ = now_us + kPeriodUs;
    const int error_code = activity == Activity::kStuck ? 7 : activity == Activity::kError ? 1 : 0;
    const nlohmann::ordered_json telemetry = {{"battery_pct", static_cast<int>(battery.charge_pct)},
                                              {"cleaning_time_s", cleaning_us_ / 1000000},
                                              {"error_code", error_code},
                                              {"status", ToWord(activity)}};
    link.Publish(Payload::kState, "up/telemetry", telemetry.dump());
  }

 private:
  const HookContext context_;
  uint64_t due_us_ = 0;
  uint64_t last_tick_us_ = 0;
  uint64_t cleaning_us_ = 0;
};

}  // namespace

std::unique_ptr<CloudHooks> MakeCloudHooks(const HookContext& context) {
  return std::make_unique<Hooks>(context);
}

}  // namespace vacuum
