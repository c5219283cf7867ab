#include "hil/bridge/flash_memory.h"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "sim/core/check.h"

namespace dustproof {

FlashMemory::FlashMemory(const Config& config, const Seed& seed)
    : config_(config),
      random_(seed.Stream("flash")),
      bytes_(config.size_bytes, std::byte{0xFF}),
      erase_counts_(config.size_bytes / config.block_bytes) {
  DP_CHECK(config.block_bytes > 0 && config.size_bytes % config.block_bytes == 0);
  DP_CHECK(config.page_bytes > 0 && config.block_bytes % config.page_bytes == 0);
}

dp_flash_info FlashMemory::info() const {
  return {config_.size_bytes, config_.block_bytes, config_.page_bytes, config_.erase_cycles_max};
}

void FlashMemory::Read(uint32_t address, std::span<std::byte> out) {
  std::memcpy(out.data(), bytes_.data() + address, out.size());
}

bool FlashMemory::FailsByWear(uint32_t address) {
  const uint32_t erases = erase_counts_[address / config_.block_bytes];
  return erases > config_.erase_cycles_max && random_.Chance(config_.worn_failure);
}

dp_status FlashMemory::Program(uint32_t address, std::span<const std::byte> data) {
  if (FailsByWear(address)) return DP_ERR_IO;
  for (size_t i = 0; i < data.size(); ++i) bytes_[address + i] &= data[i];
  return DP_OK;
}

dp_status FlashMemory::Erase(uint32_t block_address) {
  ++erase_counts_[block_address / config_.block_bytes];
  if (FailsByWear(block_address)) return DP_ERR_IO;
  std::memset(bytes_.data() + block_address, 0xFF, config_.block_bytes);
  return DP_OK;
}

void FlashMemory::ProgramCut(uint32_t address, std::span<const std::byte> data) {
  for (size_t i = 0; i < data.size(); ++i) {
    bytes_[address + i] &= data[i] | static_cast<std::byte>(random_.Below(256));
  }
}

void FlashMemory::EraseCut(uint32_t block_address) {
  ++erase_counts_[block_address / config_.block_bytes];
  for (uint32_t i = 0; i < config_.block_bytes; ++i) {
    bytes_[block_address + i] |= static_cast<std::byte>(random_.Below(256));
  }
}

uint32_t FlashMemory::erase_count_max() const {
  return *std::max_element(erase_counts_.begin(), erase_counts_.end());
}

uint64_t FlashMemory::erase_count() const {
  return std::accumulate(erase_counts_.begin(), erase_counts_.end(), uint64_t{0});
}

void FlashMemory::AddToHash(Hasher& hasher) const {
  hasher.AddBytes(bytes_);
  hasher.AddBytes(std::as_bytes(std::span(erase_counts_)));
}

}  // namespace dustproof
