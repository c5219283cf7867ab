#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace dustproof {

/// Stack of one firmware task, with a guard below it that is wide enough for a large frame not to
/// jump over.
class FiberStack {
 public:
  static constexpr size_t kGuardBytes = 256 * 1024;

  FiberStack() = default;
  std::byte* bottom() const { return bottom_; }  ///< Lowest usable address.
  std::byte* top() const { return bottom_ + bytes_; }
  size_t bytes() const { return bytes_; }
  bool valid() const { return bottom_ != nullptr; }
  bool Holds(const void* address) const;
  /// True where an access at `address` is an overflow of this stack.
  bool GuardHolds(const void* address) const;

 private:
  friend class FiberStackPool;
  FiberStack(std::byte* bottom, size_t bytes) : bottom_(bottom), bytes_(bytes) {}
  std::byte* bottom_ = nullptr;
  size_t bytes_ = 0;
};

/// Hands out stacks and takes them back. A stack is all zeros when handed out, so that nothing of
/// an earlier task can be read from it and a run doesn't depend on what ran before.
class FiberStackPool {
 public:
  FiberStackPool() = default;
  ~FiberStackPool();
  FiberStackPool(const FiberStackPool&) = delete;
  FiberStackPool& operator=(const FiberStackPool&) = delete;

  /// `bytes` is rounded up to pages. An invalid stack where the system has no more memory.
  FiberStack Take(size_t bytes);
  /// Whatever still ran on it is never resumed.
  void GiveBack(FiberStack stack);

 private:
  std::vector<FiberStack> free_;
};

}  // namespace dustproof
