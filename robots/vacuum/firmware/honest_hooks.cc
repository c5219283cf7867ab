#include "robots/vacuum/firmware/cloud/cloud_hooks.h"

namespace vacuum {

// The vacuum adds nothing to what its cloud client sends.
std::unique_ptr<CloudHooks> MakeCloudHooks(const HookContext& /*context*/) {
  return std::make_unique<CloudHooks>();
}

}  // namespace vacuum
