#include "hil/audit/internal/early_traffic.h"

#include <algorithm>
#include <optional>
#include <set>

#include "hil/audit/internal/rule_book.h"

namespace dustproof::internal {

namespace {

bool CrossesTheNetwork(EmissionKind kind) {
  return kind != EmissionKind::kFlashAtRest && kind != EmissionKind::kUart &&
         kind != EmissionKind::kRadioName;
}

/// The setup hotspot is the robot's own network, in which it is x.x.x.1.
bool IsOfHotspot(const Flow& flow) {
  return flow.source_address != 0 && (flow.source_address & 0xff) == 1;
}

}  // namespace

std::vector<RawFinding> FindEarlyTraffic(const Truth& truth, const Policy& policy) {
  std::vector<RawFinding> findings;
  const BeforeConsentRule& rule = policy.before_consent;
  if (rule.traffic_category.empty()) return findings;
  const RuleBook rules(truth, policy);
  std::set<uint32_t> connections;  // A conversation is there as it went over the air and in plain.
  for (size_t i = 0; i < truth.flows.flows().size(); ++i) {
    const Flow& flow = truth.flows.flows()[i];
    const bool excepted = std::find(rule.traffic_excepted.begin(), rule.traffic_excepted.end(),
                                    flow.protocol) != rule.traffic_excepted.end();
    if (!flow.from_robot() || !CrossesTheNetwork(flow.kind) || IsOfHotspot(flow) || excepted)
      continue;
    std::optional<ByteRange> range;
    for (size_t s = 0; s < flow.segments.size(); ++s) {
      const Flow::Segment& segment = flow.segments[s];
      if (!rules.NotAccepted(truth.flows.consents(segment), segment.time)) continue;
      const size_t end =
          s + 1 < flow.segments.size() ? flow.segments[s + 1].begin : flow.data.size();
      range = {range ? range->begin : segment.begin, std::max(end, segment.begin)};
    }
    if (!range || (flow.connection != 0 && !connections.insert(flow.connection).second)) continue;
    RawFinding finding;
    finding.flow = i;
    finding.range = *range;
    finding.method = FindingMethod::kTraffic;
    finding.category = rule.traffic_category;
    finding.form = (flow.protocol.empty() ? "traffic" : flow.protocol) + " to port " +
                   std::to_string(flow.destination_port);
    findings.push_back(std::move(finding));
  }
  return findings;
}

}  // namespace dustproof::internal
