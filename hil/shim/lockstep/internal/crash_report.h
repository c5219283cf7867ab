#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "hil/shim/lockstep/internal/fault.h"
#include "hil/shim/lockstep/internal/hal_trace.h"
#include "hil/shim/lockstep/scheduler.h"

namespace dustproof::internal {

struct HalState;

/// A diagnosis as JSON, in memory set aside beforehand: inside a signal handler nothing may be
/// allocated. diagnosis.cc reads it.
class CrashReport {
 public:
  /// Looks up what a handler can't: this executable's path, and the library that unwinds.
  void Prepare();

  struct Facts {
    const char* kind = "";
    const char* message = "";
    const char* repeat_command = "";
    FaultSite site;
    /// Where set, every task's own stack is walked: from the host only.
    Scheduler* walk = nullptr;
  };
  void Write(const Facts& facts, const HalState* hal);
  /// Ends what `Write` could not: it crashed.
  void CutShort();
  std::string_view text() const { return {buffer_, used_}; }

 private:
  void Raw(std::string_view text);
  void Quoted(std::string_view text);
  void Number(uint64_t value);
  void Field(std::string_view key, std::string_view text);
  void Field(std::string_view key, uint64_t value);
  void BeginList(std::string_view key);
  void BeginItem();
  void EndList();
  bool HasRoom() const { return sizeof buffer_ - used_ > 4096; }

  void AddHalCalls(const HalState& hal);
  void AddTasks(const HalState& hal, Scheduler* walk);
  void AddFrames(const FaultSite& site);
  void AddFrame(const void* address);
  void AddFrame(std::string_view module, uint64_t offset, std::string_view symbol);
  bool IsOwn(const void* address) const;

  char buffer_[128 * 1024];
  size_t used_ = 0;
  int open_lists_ = 0;
  bool first_item_ = true;
  const void* own_base_ = nullptr;  // The loader knows the executable by its first argument only.
  char own_path_[1024] = {};
};

/// True where an object that is loaded holds the address.
bool IsCode(const void* address);

}  // namespace dustproof::internal
