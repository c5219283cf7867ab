#pragma once

#include <optional>

#include "robots/vacuum/firmware/byte_io.h"
#include "robots/vacuum/firmware/platform.h"

namespace vacuum {

/// The map in flash: two slots of many blocks each. A new map is written whole into the older slot
/// before its header makes it count, so that a power cut leaves the old map or the new one.
class MapStore {
 public:
  /// Uses `2 * blocks_per_slot` blocks from `first_block` on. `flash` outlives the store.
  MapStore(const dp_flash_v1& flash, uint32_t first_block, uint32_t blocks_per_slot);

  /// The newest whole map, or none.
  std::optional<Bytes> Load();
  /// Stores `map` (compressed). False where it does not fit or the flash failed; the map before
  /// then still counts.
  bool Save(const Bytes& map);
  /// Erases both slots.
  bool Erase();

 private:
  struct Header {
    uint32_t sequence = 0, stored_bytes = 0, map_bytes = 0, crc = 0;
  };

  uint32_t slot_bytes() const { return blocks_per_slot_ * info_.block_bytes; }
  uint32_t SlotAddress(int slot) const {
    return first_address_ + static_cast<uint32_t>(slot) * slot_bytes();
  }
  std::optional<Header> ReadHeader(int slot) const;
  std::optional<Bytes> ReadMap(int slot, const Header& header) const;

  const dp_flash_v1& flash_;
  const dp_flash_info info_;
  const uint32_t first_address_;
  const uint32_t blocks_per_slot_;
};

}  // namespace vacuum
