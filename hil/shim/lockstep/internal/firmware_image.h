#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "hil/hal/dp_types.h"
#include "hil/shim/lockstep/firmware_program.h"
#include "hil/shim/lockstep/internal/elf_file.h"
#include "sim/core/result.h"

namespace dustproof::internal {

/// A firmware's shared object, loaded into this process, and what its memory was before its first
/// instruction.
class FirmwareImage final : public FirmwareProgram {
 public:
  /// Loads `path`; the object's constructors run. It is never unloaded: a crash report may need its
  /// symbols, and some libraries can't be unloaded anyway.
  [[nodiscard]] static Result<std::unique_ptr<FirmwareImage>> Load(const std::string& path);
  ~FirmwareImage() override;

  const std::string& name() const override { return name_; }
  const std::string& version() const override { return version_; }
  void Main() override { firmware_->main(); }

  /// Makes RAM what it is after a reset: the object's data, zeroed data and thread-local data from
  /// the load image, then its constructors again. What other libraries keep in statics persists,
  /// and memory that the firmware had allocated is lost, not freed. @pre no task of the firmware
  /// runs
  void Restore() override;

  /// True where `address` lies in the object.
  bool Holds(const void* address) const;

 private:
  struct Range {
    std::byte* begin;
    std::vector<std::byte> load_image;
  };

  FirmwareImage() = default;
  Result<void> Open(const std::string& path);
  void TakeLoadImage(const ElfFile& elf);

  std::string name_;
  std::string version_;
  const dp_firmware_t* firmware_ = nullptr;
  std::byte* base_ = nullptr;
  std::byte* begin_ = nullptr;
  std::byte* end_ = nullptr;
  std::vector<Range> ranges_;
  std::vector<std::byte> thread_image_;
  std::vector<void (*)(int, char**, char**)> constructors_;
  std::vector<void (*)()> destructors_;  // Run under AddressSanitizer only: its own are among them.
};

/// True where `address` lies in the firmware's object, also while that is being loaded. What it
/// asks the C runtime to run at the exit of the process or thread never runs, since a robot has no
/// such moment; there the compiler passes an address of the object's for its identity.
bool IsFirmwareObject(const void* address);

}  // namespace dustproof::internal
