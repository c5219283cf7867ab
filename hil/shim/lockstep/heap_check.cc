#include "hil/shim/lockstep/internal/heap_check.h"

#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstring>

#include "hil/shim/lockstep/internal/sanitizer.h"

namespace dustproof::internal {
namespace {

// glibc's layout (malloc/malloc.c, "malloc_chunk"): the word before a block's memory is its size in
// bytes, itself included, a multiple of 16; its lowest three bits are flags.
constexpr size_t kFlags = 7, kAlign = 16, kSmallest = 32, kHeader = 16;

const std::byte* heap_begin = nullptr;

}  // namespace

void NoteHeap() {
  if (heap_begin != nullptr || kAddressSanitizer) return;
  FILE* maps = std::fopen("/proc/self/maps", "r");
  if (maps == nullptr) return;
  char line[512];
  while (std::fgets(line, sizeof line, maps) != nullptr) {
    uintptr_t begin = 0;
    if (std::strstr(line, "[heap]") == nullptr || std::sscanf(line, "%lx", &begin) != 1) continue;
    heap_begin = reinterpret_cast<const std::byte*>(begin);
    break;
  }
  std::fclose(maps);
}

HeapDamage FindHeapDamage() {
  if (heap_begin == nullptr) return {};
  const auto* end = static_cast<const std::byte*>(sbrk(0));
  size_t before = 0;
  for (const std::byte* block = heap_begin; block + kHeader < end;) {
    size_t size;
    std::memcpy(&size, block + 8, sizeof size);
    size &= ~kFlags;
    const auto left = static_cast<size_t>(end - block);
    if (size < kSmallest || size % kAlign != 0 || size > left)
      return {.address = block, .bytes_before = before};
    before = size;
    block += size;
  }
  return {};
}

}  // namespace dustproof::internal
