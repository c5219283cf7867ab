#pragma once

#include <cstdint>
#include <vector>

#include "hil/shim/lockstep/internal/elf_file.h"
#include "hil/shim/lockstep/internal/machine_code.h"

namespace dustproof::internal {

/// An instruction that was replaced by one which traps, for us to answer.
struct ReplacedInstruction {
  uint64_t address = 0;  ///< In the object's own address space.
  Unseen kind = Unseen::kTimestamp;
  uint8_t bytes = 0;            ///< Of the instruction.
  uint8_t register_number = 0;  ///< That gets the value, where the instruction names one.
  bool wide = false;
  bool narrow = false;
};

/// What has to be other in memory than in a firmware's file.
struct PrivateCopy {
  ElfFile elf;  ///< The file with those changes.
  bool changed = false;
  std::vector<ReplacedInstruction> replaced;  ///< By rising address.
};

/// Changes two things. Instructions that read the processor's clock or random numbers are replaced.
/// And where the firmware defines a function or variable of a name that this program's libraries
/// define too (its own OpenSSL, protobuf, Boost), its references are bound to its own, as they
/// would be in a program of its own: the loader would give it ours. The exception are memory
/// functions, which all libraries of a process have to share.
PrivateCopy MakePrivateCopy(ElfFile elf);

}  // namespace dustproof::internal
