#include "hil/shim/lockstep/fiber_stack.h"

#include <sys/mman.h>

#include <algorithm>

#include "hil/shim/lockstep/internal/sanitizer.h"
#include "sim/core/check.h"

namespace dustproof {
namespace {

constexpr size_t kPageBytes = 4096;

}  // namespace

bool FiberStack::Holds(const void* address) const {
  const auto* at = static_cast<const std::byte*>(address);
  return valid() && at >= bottom() && at < top();
}

bool FiberStack::GuardHolds(const void* address) const {
  const auto* at = static_cast<const std::byte*>(address);
  return valid() && at >= bottom_ - kGuardBytes && at < bottom_;
}

FiberStackPool::~FiberStackPool() {
  for (const FiberStack& stack : free_) {
    internal::UnregisterLeakRoot(stack.bottom_, stack.bytes_);
    munmap(stack.bottom_ - FiberStack::kGuardBytes, stack.bytes_ + FiberStack::kGuardBytes);
  }
}

FiberStack FiberStackPool::Take(size_t bytes) {
  bytes = (bytes + kPageBytes - 1) / kPageBytes * kPageBytes;
  const auto it = std::find_if(free_.begin(), free_.end(),
                               [bytes](const FiberStack& s) { return s.bytes() == bytes; });
  if (it != free_.end()) {
    const FiberStack stack = *it;
    free_.erase(it);
    return stack;
  }
  void* memory = mmap(nullptr, bytes + FiberStack::kGuardBytes, PROT_NONE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) return {};
  std::byte* bottom = static_cast<std::byte*>(memory) + FiberStack::kGuardBytes;
  if (mprotect(bottom, bytes, PROT_READ | PROT_WRITE) != 0) {
    munmap(memory, bytes + FiberStack::kGuardBytes);
    return {};
  }
  internal::RegisterLeakRoot(bottom, bytes);
  return FiberStack(bottom, bytes);
}

void FiberStackPool::GiveBack(FiberStack stack) {
  if (!stack.valid()) return;
  internal::UnpoisonMemory(stack.bottom_, stack.bytes_);
  DP_CHECK(madvise(stack.bottom_, stack.bytes_, MADV_DONTNEED) == 0);
  free_.push_back(stack);
}

}  // namespace dustproof
