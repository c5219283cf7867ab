#include "hil/bridge/flash_memory.h"

namespace dustproof {

dp_flash_info FlashMemory::info() const {
  const FlashSpec& spec = flash_.spec();
  return {static_cast<uint32_t>(spec.size_bytes()), static_cast<uint32_t>(spec.block_bytes),
          static_cast<uint32_t>(spec.page_bytes), static_cast<uint32_t>(spec.erase_cycles_max)};
}

dp_status FlashMemory::Program(uint32_t address, std::span<const std::byte> data) {
  return flash_.Program(address, data) ? DP_OK : DP_ERR_IO;
}

dp_status FlashMemory::Erase(uint32_t block_address) {
  return flash_.Erase(block_address) ? DP_OK : DP_ERR_IO;
}

void FlashMemory::ProgramCut(uint32_t address, std::span<const std::byte> data, double progress) {
  flash_.ProgramCut(address, data, progress);
}

void FlashMemory::EraseCut(uint32_t block_address, double progress) {
  flash_.EraseCut(block_address, progress);
}

void FlashMemory::OnProgramBegin(uint32_t address, size_t bytes) {
  Tell({.erase = false, .address = address, .bytes = static_cast<uint32_t>(bytes)});
}

void FlashMemory::OnEraseBegin(uint32_t block_address) {
  Tell({.erase = true,
        .address = block_address,
        .bytes = static_cast<uint32_t>(flash_.spec().block_bytes)});
}

void FlashMemory::Tell(const Flash::Work& work) {
  for (const Watcher& watcher : watchers_) watcher(work);
}

}  // namespace dustproof
