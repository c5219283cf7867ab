#include "hil/audit/internal/assemble.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "hil/audit/internal/consent_time.h"

namespace dustproof::internal {

namespace {

constexpr size_t kExcerptBytesMax = 96, kExcerptBefore = 16;
constexpr size_t kRepeatSequencesMax = 64;

bool Overlap(const ByteRange& a, const ByteRange& b) { return a.begin < b.end && b.begin < a.end; }

int Rank(FindingMethod method) {
  switch (method) {
    case FindingMethod::kExact:
      return 0;
    case FindingMethod::kNumeric:
      return 1;
    case FindingMethod::kMap:
      return 2;
    case FindingMethod::kPath:
      return 3;
    case FindingMethod::kDeclared:
      return 4;
    case FindingMethod::kHash:
      return 5;
    case FindingMethod::kSeries:
      return 6;
    case FindingMethod::kTraffic:
      return 7;
    case FindingMethod::kCounterfactual:
      return 8;
  }
  return 9;
}

/// Whether `a` says more than `b` about the same bytes.
bool Better(const RawFinding& a, const RawFinding& b) {
  const auto key = [](const RawFinding& f) {
    const bool plain = f.form == "as planted";
    return std::make_tuple(Rank(f.method), !plain, f.content_bytes, f.decoders.size());
  };
  return key(a) < key(b);
}

/// Matches of one category in one message: the best of those that overlap, then the first of those
/// that don't.
std::vector<RawFinding> Merge(std::vector<RawFinding> raw) {
  std::stable_sort(raw.begin(), raw.end(), [](const RawFinding& a, const RawFinding& b) {
    return std::tie(a.flow, a.part, a.category, a.purpose, a.range.begin) <
           std::tie(b.flow, b.part, b.category, b.purpose, b.range.begin);
  });
  std::vector<RawFinding> out;
  for (RawFinding& next : raw) {
    RawFinding* same = nullptr;
    if (!out.empty()) {
      RawFinding& last = out.back();
      if (last.flow == next.flow && last.part == next.part && last.category == next.category &&
          last.purpose == next.purpose)
        same = &last;
    }
    if (same == nullptr) {
      out.push_back(std::move(next));
    } else if (Overlap(same->range, next.range) && Better(next, *same)) {
      *same = std::move(next);
    }
  }
  return out;
}

std::string Describe(const Policy& policy, const RawFinding& raw, const Flow& flow) {
  const PolicyCategory* category = policy.FindCategory(raw.category);
  std::string text = (category != nullptr ? category->title : raw.category) + " to " +
                     (flow.party.organisation.empty() ? flow.party.key : flow.party.organisation);
  if (!flow.party.host.empty()) text += " (" + flow.party.host + ")";
  if (!raw.where.empty()) text += " in " + raw.where;
  return text + ": " + raw.form;
}

Finding MakeFinding(const Truth& truth, const Policy& policy, const RawFinding& raw) {
  const Flow& flow = truth.flows.flows()[raw.flow];
  const Flow::Segment& first = flow.SegmentAt(raw.range.begin);
  const Flow::Segment& last = flow.SegmentAt(std::max(raw.range.begin + 1, raw.range.end) - 1);
  Finding finding;
  finding.time = first.time;
  finding.sequence = first.sequence;
  finding.sequence_last = last.sequence;
  finding.first_byte = raw.range.begin - first.begin;
  finding.byte_count = raw.range.size();
  finding.decoders = raw.decoders;
  finding.method = raw.method;
  finding.category = raw.category;
  finding.emitter = flow.emitter;
  finding.kind = flow.kind;
  finding.direction = flow.direction;
  finding.party = flow.party;
  finding.protocol = flow.protocol;
  finding.encrypted = flow.encrypted;
  finding.consents = truth.flows.consents(first);
  finding.form = raw.form;
  finding.what = Describe(policy, raw, flow);
  finding.value = raw.value;
  finding.p_value = raw.p_value;
  finding.score = raw.score;
  finding.purpose = raw.purpose;
  // The excerpt stays within the emission that holds the first byte.
  const auto next = std::find_if(flow.segments.begin(), flow.segments.end(),
                                 [&](const Flow::Segment& s) { return s.begin > first.begin; });
  const size_t segment_end = next == flow.segments.end() ? flow.data.size() : next->begin;
  const size_t begin =
      std::max(first.begin, raw.range.begin - std::min(raw.range.begin, kExcerptBefore));
  const size_t end = std::min(segment_end, begin + kExcerptBytesMax);
  finding.excerpt.assign(flow.data.begin() + static_cast<ptrdiff_t>(begin),
                         flow.data.begin() + static_cast<ptrdiff_t>(end));
  finding.excerpt_offset = begin - first.begin;
  return finding;
}

}  // namespace

std::vector<Finding> AssembleFindings(const Truth& truth, const Policy& policy,
                                      std::vector<RawFinding> all) {
  std::vector<RawFinding> raw = Merge(std::move(all));
  std::stable_sort(raw.begin(), raw.end(), [&](const RawFinding& a, const RawFinding& b) {
    const auto key = [&](const RawFinding& f) {
      return std::make_tuple(truth.flows.flows()[f.flow].SegmentAt(f.range.begin).sequence,
                             f.range.begin);
    };
    return key(a) < key(b);
  });
  std::vector<Finding> findings;
  std::map<std::string, size_t> alike;
  for (const RawFinding& one : raw) {
    Finding finding = MakeFinding(truth, policy, one);
    // Findings are alike where every rule sees them alike: same consents, and on the same side of
    // each stop bound.
    std::string key = one.category + "|" + one.purpose + "|" + finding.emitter + "|" +
                      finding.party.key + "|" + finding.party.host + "|" + finding.party.region +
                      "|" + one.value + "|" + ToWord(one.method) + "|" + finding.consents + "|" +
                      (finding.encrypted ? "tls" : "clear") + "|" +
                      one.where.substr(0, one.where.find(' ')) + "|" +
                      std::to_string(static_cast<int>(finding.kind));
    for (const PolicyConsent& consent : policy.consents) {
      key += WithinStopBound(truth, policy, consent.key, finding.time) ? "g" : "-";
    }
    const auto [entry, is_new] = alike.try_emplace(key, findings.size());
    if (!is_new) {
      Finding& first = findings[entry->second];
      ++first.repeats;
      if (first.repeat_sequences.size() < kRepeatSequencesMax)
        first.repeat_sequences.push_back(finding.sequence);
      continue;
    }
    finding.id = "f" + std::to_string(findings.size() + 1);
    findings.push_back(std::move(finding));
  }
  return findings;
}

std::vector<PartyBytes> CountBytes(const Truth& truth, const Detector& detector) {
  std::map<std::pair<std::string, std::string>, PartyBytes> by_party;
  for (size_t i = 0; i < truth.flows.flows().size(); ++i) {
    const Flow& flow = truth.flows.flows()[i];
    if (flow.handshake) continue;
    PartyBytes& bytes = by_party[{flow.party.key, flow.emitter}];
    if (bytes.emissions == 0) bytes.party = flow.party, bytes.emitter = flow.emitter;
    bytes.emissions += flow.segments.size();
    const bool out =
        flow.direction == Direction::kFromRobot || flow.direction == Direction::kFromApp;
    (out ? bytes.bytes_out : bytes.bytes_in) += flow.data.size();
    if (!flow.from_robot()) continue;
    for (const Explanation how : detector.explanations()[i]) {
      if (how == Explanation::kNone) ++bytes.bytes_unexplained;
      if (how == Explanation::kProtocol) ++bytes.bytes_protocol;
      if (how == Explanation::kSchema) ++bytes.bytes_schema;
      if (how == Explanation::kFinding) ++bytes.bytes_finding;
    }
  }
  std::vector<PartyBytes> out;
  for (auto& [key, bytes] : by_party) out.push_back(std::move(bytes));
  return out;
}

std::vector<UnexplainedBytes> FindUnexplained(const Truth& truth, const Detector& detector) {
  std::vector<UnexplainedBytes> out;
  for (const Detector::PartPlace& part : detector.parts()) {
    const Flow& flow = truth.flows.flows()[part.flow];
    if (flow.opaque || flow.kind == EmissionKind::kFlashAtRest) continue;
    const auto& how = detector.explanations()[part.flow];
    UnexplainedBytes piece;
    size_t first = part.range.end;
    for (size_t i = part.range.begin; i < part.range.end; ++i) {
      if (how[i] != Explanation::kNone) continue;
      first = std::min(first, i);
      ++piece.byte_count;
    }
    if (piece.byte_count == 0) continue;
    const Flow::Segment& segment = flow.SegmentAt(first);
    piece.time = segment.time;
    piece.sequence = segment.sequence;
    piece.first_byte = first - segment.begin;
    piece.emitter = flow.emitter;
    piece.party = flow.party.key;
    piece.consents = truth.flows.consents(segment);
    piece.where = part.where;
    out.push_back(std::move(piece));
  }
  return out;
}

}  // namespace dustproof::internal
