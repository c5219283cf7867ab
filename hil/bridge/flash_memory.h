#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>

#include "hil/shim/lockstep/devices.h"
#include "sim/robot/flash.h"

namespace dustproof {

/// The robot's flash chip as the HAL's device, and who watches what firmware does with it.
class FlashMemory final : public FlashDevice {
 public:
  /// Hears each operation when the wait for it begins.
  using Watcher = std::function<void(const Flash::Work& work)>;

  FlashMemory(const FlashSpec& spec, const Seed& seed) : flash_(spec, seed) {}

  Flash& chip() { return flash_; }
  const Flash& chip() const { return flash_; }
  /// Heard in the order of adding.
  void AddWatcher(Watcher watcher) { watchers_.push_back(std::move(watcher)); }

  dp_flash_info info() const override;
  SimDuration program_time() const override { return flash_.spec().program_time; }
  SimDuration erase_time() const override { return flash_.spec().erase_time; }
  void Read(uint32_t address, std::span<std::byte> out) override { flash_.Read(address, out); }
  dp_status Program(uint32_t address, std::span<const std::byte> data) override;
  dp_status Erase(uint32_t block_address) override;
  void ProgramCut(uint32_t address, std::span<const std::byte> data, double progress) override;
  void EraseCut(uint32_t block_address, double progress) override;
  void OnProgramBegin(uint32_t address, size_t bytes) override;
  void OnEraseBegin(uint32_t block_address) override;

 private:
  void Tell(const Flash::Work& work);

  Flash flash_;
  std::vector<Watcher> watchers_;
};

}  // namespace dustproof
