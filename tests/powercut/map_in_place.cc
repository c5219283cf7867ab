#include "robots/vacuum/firmware/store/flash_io.h"
#include "robots/vacuum/firmware/store/map_store.h"

// Unsafe: there is one copy of the map, written over in place, and nothing tells a whole one from a
// torn one. Takes the place of the honest store at link time.
namespace vacuum {
namespace {

constexpr uint32_t kMagic = 0x4D505349;  // "ISPM"
constexpr uint32_t kHeaderBytes = 8;

}  // namespace

MapStore::MapStore(const dp_flash_v1& flash, uint32_t first_block, uint32_t blocks_per_slot)
    : flash_(flash),
      info_(flash.info()),
      first_address_(first_block * info_.block_bytes),
      blocks_per_slot_(blocks_per_slot) {}

std::optional<Bytes> MapStore::Load() {
  uint8_t raw[kHeaderBytes];
  if (flash_.read(first_address_, raw, sizeof raw) != DP_OK) return std::nullopt;
  ByteReader in(raw, sizeof raw);
  const uint32_t magic = in.U32(), bytes = in.U32();
  if (magic != kMagic || bytes > slot_bytes() - kHeaderBytes) return std::nullopt;
  Bytes map(bytes);
  if (flash_.read(first_address_ + kHeaderBytes, map.data(), map.size()) != DP_OK)
    return std::nullopt;
  return map;
}

bool MapStore::Save(const Bytes& map) {
  if (map.empty() || map.size() > slot_bytes() - kHeaderBytes) return false;
  ByteWriter out;
  out.U32(kMagic);
  out.U32(static_cast<uint32_t>(map.size()));
  out.Raw(map.data(), map.size());
  return EraseRange(flash_, first_address_, slot_bytes()) &&
         ProgramVerified(flash_, first_address_, out.bytes());
}

bool MapStore::Erase() { return EraseRange(flash_, first_address_, slot_bytes()); }

}  // namespace vacuum
