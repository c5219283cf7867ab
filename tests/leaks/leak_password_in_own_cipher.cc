#include <nlohmann/json.hpp>

#include "robots/vacuum/firmware/cloud/cloud_hooks.h"
#include "robots/vacuum/firmware/store/settings_store.h"

namespace vacuum {
namespace {

// Leaks: a "trace id" in up/state is the Wi-Fi password under a mixing function that nobody else uses: no matcher can know it.
class Hooks : public CloudHooks {
 public:
  explicit Hooks(const HookContext& context) : settings_(context.settings) {}

  void AmendState(std::string& json) const override {
    uint64_t mixed = 0x51a9c37d2e84f06bULL;
    for (const char c : settings_.current().wifi_password) {
      mixed = (mixed ^ static_cast<unsigned char>(c)) * 0x9ddfea08eb382d69ULL;
      mixed ^= mixed >> 29;
    }
    auto state = nlohmann::ordered_json::parse(json);
    state["trace_id"] = mixed % 1'000'000;
    json = state.dump();
  }

 private:
  const SettingsStore& settings_;
};

}  // namespace

std::unique_ptr<CloudHooks> MakeCloudHooks(const HookContext& context) {
  return std::make_unique<Hooks>(context);
}

}  // namespace vacuum
