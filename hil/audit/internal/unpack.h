#pragma once

#include <optional>
#include <span>
#include <string>

#include "hil/capture/messages.h"

/// Compression formats, guessed from untrusted bytes: every function bounds its output and refuses
/// quietly.
namespace dustproof::internal {

struct Unpacked {
  Bytes bytes;
  size_t consumed = 0;    ///< Of the input.
  bool complete = false;  ///< The format's own end was reached.
  std::string format;
};

/// Whatever packed format begins at the first byte: gzip, zlib, zstd, LZ4 frame, xz, LZMA. A stream
/// that is cut short gives what it holds, if that is at least 64 bytes.
std::optional<Unpacked> UnpackAt(std::span<const std::byte> in, size_t bytes_max);
/// Raw deflate has no magic: accepted only where it ends properly and used up nearly all of `in`.
std::optional<Unpacked> UnpackRawDeflate(std::span<const std::byte> in, size_t bytes_max);
/// A bare LZ4 block over exactly `in`.
std::optional<Unpacked> UnpackLz4Block(std::span<const std::byte> in, size_t bytes_max);

}  // namespace dustproof::internal
