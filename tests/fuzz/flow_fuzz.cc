// What the audit takes a flow apart with: the parts lie in the flow, and together they are all of
// it, so that no byte goes unseen.
#include <algorithm>
#include <vector>

#include "hil/audit/internal/protocol_parts.h"
#include "tests/fuzz/fuzz_input.h"

namespace dustproof::internal {
namespace {

void CheckParts(const std::vector<ProtocolPart>& parts, size_t bytes) {
  for (const ProtocolPart& part : parts) {
    DP_CHECK(part.range.begin < part.range.end && part.range.end <= bytes, part.label,
             part.range.begin, part.range.end, bytes);
    if (!part.joined) continue;
    DP_CHECK(part.table.size() == part.joined->size() + 1);
    DP_CHECK(std::is_sorted(part.table.begin(), part.table.end()));
    DP_CHECK(part.table.back() <= bytes);
  }
}

void CheckNoByteIsLeftOut(std::vector<ProtocolPart> parts, size_t bytes) {
  std::sort(parts.begin(), parts.end(), [](const ProtocolPart& a, const ProtocolPart& b) {
    return a.range.begin < b.range.begin;
  });
  size_t covered = 0;
  for (const ProtocolPart& part : parts) {
    DP_CHECK(part.range.begin <= covered, covered, part.range.begin, part.label);
    covered = std::max(covered, part.range.end);
  }
  DP_CHECK(covered == bytes, covered, bytes);
}

}  // namespace
}  // namespace dustproof::internal

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace dustproof;
  using namespace dustproof::internal;
  static constexpr EmissionKind kKinds[] = {EmissionKind::kPlaintext, EmissionKind::kPlaintext,
                                            EmissionKind::kDatagram,  EmissionKind::kBroadcast,
                                            EmissionKind::kDns,       EmissionKind::kDhcp,
                                            EmissionKind::kUart,      EmissionKind::kWire};
  fuzz::Input input(data, size);
  const uint8_t how = input.Byte();
  Flow flow;
  flow.kind = kKinds[how & 7];
  flow.destination_port = how & 8 ? 5353 : 1234;
  flow.handshake = flow.kind == EmissionKind::kWire && (how & 16) != 0;
  const auto bytes = input.Rest();
  flow.data.assign(bytes.begin(), bytes.end());
  flow.segments.push_back({});
  const std::vector<ProtocolPart> parts = SplitFlow(flow);
  CheckParts(parts, flow.data.size());
  CheckNoByteIsLeftOut(parts, flow.data.size());
  CheckParts(SplitClientHello(bytes), bytes.size());
  return 0;
}
