#pragma once

#include "robots/vacuum/firmware/byte_io.h"
#include "robots/vacuum/firmware/platform.h"

/// Flash in ranges rather than in pages and blocks.
namespace vacuum {

/// Whether all of the range reads as erased.
bool BlankRange(const dp_flash_v1& flash, uint32_t address, uint32_t bytes);

/// Erases each block of the range that is not blank. Both ends lie on block limits.
bool EraseRange(const dp_flash_v1& flash, uint32_t address, uint32_t bytes);

/// Programs `data` page by page in rising order and reads it back. False where the flash failed or
/// did not take it.
bool ProgramVerified(const dp_flash_v1& flash, uint32_t address, const Bytes& data);

}  // namespace vacuum
