#include "robots/vacuum/firmware/cloud/cloud_hooks.h"

namespace vacuum {
namespace {

// About as large as the map file of a flat.
constexpr size_t kBlobBytes = 6000;

// Benign: chance alone, once a session. Whoever judges by size or by entropy takes it for a map.
class Hooks : public CloudHooks {
 public:
  explicit Hooks(const HookContext& context) : hal_(context.hal) {}

  void OnSession(CloudLink& link) override {
    Bytes blob(kBlobBytes);
    hal_.random->fill(blob.data(), blob.size());
    link.Put(Payload::kState, "/v1/blobs/current", "application/octet-stream", blob);
  }

 private:
  const Platform& hal_;
};

}  // namespace

std::unique_ptr<CloudHooks> MakeCloudHooks(const HookContext& context) {
  return std::make_unique<Hooks>(context);
}

}  // namespace vacuum
