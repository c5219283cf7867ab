#include "hil/audit/internal/across_messages.h"

#include <algorithm>

namespace dustproof::internal {

namespace {

constexpr size_t kPieceBytesMax = 256;  // Larger payloads are searched as they are.
constexpr size_t kPiecesMin = 3;

}  // namespace

std::span<const std::byte> AcrossMessages::Fragments::Piece(size_t index) const {
  const size_t end = index + 1 < begins.size() ? begins[index + 1] : joined.size();
  return std::span(joined).subspan(begins[index], end - begins[index]);
}

size_t AcrossMessages::Fragments::IndexAt(size_t at) const {
  return static_cast<size_t>(std::upper_bound(begins.begin(), begins.end(), at) - begins.begin()) -
         1;
}

void AcrossMessages::NotePayload(const std::string& route, const std::string& label,
                                 const std::string& where, std::span<const std::byte> payload,
                                 const Place& place) {
  if (payload.size() > kPieceBytesMax) return;
  Fragments& fragments = fragments_[route];
  fragments.label = label, fragments.where = where;
  fragments.begins.push_back(fragments.joined.size());
  fragments.places.push_back(place);
  fragments.joined.insert(fragments.joined.end(), payload.begin(), payload.end());
}

void AcrossMessages::NoteField(const std::string& field, const FieldValue& value) {
  fields_[field].push_back(value);
}

AcrossMessages::View AcrossMessages::Whole(const Fragments& fragments) {
  View view{fragments.joined, {}};
  for (size_t i = 0; i < fragments.joined.size(); ++i) view.origins.push_back(i);
  return view;
}

/// Without what is the same in every message: only what changes is left.
AcrossMessages::View AcrossMessages::Varying(const Fragments& fragments) {
  View view;
  const auto take = [&](size_t piece, size_t head, size_t tail) {
    const auto bytes = fragments.Piece(piece);
    for (size_t i = head; i + tail < bytes.size(); ++i) {
      view.bytes.push_back(bytes[i]);
      view.origins.push_back(fragments.begins[piece] + i);
    }
  };
  for (size_t p = 1; p < fragments.begins.size(); ++p) {
    const auto before = fragments.Piece(p - 1), now = fragments.Piece(p);
    const size_t shorter = std::min(before.size(), now.size());
    size_t head = 0, tail = 0;
    while (head < shorter && before[head] == now[head]) ++head;
    while (tail < shorter - head && before[before.size() - 1 - tail] == now[now.size() - 1 - tail])
      ++tail;
    if (p == 1) take(0, head, tail);
    take(p, head, tail);
  }
  return view;
}

std::vector<RawFinding> AcrossMessages::FindSplitValues(const PatternMatcher& patterns) const {
  std::vector<RawFinding> findings;
  for (const auto& [route, fragments] : fragments_) {
    if (fragments.begins.size() < kPiecesMin) continue;
    for (const View& view : {Whole(fragments), Varying(fragments)}) {
      std::vector<PatternHit> hits;
      patterns.Find(view.bytes, &hits);
      for (const PatternHit& hit : hits) {
        const size_t first = fragments.IndexAt(view.origins[hit.range.begin]);
        const size_t last =
            fragments.IndexAt(view.origins[std::min(hit.range.end, view.bytes.size()) - 1]);
        if (first == last) continue;  // Found already.
        RawFinding finding;
        finding.flow = fragments.places[first].flow;
        finding.part = fragments.places[first].part;
        finding.range = fragments.places[first].range;
        finding.decoders = {fragments.label, "joined over messages"};
        finding.method = hit.is_hash ? FindingMethod::kHash : FindingMethod::kExact;
        finding.category = hit.category;
        finding.form = hit.form + ", over " + std::to_string(last - first + 1) + " messages";
        finding.value = hit.value;
        finding.where = fragments.where;
        findings.push_back(std::move(finding));
      }
    }
  }
  return findings;
}

std::vector<RawFinding> AcrossMessages::FindSeries(const std::vector<BatterySample>& battery,
                                                   const std::vector<PoseSample>& poses) const {
  std::vector<RawFinding> findings;
  for (const auto& [field, values] : fields_) {
    const auto match = MatchSeries(values, battery, poses);
    if (!match) continue;
    for (const FieldValue& value : values) {
      RawFinding finding;
      finding.flow = value.flow;
      finding.part = value.part;
      finding.range = value.range;
      finding.method = FindingMethod::kSeries;
      finding.category = match->category;
      finding.form = match->form;
      finding.decoders = {field.substr(field.rfind(' ') + 1)};
      findings.push_back(std::move(finding));
    }
  }
  return findings;
}

}  // namespace dustproof::internal
