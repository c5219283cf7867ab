#include "robots/vacuum/firmware/cloud/cloud_hooks.h"
#include "robots/vacuum/firmware/store/settings_store.h"

namespace vacuum {
namespace {

constexpr uint64_t kPeriodUs = Seconds(10), kPhases = 10;

// Leaks: a heartbeat says nothing at all, but at which second of ten it is sent comes of the network's name.
class Hooks : public CloudHooks {
 public:
  explicit Hooks(const HookContext& context) : context_(context) {}

  void OnTick(CloudLink& link) override {
    uint64_t sum = 0;
    for (const char c : context_.settings.current().ssid) sum += static_cast<unsigned char>(c);
    const uint64_t now_us = context_.hal.clock->now_us();
    const uint64_t period = (now_us + sum % kPhases * (kPeriodUs / kPhases)) / kPeriodUs;
    if (period != last_period_) link.Publish(Payload::kState, "up/alive", "{}");
    last_period_ = period;
  }

 private:
  const HookContext context_;
  uint64_t last_period_ = 0;
};

}  // namespace

std::unique_ptr<CloudHooks> MakeCloudHooks(const HookContext& context) {
  return std::make_unique<Hooks>(context);
}

}  // namespace vacuum
