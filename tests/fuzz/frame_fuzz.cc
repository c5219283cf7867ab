// Ethernet frames as a gateway captures them: whatever a board sends, every view stays inside the frame.
#include <cstdlib>

#include "hil/gateway/internal/frame.h"

using namespace dustproof;

namespace {

bool IsWithin(std::span<const std::byte> part, std::span<const std::byte> whole) {
  return part.empty() || (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  const auto frame = internal::ParseFrame(bytes);
  if (!frame) return 0;
  if (!IsWithin(frame->network, bytes)) std::abort();
  if (frame->ipv4 && !IsWithin(frame->ipv4->payload, frame->network)) std::abort();
  if (internal::ProtocolOf(*frame).empty() || internal::DestinationOf(*frame).empty()) std::abort();
  internal::IsPlainArp(*frame);
  return 0;
}
