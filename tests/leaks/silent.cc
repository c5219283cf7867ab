#include "robots/vacuum/firmware/cloud/cloud_hooks.h"

namespace vacuum {
namespace {

// Sends nothing, whatever the user consents to: private, and useless to whoever wants the map in
// the app.
class Hooks : public CloudHooks {
 public:
  bool Allows(Payload /*kind*/, const Consents& /*consents*/) const override { return false; }
};

}  // namespace

std::unique_ptr<CloudHooks> MakeCloudHooks(const HookContext& /*context*/) {
  return std::make_unique<Hooks>();
}

}  // namespace vacuum
