#pragma once

#include <zlib.h>

#include <cstdint>
#include <initializer_list>

#include "hil/protocol/stream_core.h"

namespace dustproof {

inline void AppendNumber(Bytes& bytes, int64_t value, int count) {
  for (int i = 0; i < count; ++i) bytes.push_back(static_cast<std::byte>(value >> 8 * i));
}

inline Bytes WithChecksum(Bytes body) {
  AppendNumber(body,
               static_cast<int64_t>(crc32(0, reinterpret_cast<const Bytef*>(body.data()),
                                          static_cast<uInt>(body.size()))),
               4);
  return body;
}

/// Three by two cells of 50 mm and a path of two points, as the robots' page lays a map file out.
inline Bytes MakeMapFile(uint8_t last_cell = 255) {
  const uint8_t cells[6] = {0, 0, 1, 255, 255, last_cell};
  Bytes compressed(64);
  uLongf compressed_bytes = compressed.size();
  compress(reinterpret_cast<Bytef*>(compressed.data()), &compressed_bytes, cells, sizeof(cells));
  compressed.resize(compressed_bytes);

  Bytes file;
  for (const char c : {'D', 'P', 'M', 'P'}) file.push_back(static_cast<std::byte>(c));
  AppendNumber(file, 1, 1);
  AppendNumber(file, 0, 1);
  AppendNumber(file, 3, 2);
  AppendNumber(file, 2, 2);
  AppendNumber(file, 50, 2);
  AppendNumber(file, -1000, 4);
  AppendNumber(file, 2000, 4);
  AppendNumber(file, static_cast<int64_t>(compressed.size()), 4);
  file.insert(file.end(), compressed.begin(), compressed.end());
  AppendNumber(file, 2, 4);
  for (const int step : {10, -20, -300, 7}) AppendNumber(file, step, 2);
  return WithChecksum(file);
}

}  // namespace dustproof
