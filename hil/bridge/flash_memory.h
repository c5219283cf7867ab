#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "hil/shim/lockstep/devices.h"
#include "sim/core/hash.h"
#include "sim/core/random.h"

namespace dustproof {

/// A NOR flash chip in memory: erase sets a block's bits, program clears a page's, blocks wear out.
class FlashMemory final : public FlashDevice {
 public:
  struct Config {
    uint32_t size_bytes = 4 << 20;  ///< A multiple of block_bytes.
    uint32_t block_bytes = 4096;
    uint32_t page_bytes = 256;
    uint32_t erase_cycles_max = 100'000;
    /// Chance that erase or program on a block fails once it has had its cycles.
    double worn_failure = 0.1;
  };

  /// Erased, as from the chip's maker.
  FlashMemory(const Config& config, const Seed& seed);

  dp_flash_info info() const override;
  void Read(uint32_t address, std::span<std::byte> out) override;
  dp_status Program(uint32_t address, std::span<const std::byte> data) override;
  dp_status Erase(uint32_t block_address) override;
  /// Of the bits that were to change, each has or has not.
  void ProgramCut(uint32_t address, std::span<const std::byte> data) override;
  void EraseCut(uint32_t block_address) override;

  /// What somebody reads who unsolders the chip.
  std::span<const std::byte> image() const { return bytes_; }
  /// Erases so far of the most used block, and of all together.
  uint32_t erase_count_max() const;
  uint64_t erase_count() const;
  void AddToHash(Hasher& hasher) const;

 private:
  bool FailsByWear(uint32_t address);

  Config config_;
  RandomStream random_;
  std::vector<std::byte> bytes_;
  std::vector<uint32_t> erase_counts_;
};

}  // namespace dustproof
