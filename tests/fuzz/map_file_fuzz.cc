// The map that a robot uploads, as the app reads it. Its checksum is put right here: by chance none would be.
#include <zlib.h>

#include <vector>

#include "hil/app/map_decoder.h"
#include "tests/fuzz/fuzz_input.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace dustproof;
  const auto body = fuzz::Input(data, size).Rest();
  std::vector<std::byte> file(body.begin(), body.end());
  const auto crc = static_cast<uint32_t>(
      crc32_z(0, reinterpret_cast<const Bytef*>(file.data()), file.size()));
  for (int shift = 0; shift < 32; shift += 8) file.push_back(static_cast<std::byte>(crc >> shift));
  const Result<ShownMap> map = DecodeMapFile(file);
  if (map) DP_CHECK(map->cells.size() == size_t{map->width} * map->height);
  return 0;
}
