#pragma once

#include <cstddef>

#if defined(__SANITIZE_ADDRESS__)
#define DP_ADDRESS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define DP_ADDRESS_SANITIZER 1
#endif
#endif

#ifdef DP_ADDRESS_SANITIZER
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#include <sanitizer/lsan_interface.h>
#endif

/// AddressSanitizer has to be told of every switch of stacks; these do nothing in other builds.
namespace dustproof::internal {

#ifdef DP_ADDRESS_SANITIZER
inline constexpr bool kAddressSanitizer = true;
inline void StartSwitch(void** fake_stack, const void* bottom, size_t bytes) {
  __sanitizer_start_switch_fiber(fake_stack, bottom, bytes);
}
inline void FinishSwitch(void* fake_stack, const void** old_bottom, size_t* old_bytes) {
  __sanitizer_finish_switch_fiber(fake_stack, old_bottom, old_bytes);
}
inline void UnpoisonMemory(void* at, size_t bytes) { __asan_unpoison_memory_region(at, bytes); }
inline void RegisterLeakRoot(void* at, size_t bytes) { __lsan_register_root_region(at, bytes); }
inline void UnregisterLeakRoot(void* at, size_t bytes) { __lsan_unregister_root_region(at, bytes); }
/// While one stands, what is allocated is not looked for: a reset makes firmware forget memory
/// without freeing it.
class NoLeakCheck {
 public:
  NoLeakCheck() { __lsan_disable(); }
  ~NoLeakCheck() { __lsan_enable(); }
};
#else
inline constexpr bool kAddressSanitizer = false;
inline void StartSwitch(void**, const void*, size_t) {}
inline void FinishSwitch(void*, const void**, size_t*) {}
inline void UnpoisonMemory(void*, size_t) {}
inline void RegisterLeakRoot(void*, size_t) {}
inline void UnregisterLeakRoot(void*, size_t) {}
class NoLeakCheck {
 public:
  NoLeakCheck() {}  // Not defaulted, so that an unused one draws no warning.
};
#endif

}  // namespace dustproof::internal
