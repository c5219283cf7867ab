#pragma once

#include <array>
#include <cstdint>

namespace dustproof {

/// What a run's CPU time goes to.
enum class CpuSection : uint8_t { kPhysics, kLidar, kFirmware, kNetwork, kAudit, kOther };

/// Counts the CPU's cycles by section, for the report alone: nothing of it may reach the run.
class CpuShare {
 public:
  static constexpr int kSections = 6;

  CpuShare();
  /// From here on, time goes to `section`. Returns the section before, to go back to.
  CpuSection Switch(CpuSection section);
  /// Share of each section so far, in the order of `CpuSection`; the sum is 1.
  std::array<double, kSections> Shares() const;

 private:
  CpuSection current_ = CpuSection::kOther;
  uint64_t since_ = 0;
  std::array<uint64_t, kSections> cycles_{};
};

/// Switches for the life of a scope. `share` may be null.
class CpuScope {
 public:
  CpuScope(CpuShare* share, CpuSection section) : share_(share) {
    if (share_) before_ = share_->Switch(section);
  }
  ~CpuScope() {
    if (share_) share_->Switch(before_);
  }
  CpuScope(const CpuScope&) = delete;
  CpuScope& operator=(const CpuScope&) = delete;

 private:
  CpuShare* share_;
  CpuSection before_{};
};

}  // namespace dustproof
