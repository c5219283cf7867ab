#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "sim/core/hash.h"
#include "sim/core/random.h"
#include "sim/scenario/robot_config.h"

namespace dustproof {

/// The robot's serial NOR flash: erase sets a block's bits, program clears bits of a page, blocks
/// wear out, and whatever is under way when the power goes is left half done.
///
/// It keeps no time: whoever drives it waits out `FlashSpec::program_time` or `erase_time` and then
/// calls; where power is lost during the wait, it calls the `...Cut` form instead. Addresses are
/// from 0 and lie in the chip.
class Flash {
 public:
  /// An operation that the chip was given.
  struct Work {
    bool erase = false;
    uint32_t address = 0;
    uint32_t bytes = 0;  ///< Of a program; the block's for an erase.
  };

  /// Erased, as from the chip's maker, but worn as `spec` says.
  Flash(const FlashSpec& spec, const Seed& seed);

  const FlashSpec& spec() const { return spec_; }
  /// What is wrong with the chip from now on, instead of `spec().faults`.
  void SetFaults(const FlashFaults& faults) { faults_ = faults; }
  const FlashFaults& faults() const { return faults_; }

  void Read(uint32_t address, std::span<std::byte> out);
  /// Within one page: bits go from 1 to 0 only. False where the worn block fails; then nothing
  /// changed.
  bool Program(uint32_t address, std::span<const std::byte> data);
  bool Erase(uint32_t block_address);

  /// Power is lost after the share `progress` (0–1) of the operation: of the bits that were to
  /// change, each has by that chance. 0 changes nothing, 1 everything.
  void ProgramCut(uint32_t address, std::span<const std::byte> data, double progress);
  void EraseCut(uint32_t block_address, double progress);
  /// Draws what cuts leave behind from `seed` from now on: branches of a run cut differently.
  void ReseedCuts(const Seed& seed) { cut_random_ = seed.Stream("flash.cut"); }

  /// What somebody reads who unsolders the chip.
  std::span<const std::byte> image() const { return bytes_; }
  /// Erases so far of the most used block, with those it came with, and of all together without.
  uint32_t erase_count_max() const;
  uint64_t erase_count() const;
  void AddToHash(Hasher& hasher) const;

 private:
  bool FailsByWear(uint32_t address);
  bool IsLost();
  void Disturb(uint32_t address, size_t bytes);
  void FlipBits(std::span<std::byte> read);
  uint32_t BlockOf(uint32_t address) const { return address / block_bytes_; }

  const FlashSpec spec_;
  const uint32_t block_bytes_;
  FlashFaults faults_;
  RandomStream wear_random_, cut_random_, fault_random_;
  std::vector<std::byte> bytes_;
  std::vector<uint32_t> erase_counts_;
  std::map<uint32_t, uint64_t> reads_since_erase_;  // Of blocks, while reads disturb.
};

}  // namespace dustproof
