#pragma once

#include <ucontext.h>

#include <string>

#include "hil/shim/lockstep/internal/elf_file.h"
#include "sim/core/result.h"

namespace dustproof::internal {

/// A firmware's shared object in this process.
struct LoadedObject {
  void* handle = nullptr;  ///< Of dlopen. Never closed.
  std::byte* base = nullptr;
  ElfFile elf;                 ///< As it was loaded.
  bool loaded_before = false;  ///< An earlier load's constructors ran, not this one's.
};

/// Loads a shared object and those that it brings along beside itself (found by its own run path,
/// outside the system's folders), each with what `MakePrivateCopy` changes. Their constructors run.
[[nodiscard]] Result<LoadedObject> LoadObject(const std::string& path);

/// Answers a replaced instruction that `context` stands at, and steps over it. False where it
/// stands at none. Called from a signal handler.
bool AnswerInstruction(ucontext_t& context);

/// True while constructors of firmware run.
bool FirmwareIsLoading();
/// While one exists, that is so.
class LoadingScope {
 public:
  LoadingScope();
  ~LoadingScope();
  LoadingScope(const LoadingScope&) = delete;
  LoadingScope& operator=(const LoadingScope&) = delete;
};
/// True where `address` lies in the object whose constructors run just now.
bool IsLoading(const void* address);

}  // namespace dustproof::internal
