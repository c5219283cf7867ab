// A firmware's file, as far as we read it ourselves before and after the loader does.
#include "hil/shim/lockstep/internal/elf_file.h"
#include "tests/fuzz/fuzz_input.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace dustproof::internal;
  const auto bytes = dustproof::fuzz::Input(data, size).Rest();
  const auto elf = ElfFile::Parse({bytes.begin(), bytes.end()}, "input.so");
  if (!elf) return 0;
  for (const ElfFile::Memory& memory : elf->WritableMemory()) {
    DP_CHECK(memory.address >= elf->extent().first);
    DP_CHECK(memory.address + memory.bytes.size() <= elf->extent().second);
  }
  elf->Relocations();
  elf->PackedRelocations();
  elf->ThreadImage();
  return 0;
}
