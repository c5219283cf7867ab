// Framing of a serial line: any bytes do no harm, and whatever came before, the next frame arrives.
#include <vector>

#include "hil/wire/framing.h"
#include "tests/fuzz/fuzz_input.h"

namespace {

constexpr size_t kCapacity = 96;

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace dustproof;
  fuzz::Input input(data, size);
  const auto payload = input.Take(1 + input.Byte() % (kCapacity - DP_FRAME_CHECK_BYTES));
  std::vector<uint8_t> buffer(kCapacity), frame(DP_FRAME_BYTES_MAX(payload.size()));
  dp_frame_decoder decoder;
  dp_frame_decoder_init(&decoder, buffer.data(), buffer.size());
  for (const std::byte byte : input.Rest()) {
    const size_t bytes = dp_frame_decode(&decoder, std::to_integer<uint8_t>(byte));
    DP_CHECK(bytes <= kCapacity - DP_FRAME_CHECK_BYTES, bytes);
  }
  frame.resize(dp_frame_encode(payload.data(), payload.size(), frame.data(), frame.size()));
  DP_CHECK(frame.empty() == payload.empty());
  size_t bytes = 0;
  for (const uint8_t byte : frame) bytes = dp_frame_decode(&decoder, byte);
  DP_CHECK(bytes == payload.size(), bytes, payload.size());
  DP_CHECK(std::equal(payload.begin(), payload.end(), reinterpret_cast<const std::byte*>(buffer.data())));
  return 0;
}
