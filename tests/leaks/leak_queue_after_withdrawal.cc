#include "robots/vacuum/firmware/cloud/cloud_hooks.h"
#include "robots/vacuum/firmware/cloud/outbox.h"

namespace vacuum {
namespace {

// Leaks: consent is looked at when the map is queued, and not again when the queue is sent. A map
// that waited through an outage goes up although the user withdrew meanwhile.
class Hooks : public CloudHooks {
 public:
  explicit Hooks(const HookContext& context) : outbox_(context.outbox) {}

  bool Allows(Payload kind, const Consents& consents) const override {
    if (kind == Payload::kMap && outbox_.map() && consents.Granted(Consent::kPolicy)) return true;
    return CloudHooks::Allows(kind, consents);
  }

 private:
  const Outbox& outbox_;
};

}  // namespace

std::unique_ptr<CloudHooks> MakeCloudHooks(const HookContext& context) {
  return std::make_unique<Hooks>(context);
}

}  // namespace vacuum
