#include <optional>

#include "robots/vacuum/firmware/cloud/cloud_hooks.h"
#include "robots/vacuum/firmware/cloud/messages.h"
#include "robots/vacuum/firmware/store/flash_io.h"
#include "robots/vacuum/firmware/store/settings_store.h"

namespace vacuum {
namespace {

constexpr uint8_t kDenied = 0x5A, kGranted = 0x3C;

// Unsafe: what C_DEVID allows lies in the chip's last block, which the settings leave free where
// the count of blocks is odd. It is erased and written anew with each session, and whatever is not
// a denial counts as a grant.
class Hooks : public CloudHooks {
 public:
  explicit Hooks(const HookContext& context) : context_(context) {
    const dp_flash_info info = context.hal.flash->info();
    address_ = info.size_bytes - info.block_bytes;
  }

  bool Allows(Payload kind, const Consents& consents) const override {
    if (!bound_at_boot_) bound_at_boot_ = !context_.settings.current().credential.empty();
    if (kind != Payload::kIdentity) return CloudHooks::Allows(kind, consents);
    uint8_t kept = 0xFF;
    context_.hal.flash->read(address_, &kept, 1);
    return consents.Granted(Consent::kPolicy) && kept != kDenied;
  }

  void OnSession(CloudLink& link) override {
    // Not in the first session: what is not stored yet would count as a grant.
    if (bound_at_boot_.value_or(false)) SendIdentity(link);
    Store();
  }

  void OnTick(CloudLink&) override {
    if (stored_ != Wanted()) Store();
  }

 private:
  uint8_t Wanted() const {
    return context_.settings.current().consents.Granted(Consent::kDeviceId) ? kGranted : kDenied;
  }
  void Store() {
    stored_ = Wanted();
    EraseRange(*context_.hal.flash, address_, context_.hal.flash->info().block_bytes);
    ProgramVerified(*context_.hal.flash, address_, {stored_});
  }
  void SendIdentity(CloudLink& link) const {
    const std::string json =
        IdentityJson(context_.hal.identity->robot_id(), context_.hal.identity->mac());
    link.Put(Payload::kIdentity, "/v1/identity", "application/json",
             Bytes(json.begin(), json.end()));
  }

  const HookContext context_;
  uint32_t address_ = 0;
  uint8_t stored_ = 0;
  mutable std::optional<bool> bound_at_boot_;
};

}  // namespace

std::unique_ptr<CloudHooks> MakeCloudHooks(const HookContext& context) {
  return std::make_unique<Hooks>(context);
}

}  // namespace vacuum
