#include "hil/audit/internal/dependence.h"

#include <algorithm>
#include <map>

#include "hil/audit/internal/own_address.h"

namespace dustproof::internal {
namespace {

// DHCP's fixed fields (RFC 2131, 2) hold the client's hardware address, and so does its identifier (option 61).
constexpr size_t kDhcpOptions = 240;

struct Place {
  size_t flow = 0, segment = 0;
};

// By the emission's number. Of a handshake, which is one emission with what follows it, the first that has it.
std::map<uint64_t, Place> PlacesOf(const std::vector<Flow>& flows) {
  std::map<uint64_t, Place> places;
  for (size_t i = 0; i < flows.size(); ++i) {
    if (!flows[i].from_robot()) continue;
    for (size_t s = 0; s < flows[i].segments.size(); ++s) places.try_emplace(flows[i].segments[s].sequence, Place{i, s});
  }
  return places;
}

ByteRange SegmentRange(const Flow& flow, size_t segment) {
  return {flow.segments[segment].begin, segment + 1 < flow.segments.size() ? flow.segments[segment + 1].begin : flow.data.size()};
}

bool Contains(ByteRange outer, ByteRange inner) { return outer.begin <= inner.begin && inner.end <= outer.end; }
bool Overlap(ByteRange a, ByteRange b) { return a.begin < b.end && b.begin < a.end; }

bool IsOwnAddress(const Truth& truth, const Flow& flow, const std::string& category, ByteRange range) {
  if (category != "robot_mac") return false;
  if (flow.kind == EmissionKind::kRadioName && flow.data.size() <= 17) return true;
  if (flow.kind == EmissionKind::kDhcp && range.end <= kDhcpOptions) return true;
  const std::vector<ByteRange> places = OwnAddressPlaces(flow, truth.stations);
  return std::any_of(places.begin(), places.end(), [&](ByteRange place) { return Contains(place, range); });
}

}  // namespace

std::vector<RawFinding> FindDependence(const Truth& truth, const Detector& detector, const std::vector<RawFinding>& found,
                                       const std::vector<DependentBytes>& dependent) {
  std::vector<RawFinding> findings;
  if (dependent.empty()) return findings;
  const std::vector<Flow>& flows = truth.flows.flows();
  const std::map<uint64_t, Place> places = PlacesOf(flows);
  for (const DependentBytes& bytes : dependent) {
    const auto place = places.find(bytes.sequence);
    if (place == places.end()) continue;
    const size_t flow = place->second.flow, segment = place->second.segment;
    const ByteRange message = SegmentRange(flows[flow], segment);
    const ByteRange range{std::min(message.begin + bytes.first_byte, message.end), std::min(message.begin + bytes.first_byte + bytes.byte_count, message.end)};
    const bool known = std::any_of(found.begin(), found.end(), [&](const RawFinding& other) {
      return other.flow == flow && other.category == bytes.category && Overlap(other.range, message);
    });
    if (known || IsOwnAddress(truth, flows[flow], bytes.category, range)) continue;
    RawFinding finding;
    finding.flow = flow;
    // A part of its own for each message: in one part only the first would stand.
    finding.part = detector.parts().size() + segment;
    for (const Detector::PartPlace& part : detector.parts()) {
      if (part.flow == flow && part.range.begin <= range.begin && range.begin < part.range.end) finding.where = part.where;
    }
    finding.range = range;
    finding.method = FindingMethod::kCounterfactual;
    finding.category = bytes.category;
    finding.form = bytes.how;
    findings.push_back(std::move(finding));
  }
  return findings;
}

}  // namespace dustproof::internal
