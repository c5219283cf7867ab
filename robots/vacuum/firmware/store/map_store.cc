#include "robots/vacuum/firmware/store/map_store.h"

#include <zlib.h>

#include "robots/vacuum/firmware/store/flash_io.h"

namespace vacuum {
namespace {

constexpr uint32_t kMagic = 0x4D535044;  // "DPSM"
constexpr uint32_t kHeaderBytes = 24;
constexpr uint32_t kMapBytesMax = 8u << 20;

}  // namespace

MapStore::MapStore(const dp_flash_v1& flash, uint32_t first_block, uint32_t blocks_per_slot)
    : flash_(flash),
      info_(flash.info()),
      first_address_(first_block * info_.block_bytes),
      blocks_per_slot_(blocks_per_slot) {}

std::optional<MapStore::Header> MapStore::ReadHeader(int slot) const {
  uint8_t raw[kHeaderBytes];
  if (blocks_per_slot_ == 0 || flash_.read(SlotAddress(slot), raw, sizeof(raw)) != DP_OK)
    return std::nullopt;
  ByteReader in(raw, sizeof(raw));
  Header header;
  const uint32_t magic = in.U32();
  header.sequence = in.U32();
  header.stored_bytes = in.U32();
  header.map_bytes = in.U32();
  header.crc = in.U32();
  if (magic != kMagic || in.U32() != Crc32(raw, 20)) return std::nullopt;
  if (header.stored_bytes > slot_bytes() - info_.page_bytes || header.map_bytes > kMapBytesMax)
    return std::nullopt;
  return header;
}

std::optional<Bytes> MapStore::ReadMap(int slot, const Header& header) const {
  Bytes stored(header.stored_bytes);
  if (flash_.read(SlotAddress(slot) + info_.page_bytes, stored.data(), stored.size()) != DP_OK)
    return std::nullopt;
  if (Crc32(stored.data(), stored.size()) != header.crc) return std::nullopt;
  Bytes map(header.map_bytes);
  uLongf size = map.size();
  if (uncompress(map.data(), &size, stored.data(), stored.size()) != Z_OK || size != map.size())
    return std::nullopt;
  return map;
}

std::optional<Bytes> MapStore::Load() {
  std::optional<Bytes> newest;
  uint32_t sequence = 0;
  for (int slot = 0; slot < 2; ++slot) {
    const auto header = ReadHeader(slot);
    if (!header || header->sequence <= sequence) continue;
    if (auto map = ReadMap(slot, *header)) {
      newest = std::move(map);
      sequence = header->sequence;
    }
  }
  return newest;
}

bool MapStore::Save(const Bytes& map) {
  if (map.empty() || map.size() > kMapBytesMax) return false;
  uLongf size = compressBound(map.size());
  Bytes stored(size);
  if (compress2(stored.data(), &size, map.data(), map.size(), Z_DEFAULT_COMPRESSION) != Z_OK)
    return false;
  stored.resize(size);
  if (blocks_per_slot_ == 0 || info_.page_bytes + stored.size() > slot_bytes()) return false;

  uint32_t sequence[2] = {};
  for (int slot = 0; slot < 2; ++slot) {
    // A slot whose map has gone bad is the one to write over, whatever its header says.
    const auto header = ReadHeader(slot);
    if (header && ReadMap(slot, *header)) sequence[slot] = header->sequence;
  }
  const int slot = sequence[0] <= sequence[1] ? 0 : 1;
  ByteWriter header;
  header.U32(kMagic);
  header.U32(sequence[1 - slot] + 1);
  header.U32(static_cast<uint32_t>(stored.size()));
  header.U32(static_cast<uint32_t>(map.size()));
  header.U32(Crc32(stored.data(), stored.size()));
  header.U32(Crc32(header.bytes().data(), header.bytes().size()));
  return EraseRange(flash_, SlotAddress(slot), slot_bytes()) &&
         ProgramVerified(flash_, SlotAddress(slot) + info_.page_bytes, stored) &&
         ProgramVerified(flash_, SlotAddress(slot), header.bytes());
}

bool MapStore::Erase() { return EraseRange(flash_, first_address_, 2 * slot_bytes()); }

}  // namespace vacuum
