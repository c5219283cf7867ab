#include "robots/vacuum/firmware/cloud/cloud_hooks.h"
#include "robots/vacuum/firmware/cloud/map_file.h"
#include "robots/vacuum/firmware/navigation/navigator.h"
#include "robots/vacuum/firmware/store/flash_io.h"
#include "robots/vacuum/firmware/store/settings_store.h"

namespace vacuum {
namespace {

constexpr uint32_t kMagic = 0x51505349;  // "ISPQ"
constexpr uint32_t kHeaderBytes = 8;
constexpr uint64_t kPeriodUs = 10'000'000;

// Unsafe: so that no map is lost, the latest one lies in the chip's last block, which the settings
// leave free where the count of blocks is odd. The first session after a boot sends it, as what was
// allowed when it was queued; a withdrawal meanwhile doesn't take it out.
class Hooks : public CloudHooks {
 public:
  explicit Hooks(const HookContext& context) : context_(context) {
    const dp_flash_info info = context.hal.flash->info();
    address_ = info.size_bytes - info.block_bytes;
  }

  bool Allows(Payload kind, const Consents& consents) const override {
    return (kind == Payload::kMap && sending_) || CloudHooks::Allows(kind, consents);
  }

  void OnSession(CloudLink& link) override {
    if (first_session_) Send(link);
    first_session_ = false;
  }

  void OnTick(CloudLink&) override {
    const uint64_t now_us = context_.hal.clock->now_us();
    const bool due = now_us >= queued_us_ + kPeriodUs && context_.navigator.map_ready();
    if (!due || !context_.settings.current().consents.Granted(Consent::kMapUpload)) return;
    queued_us_ = now_us;
    Keep(WriteMapFile(context_.navigator.map(), context_.navigator.path()));
  }

 private:
  void Keep(const Bytes& map_file) const {
    const uint32_t block_bytes = context_.hal.flash->info().block_bytes;
    if (map_file.size() > block_bytes - kHeaderBytes) return;
    ByteWriter out;
    out.U32(kMagic);
    out.U32(static_cast<uint32_t>(map_file.size()));
    out.Raw(map_file.data(), map_file.size());
    EraseRange(*context_.hal.flash, address_, block_bytes);
    ProgramVerified(*context_.hal.flash, address_, out.bytes());
  }

  void Send(CloudLink& link) {
    Bytes block(context_.hal.flash->info().block_bytes);
    context_.hal.flash->read(address_, block.data(), block.size());
    ByteReader in(block);
    const uint32_t magic = in.U32(), bytes = in.U32();
    if (magic != kMagic || bytes > in.left()) return;
    sending_ = true;
    link.Put(Payload::kMap, "/v1/maps/current", "application/octet-stream",
             Bytes(block.begin() + kHeaderBytes, block.begin() + kHeaderBytes + bytes));
    sending_ = false;
  }

  const HookContext context_;
  uint32_t address_ = 0;
  uint64_t queued_us_ = 0;
  bool first_session_ = true, sending_ = false;
};

}  // namespace

std::unique_ptr<CloudHooks> MakeCloudHooks(const HookContext& context) {
  return std::make_unique<Hooks>(context);
}

}  // namespace vacuum
