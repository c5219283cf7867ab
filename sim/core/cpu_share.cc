#include "sim/core/cpu_share.h"

#include <x86intrin.h>

namespace dustproof {

// The time-stamp counter costs some 10 ns to read: it may be switched ten thousand times a
// simulated second.
CpuShare::CpuShare() : since_(__rdtsc()) {}

CpuSection CpuShare::Switch(CpuSection section) {
  const uint64_t now = __rdtsc();
  cycles_[static_cast<size_t>(current_)] += now - since_;
  since_ = now;
  const CpuSection before = current_;
  current_ = section;
  return before;
}

std::array<double, CpuShare::kSections> CpuShare::Shares() const {
  std::array<uint64_t, kSections> cycles = cycles_;
  cycles[static_cast<size_t>(current_)] += __rdtsc() - since_;
  uint64_t sum = 0;
  for (const uint64_t c : cycles) sum += c;
  std::array<double, kSections> shares{};
  for (size_t i = 0; i < shares.size(); ++i) {
    shares[i] = sum ? static_cast<double>(cycles[i]) / static_cast<double>(sum) : 0;
  }
  return shares;
}

}  // namespace dustproof
