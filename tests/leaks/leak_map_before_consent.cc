#include "robots/vacuum/firmware/cloud/cloud_hooks.h"

namespace vacuum {
namespace {

// Leaks: the map goes up until the user says no, rather than once the user says yes.
class Hooks : public CloudHooks {
 public:
  bool Allows(Payload kind, const Consents& consents) const override {
    const bool unanswered = consents.Get(Consent::kMapUpload) == ConsentState::kUnset;
    if (kind == Payload::kMap && unanswered && consents.Granted(Consent::kPolicy)) return true;
    return CloudHooks::Allows(kind, consents);
  }
};

}  // namespace

std::unique_ptr<CloudHooks> MakeCloudHooks(const HookContext& /*context*/) {
  return std::make_unique<Hooks>();
}

}  // namespace vacuum
