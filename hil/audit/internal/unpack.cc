#include "hil/audit/internal/unpack.h"

#include <lz4.h>
#include <lz4frame.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>

namespace dustproof::internal {

namespace {

constexpr size_t kCutBytesMin = 64;
constexpr size_t kStep = 64 * 1024;

uint8_t At(std::span<const std::byte> in, size_t i) {
  return i < in.size() ? static_cast<uint8_t>(in[i]) : 0;
}

std::optional<Unpacked> Accept(Unpacked out) {
  if (out.bytes.empty() || (!out.complete && out.bytes.size() < kCutBytesMin)) return std::nullopt;
  return out;
}

/// `window_bits` as zlib has it: 31 gzip, 15 zlib, -15 raw.
Unpacked Inflate(std::span<const std::byte> in, int window_bits, size_t bytes_max,
                 const char* format) {
  Unpacked out;
  out.format = format;
  z_stream stream{};
  if (inflateInit2(&stream, window_bits) != Z_OK) return out;
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(in.data()));
  stream.avail_in = static_cast<uInt>(std::min<size_t>(in.size(), UINT32_MAX));
  int status = Z_OK;
  while (status == Z_OK && out.bytes.size() < bytes_max) {
    const size_t had = out.bytes.size();
    const size_t step = std::min({kStep, bytes_max - had, in.size() * 8 + 256});
    out.bytes.resize(had + step);
    stream.next_out = reinterpret_cast<Bytef*>(out.bytes.data() + had);
    stream.avail_out = static_cast<uInt>(step);
    status = inflate(&stream, Z_NO_FLUSH);
    out.bytes.resize(had + step - stream.avail_out);
    if (stream.avail_in == 0 && out.bytes.size() == had) break;
  }
  out.consumed = stream.total_in;
  out.complete = status == Z_STREAM_END;
  inflateEnd(&stream);
  return out;
}

Unpacked UnpackZstd(std::span<const std::byte> in, size_t bytes_max) {
  Unpacked out;
  out.format = "zstd";
  ZSTD_DCtx* context = ZSTD_createDCtx();
  if (context == nullptr) return out;
  ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, 24);
  ZSTD_inBuffer source{in.data(), in.size(), 0};
  size_t status = 1;
  while (status != 0 && !ZSTD_isError(status) && out.bytes.size() < bytes_max) {
    const size_t had = out.bytes.size(), source_had = source.pos;
    out.bytes.resize(had + std::min(kStep, bytes_max - had));
    ZSTD_outBuffer target{out.bytes.data(), out.bytes.size(), had};
    status = ZSTD_decompressStream(context, &target, &source);
    out.bytes.resize(target.pos);
    if (target.pos == had && source.pos == source_had) break;
  }
  out.complete = status == 0;
  out.consumed = source.pos;
  ZSTD_freeDCtx(context);
  return out;
}

Unpacked UnpackLz4Frame(std::span<const std::byte> in, size_t bytes_max) {
  Unpacked out;
  out.format = "lz4";
  LZ4F_dctx* context = nullptr;
  if (LZ4F_isError(LZ4F_createDecompressionContext(&context, LZ4F_VERSION))) return out;
  size_t status = 1;
  while (status != 0 && !LZ4F_isError(status) && out.bytes.size() < bytes_max) {
    const size_t had = out.bytes.size();
    size_t produced = std::min(kStep, bytes_max - had);
    size_t taken = in.size() - out.consumed;
    out.bytes.resize(had + produced);
    status = LZ4F_decompress(context, out.bytes.data() + had, &produced, in.data() + out.consumed,
                             &taken, nullptr);
    out.bytes.resize(had + (LZ4F_isError(status) ? 0 : produced));
    if (LZ4F_isError(status)) break;
    out.consumed += taken;
    if (produced == 0 && taken == 0) break;
  }
  out.complete = status == 0;
  LZ4F_freeDecompressionContext(context);
  return out;
}

Unpacked UnpackLzma(std::span<const std::byte> in, size_t bytes_max, bool xz) {
  Unpacked out;
  out.format = xz ? "xz" : "lzma";
  constexpr uint64_t kMemoryMax = 64 << 20;
  lzma_stream stream = LZMA_STREAM_INIT;
  const lzma_ret begun =
      xz ? lzma_stream_decoder(&stream, kMemoryMax, 0) : lzma_alone_decoder(&stream, kMemoryMax);
  if (begun != LZMA_OK) return out;
  stream.next_in = reinterpret_cast<const uint8_t*>(in.data());
  stream.avail_in = in.size();
  lzma_ret status = LZMA_OK;
  while (status == LZMA_OK && out.bytes.size() < bytes_max) {
    const size_t had = out.bytes.size();
    out.bytes.resize(had + std::min(kStep, bytes_max - had));
    stream.next_out = reinterpret_cast<uint8_t*>(out.bytes.data() + had);
    stream.avail_out = out.bytes.size() - had;
    status = lzma_code(&stream, LZMA_RUN);
    out.bytes.resize(out.bytes.size() - stream.avail_out);
    if (stream.avail_in == 0 && out.bytes.size() == had) break;
  }
  out.complete = status == LZMA_STREAM_END || (stream.avail_in == 0 && !xz && !out.bytes.empty());
  out.consumed = stream.total_in;
  lzma_end(&stream);
  return out;
}

}  // namespace

std::optional<Unpacked> UnpackAt(std::span<const std::byte> in, size_t bytes_max) {
  if (in.size() < 8) return std::nullopt;
  const uint8_t a = At(in, 0), b = At(in, 1), c = At(in, 2), d = At(in, 3);
  if (a == 0x1f && b == 0x8b && c == 8) return Accept(Inflate(in, 31, bytes_max, "gzip"));
  if ((a & 0x0f) == 8 && (a >> 4) <= 7 && (a * 256 + b) % 31 == 0 && (b & 0x20) == 0) {
    return Accept(Inflate(in, 15, bytes_max, "zlib"));
  }
  if (a == 0x28 && b == 0xb5 && c == 0x2f && d == 0xfd) return Accept(UnpackZstd(in, bytes_max));
  if (a == 0x04 && b == 0x22 && c == 0x4d && d == 0x18)
    return Accept(UnpackLz4Frame(in, bytes_max));
  if (a == 0xfd && b == '7' && c == 'z' && d == 'X') return Accept(UnpackLzma(in, bytes_max, true));
  if (a == 0x5d && b == 0 && c == 0) return Accept(UnpackLzma(in, bytes_max, false));
  return std::nullopt;
}

std::optional<Unpacked> UnpackRawDeflate(std::span<const std::byte> in, size_t bytes_max) {
  if (in.size() < 16) return std::nullopt;
  Unpacked out = Inflate(in, -15, bytes_max, "deflate");
  if (!out.complete || out.bytes.size() < 16 || out.consumed + 16 < in.size() ||
      out.consumed * 10 < in.size() * 8) {
    return std::nullopt;
  }
  return out;
}

std::optional<Unpacked> UnpackLz4Block(std::span<const std::byte> in, size_t bytes_max) {
  if (in.size() < 16 || in.size() > (1u << 24)) return std::nullopt;
  Unpacked out;
  out.format = "lz4 block";
  out.bytes.resize(std::min(bytes_max, in.size() * 64));
  const int got = LZ4_decompress_safe(
      reinterpret_cast<const char*>(in.data()), reinterpret_cast<char*>(out.bytes.data()),
      static_cast<int>(in.size()), static_cast<int>(out.bytes.size()));
  if (got < static_cast<int>(in.size())) return std::nullopt;
  out.bytes.resize(static_cast<size_t>(got));
  out.consumed = in.size();
  out.complete = true;
  return out;
}

}  // namespace dustproof::internal
