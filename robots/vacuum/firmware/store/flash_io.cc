#include "robots/vacuum/firmware/store/flash_io.h"

#include <algorithm>

namespace vacuum {

bool BlankRange(const dp_flash_v1& flash, uint32_t address, uint32_t bytes) {
  uint8_t piece[256];
  for (uint32_t done = 0; done < bytes;) {
    const uint32_t count = std::min<uint32_t>(sizeof(piece), bytes - done);
    if (flash.read(address + done, piece, count) != DP_OK) return false;
    if (!std::all_of(piece, piece + count, [](uint8_t byte) { return byte == 0xFF; })) return false;
    done += count;
  }
  return true;
}

bool EraseRange(const dp_flash_v1& flash, uint32_t address, uint32_t bytes) {
  const uint32_t block_bytes = flash.info().block_bytes;
  bool ok = true;
  for (uint32_t block = address; block < address + bytes; block += block_bytes) {
    if (BlankRange(flash, block, block_bytes)) continue;
    if (flash.erase(block) != DP_OK || !BlankRange(flash, block, block_bytes)) ok = false;
  }
  return ok;
}

bool ProgramVerified(const dp_flash_v1& flash, uint32_t address, const Bytes& data) {
  const uint32_t page_bytes = flash.info().page_bytes;
  for (uint32_t done = 0; done < data.size();) {
    const uint32_t to_page_end = page_bytes - (address + done) % page_bytes;
    const uint32_t count =
        std::min<uint32_t>(to_page_end, static_cast<uint32_t>(data.size()) - done);
    if (flash.program(address + done, data.data() + done, count) != DP_OK) return false;
    done += count;
  }
  Bytes back(data.size());
  return flash.read(address, back.data(), back.size()) == DP_OK && back == data;
}

}  // namespace vacuum
