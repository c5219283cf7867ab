#include "hil/audit/internal/flows.h"

#include <algorithm>

#include "sim/core/check.h"

namespace dustproof::internal {

namespace {

constexpr size_t kHandshakeBytesMax = 4096;

Flow Begin(const Emission& emission) {
  Flow flow;
  flow.emitter = emission.emitter;
  flow.party = emission.party;
  flow.kind = emission.kind;
  flow.direction = emission.direction;
  flow.connection = emission.connection;
  flow.source_port = emission.source_port;
  flow.destination_port = emission.destination_port;
  flow.source_address = emission.source_address;
  flow.protocol = emission.protocol;
  flow.encrypted = emission.encrypted;
  return flow;
}

bool LooksLikeTls(const Bytes& bytes) {
  return bytes.size() >= 3 && bytes[0] >= std::byte{0x14} && bytes[0] <= std::byte{0x17} &&
         bytes[1] == std::byte{3} && bytes[2] <= std::byte{4};
}

}  // namespace

const Flow::Segment& Flow::SegmentAt(size_t at) const {
  DP_CHECK(!segments.empty());
  auto after =
      std::upper_bound(segments.begin(), segments.end(), at,
                       [](size_t value, const Segment& segment) { return value < segment.begin; });
  return after == segments.begin() ? segments.front() : *(after - 1);
}

void FlowSet::Add(const Emission& emission) {
  const auto [consent, is_new] =
      consent_index_.try_emplace(emission.consents, static_cast<uint32_t>(consents_.size()));
  if (is_new) consents_.push_back(emission.consents);

  std::vector<Flow>* flows = emission.kind == EmissionKind::kWire ? &wire_ : &flows_;
  std::map<std::pair<uint32_t, int>, size_t>* index = nullptr;
  if (emission.kind == EmissionKind::kPlaintext) index = &plaintext_index_;
  if (emission.kind == EmissionKind::kWire) index = &wire_index_;
  if (emission.kind == EmissionKind::kUart) index = &uart_index_;

  size_t at = flows->size();
  if (index != nullptr) {
    const auto key = std::make_pair(emission.connection, static_cast<int>(emission.direction));
    at = index->try_emplace(key, flows->size()).first->second;
  }
  if (at == flows->size()) flows->push_back(Begin(emission));
  Flow& flow = (*flows)[at];
  if (!emission.protocol.empty()) flow.protocol = emission.protocol;
  flow.segments.push_back({flow.data.size(), emission.time, emission.sequence, consent->second});
  flow.data.insert(flow.data.end(), emission.payload.begin(), emission.payload.end());
}

void FlowSet::Finish() {
  for (Flow& wire : wire_) {
    if (wire.data.empty()) continue;
    const bool decrypted =
        plaintext_index_.count({wire.connection, static_cast<int>(wire.direction)}) > 0;
    const bool other_way =
        plaintext_index_.count({wire.connection, static_cast<int>(wire.direction) ^ 3}) > 0;
    const bool tls = LooksLikeTls(wire.data);
    if (decrypted && !tls) continue;  // The same bytes are among the plaintext.
    if (tls) {
      Flow handshake = wire;
      handshake.data.resize(std::min(handshake.data.size(), kHandshakeBytesMax));
      std::erase_if(handshake.segments, [&](const Flow::Segment& s) {
        return s.begin > 0 && s.begin >= handshake.data.size();
      });
      handshake.handshake = true;
      flows_.push_back(std::move(handshake));
    }
    if (decrypted) continue;
    // A connection that broke in its handshake has no plaintext either way, and application data
    // neither.
    bool application_data = false;
    for (size_t at = 0; tls && at + 5 <= wire.data.size();) {
      application_data = application_data || wire.data[at] == std::byte{0x17};
      at += 5 +
            (static_cast<size_t>(wire.data[at + 3]) << 8 | static_cast<size_t>(wire.data[at + 4]));
    }
    if (tls && (!application_data || other_way)) continue;
    wire.opaque = tls;
    flows_.push_back(std::move(wire));
  }
  wire_.clear();
  std::stable_sort(flows_.begin(), flows_.end(), [](const Flow& a, const Flow& b) {
    return a.segments.front().sequence < b.segments.front().sequence;
  });
}

}  // namespace dustproof::internal
