#include "robots/vacuum/firmware/cloud/cloud_hooks.h"

namespace vacuum {

bool CloudHooks::Allows(Payload kind, const Consents& consents) const {
  // The policy comes first: without it there is no network use at all.
  if (!consents.Granted(Consent::kPolicy)) return false;
  switch (kind) {
    case Payload::kNetwork:
    case Payload::kSession:
    case Payload::kState:
    case Payload::kAck:
    case Payload::kFirmwareQuery:
      return true;
    case Payload::kMap:
      return consents.Granted(Consent::kMapUpload);
    case Payload::kIdentity:
      return consents.Granted(Consent::kDeviceId);
  }
  return false;
}

}  // namespace vacuum
