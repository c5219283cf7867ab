#pragma once

#include <cstdint>
#include <optional>

#include "robots/vacuum/firmware/byte_io.h"
#include "robots/vacuum/firmware/platform.h"

namespace vacuum {

/// One small record in flash that a power cut at any instant leaves old or new, never lost.
///
/// Two banks of whole blocks. Each version of the record is a run of pages in one bank: magic,
/// sequence number, length, payload, CRC. The newest with a good CRC counts. `Append` adds a
/// version behind the last one, so that a block is erased only once in several writes. `Replace`
/// writes the new version into the other bank and then erases this one, so that no older version,
/// hence no old secret, stays in flash; `Open` finishes a `Replace` that was cut.
class RecordStore {
 public:
  /// Uses `2 * blocks_per_bank` blocks from `first_block` on. `flash` outlives the store.
  RecordStore(const dp_flash_v1& flash, uint32_t first_block, uint32_t blocks_per_bank);

  struct Loaded {
    std::optional<Bytes> payload;  ///< None where nothing was ever stored, or after EraseAll().
    bool torn = false;             ///< A write was cut: what it would have said is unknown.
  };
  /// Reads the newest version and makes the store ready. Call first; again only in tests.
  Loaded Open();

  /// False where the flash failed or `payload` exceeds payload_bytes_max(); the version before then
  /// still counts.
  bool Append(const Bytes& payload);
  bool Replace(const Bytes& payload);
  /// Erases both banks, the one with the newest version last.
  bool EraseAll();

  size_t payload_bytes_max() const { return bank_bytes() - kOverheadBytes; }

 private:
  static constexpr size_t kOverheadBytes = 16;

  uint32_t bank_bytes() const { return blocks_per_bank_ * info_.block_bytes; }
  uint32_t BankAddress(int bank) const {
    return first_address_ + static_cast<uint32_t>(bank) * bank_bytes();
  }
  Bytes ReadBank(int bank) const;
  bool EraseBank(int bank);
  bool WriteAt(int bank, uint32_t offset, const Bytes& payload);

  const dp_flash_v1& flash_;
  const dp_flash_info info_;
  const uint32_t first_address_;
  const uint32_t blocks_per_bank_;
  int bank_ = 0;             // Holds the newest version.
  uint32_t end_offset_ = 0;  // First page in it that was never written.
  uint32_t sequence_ = 0;
};

}  // namespace vacuum
