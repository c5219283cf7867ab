#include "robots/vacuum/firmware/byte_io.h"

#include <zlib.h>

namespace vacuum {

uint32_t Crc32(const void* data, size_t size) {
  return static_cast<uint32_t>(crc32_z(0, static_cast<const Bytef*>(data), size));
}

}  // namespace vacuum
