#include "hil/protocol/ntp.h"

#include "hil/protocol/internal/byte_io.h"

namespace dustproof {
namespace {

constexpr size_t kPacketBytes = 48;
constexpr size_t kTransmitOffset = 40;
constexpr int64_t kEpochOffsetS = 2'208'988'800;  // From 1900-01-01 to 1970-01-01.
constexpr uint8_t kModeClient = 3, kModeServer = 4;

void WriteTimestamp(WallTime time, internal::ByteWriter& out) {
  const int64_t nanoseconds = time.unix_nanoseconds() % 1'000'000'000;
  out.U32(static_cast<uint32_t>(time.unix_seconds() + kEpochOffsetS));
  out.U32(static_cast<uint32_t>((static_cast<uint64_t>(nanoseconds) << 32) / 1'000'000'000));
}

}  // namespace

std::optional<Bytes> AnswerNtp(std::span<const std::byte> request, WallTime received) {
  if (request.size() < kPacketBytes) return std::nullopt;
  const uint8_t first = std::to_integer<uint8_t>(request[0]);
  if ((first & 7) != kModeClient) return std::nullopt;
  internal::ByteWriter out;
  out.U8(
      static_cast<uint8_t>((first & 0x38) | kModeServer));  // The client's version; no leap second.
  out.U8(2);                                                // Stratum.
  out.U8(std::to_integer<uint8_t>(request[2]));             // Poll interval, as asked.
  out.U8(0xe9);                                             // Precision: 2^-23 s.
  out.U32(0x00000400);                                      // Root delay, 16 ms.
  out.U32(0x00000200);                                      // Root dispersion, 8 ms.
  out.U32(0xc6120001);                                      // Reference: another server's address.
  WriteTimestamp(WallTime::FromUnixSeconds(received.unix_seconds() - 17), out);
  out.Append(request.subspan(kTransmitOffset, 8));  // The client's transmit time comes back.
  WriteTimestamp(received, out);
  WriteTimestamp(received, out);
  return out.Finish();
}

std::optional<WallTime> NtpTransmitTime(std::span<const std::byte> answer) {
  if (answer.size() < kPacketBytes || (std::to_integer<uint8_t>(answer[0]) & 7) != kModeServer)
    return std::nullopt;
  internal::ByteReader reader(answer, kTransmitOffset);
  const int64_t seconds = static_cast<int64_t>(reader.U32()) - kEpochOffsetS;
  const uint64_t fraction = reader.U32();
  return WallTime::FromUnixNanoseconds(seconds * 1'000'000'000 +
                                       static_cast<int64_t>((fraction * 1'000'000'000) >> 32));
}

}  // namespace dustproof
