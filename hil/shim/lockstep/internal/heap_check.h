#pragma once

#include <cstddef>

namespace dustproof::internal {

/// Remembers where the C library's heap begins. Before anything else may have moved its end.
void NoteHeap();

struct HeapDamage {
  const void* address = nullptr;  ///< Of the first block whose size can't be; null where all is well.
  size_t bytes_before = 0;        ///< Size of the block before it, whose writer went too far.
};
/// Walks the blocks of the heap from its beginning, each to the next: whoever wrote past the end of
/// one has most likely written over the size of the next. Only reads; safe in a signal handler.
/// Finds nothing where the heap isn't glibc's own.
HeapDamage FindHeapDamage();

}  // namespace dustproof::internal
