#include "sim/robot/flash.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

#include "sim/core/check.h"

namespace dustproof {
namespace {

// Each bit of `mask` stays set by chance `share`; all or none at the ends.
std::byte Thin(std::byte mask, double share, RandomStream& random) {
  std::byte kept{};
  for (unsigned bit = 0; bit < 8; ++bit) {
    const std::byte one{static_cast<uint8_t>(1u << bit)};
    if ((mask & one) != std::byte{} && random.Chance(share)) kept |= one;
  }
  return kept;
}

}  // namespace

Flash::Flash(const FlashSpec& spec, const Seed& seed)
    : spec_(spec),
      block_bytes_(static_cast<uint32_t>(spec.block_bytes)),
      faults_(spec.faults),
      wear_random_(seed.Stream("flash.wear")),
      cut_random_(seed.Stream("flash.cut")),
      fault_random_(seed.Stream("flash.faults")),
      bytes_(static_cast<size_t>(spec.size_bytes()), std::byte{0xFF}),
      erase_counts_(static_cast<size_t>(spec.size_bytes() / spec.block_bytes),
                    static_cast<uint32_t>(spec.erase_cycles_at_start)) {
  DP_CHECK(spec.size_bytes() % spec.block_bytes == 0, spec.size_bytes(), spec.block_bytes);
  DP_CHECK(spec.block_bytes % spec.page_bytes == 0, spec.block_bytes, spec.page_bytes);
}

void Flash::Read(uint32_t address, std::span<std::byte> out) {
  std::memcpy(out.data(), bytes_.data() + address, out.size());
  if (faults_.bit_error_rate > 0) FlipBits(out);
  if (faults_.read_disturb_reads > 0) Disturb(address, out.size());
}

void Flash::FlipBits(std::span<std::byte> read) {
  // The gap to the next wrong bit is geometric, so that good bits cost nothing.
  const double log_good = std::log1p(-std::min(faults_.bit_error_rate, 0.5));
  const double bits = static_cast<double>(read.size()) * 8;
  for (double at = 0;; at += 1) {
    at += std::floor(std::log1p(-fault_random_.Uniform()) / log_good);
    if (at >= bits) return;
    const auto bit = static_cast<size_t>(at);
    read[bit / 8] ^= std::byte{static_cast<uint8_t>(1u << (bit % 8))};
  }
}

void Flash::Disturb(uint32_t address, size_t bytes) {
  if (bytes == 0) return;
  const uint32_t last = BlockOf(address + static_cast<uint32_t>(bytes) - 1);
  for (uint32_t block = BlockOf(address); block <= last; ++block) {
    uint64_t& reads = reads_since_erase_[block];
    if (++reads % static_cast<uint64_t>(faults_.read_disturb_reads) != 0) continue;
    const uint64_t bit = fault_random_.Below(uint64_t{block_bytes_} * 8);
    bytes_[block * block_bytes_ + bit / 8] &= ~std::byte{static_cast<uint8_t>(1u << (bit % 8))};
  }
}

bool Flash::FailsByWear(uint32_t address) {
  const uint32_t erases = erase_counts_[BlockOf(address)];
  return erases > static_cast<uint32_t>(spec_.erase_cycles_max) &&
         wear_random_.Chance(spec_.worn_failure);
}

bool Flash::IsLost() {
  return faults_.lost_write_probability > 0 && fault_random_.Chance(faults_.lost_write_probability);
}

bool Flash::Program(uint32_t address, std::span<const std::byte> data) {
  if (FailsByWear(address)) return false;
  if (IsLost()) return true;
  for (size_t i = 0; i < data.size(); ++i) bytes_[address + i] &= data[i];
  return true;
}

bool Flash::Erase(uint32_t block_address) {
  const uint32_t block = BlockOf(block_address);
  ++erase_counts_[block];
  if (FailsByWear(block_address)) return false;
  if (IsLost()) return true;
  std::memset(bytes_.data() + block * block_bytes_, 0xFF, block_bytes_);
  reads_since_erase_.erase(block);
  return true;
}

void Flash::ProgramCut(uint32_t address, std::span<const std::byte> data, double progress) {
  for (size_t i = 0; i < data.size(); ++i) {
    std::byte& byte = bytes_[address + i];
    byte &= ~Thin(byte & ~data[i], progress, cut_random_);
  }
}

void Flash::EraseCut(uint32_t block_address, double progress) {
  const uint32_t block = BlockOf(block_address);
  if (progress > 0) ++erase_counts_[block];
  for (uint32_t i = 0; i < block_bytes_; ++i) {
    std::byte& byte = bytes_[block * block_bytes_ + i];
    byte |= Thin(~byte, progress, cut_random_);
  }
}

uint32_t Flash::erase_count_max() const {
  return *std::max_element(erase_counts_.begin(), erase_counts_.end());
}

uint64_t Flash::erase_count() const {
  const uint64_t all = std::accumulate(erase_counts_.begin(), erase_counts_.end(), uint64_t{0});
  return all - erase_counts_.size() * static_cast<uint64_t>(spec_.erase_cycles_at_start);
}

void Flash::AddToHash(Hasher& hasher) const {
  hasher.AddBytes(bytes_);
  hasher.AddBytes(std::as_bytes(std::span(erase_counts_)));
  for (const auto& [block, reads] : reads_since_erase_) {
    hasher.Add(block);
    hasher.Add(reads);
  }
}

}  // namespace dustproof
