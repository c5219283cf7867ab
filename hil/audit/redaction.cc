#include "hil/audit/redaction.h"

#include <algorithm>

#include "hil/audit/internal/cascade.h"
#include "hil/audit/internal/patterns.h"
#include "sim/core/hash.h"

namespace dustproof {
namespace {

using internal::ByteRange;
using internal::Content;

constexpr size_t kLiteralBytesMin = 4;

std::string Stand(const std::string& category, const std::string& value) {
  Hasher hasher;
  hasher.AddBytes(std::as_bytes(std::span(value)));
  return "[" + category + ", " + std::to_string(value.size()) + " bytes, xxh3 " + HexDigest(hasher.Digest()) + "]";
}

struct Place {
  ByteRange range;
  std::string stand;  // What stands there instead.
};

// Gathers where values are, in the bytes that the cascade began with.
class Search final : public internal::ContentVisitor {
 public:
  Search(const internal::PatternMatcher& patterns, std::vector<Place>* places) : patterns_(patterns), places_(places) {}

  void OnContent(const Content& content) override {
    std::vector<internal::PatternHit> hits;
    patterns_.Find(content.bytes(), &hits);
    for (const internal::PatternHit& hit : hits) places_->push_back({content.ToRoot(hit.range), Stand(hit.category, hit.value)});
  }
  void OnNumbers(const Content&, const internal::NumberSeries&) override {}
  void OnGrid(const Content&, std::span<const std::byte>, size_t, ByteRange) override {}

 private:
  const internal::PatternMatcher& patterns_;
  std::vector<Place>* places_;
};

// The first begins where the text is replaced; what overlaps it goes with it.
std::string Replace(const std::string& text, std::vector<Place> places) {
  std::stable_sort(places.begin(), places.end(), [](const Place& a, const Place& b) {
    return a.range.begin != b.range.begin ? a.range.begin < b.range.begin : a.range.end > b.range.end;
  });
  std::string out;
  size_t at = 0;
  for (const Place& place : places) {
    if (place.range.begin >= at) out += text.substr(at, place.range.begin - at) + place.stand;
    at = std::max(at, place.range.end);
  }
  return out + text.substr(std::min(at, text.size()));
}

}  // namespace

struct Redactor::State {
  explicit State(const std::map<std::string, std::vector<std::string>>& planted) : patterns(planted) {
    for (const auto& [category, values] : planted) {
      for (const std::string& value : values) AddLiteral(value, Stand(category, value));
      if (category != "precise_location") continue;
      for (const std::string& value : values) {  // Latitude and longitude, each by itself.
        AddLiteral(value.substr(0, value.find(',')), Stand(category, value));
        AddLiteral(value.substr(value.find(',') + 1), Stand(category, value));
      }
    }
  }

  void AddLiteral(const std::string& value, const std::string& stand) {
    if (value.size() >= kLiteralBytesMin) literals.emplace_back(value, stand);
  }

  std::vector<Place> Find(const std::string& text) const {
    std::vector<Place> places;
    for (const auto& [value, stand] : literals) {
      for (size_t at = text.find(value); at != std::string::npos; at = text.find(value, at + 1)) places.push_back({{at, at + value.size()}, stand});
    }
    Search search(patterns, &places);
    internal::Cascade(search).Run(Content(std::as_bytes(std::span(text))));
    return places;
  }

  internal::PatternMatcher patterns;
  std::vector<std::pair<std::string, std::string>> literals;
  std::map<std::string, std::string> known;  // Findings say the same again and again.
};

Redactor::Redactor(const std::map<std::string, std::vector<std::string>>& planted) : state_(std::make_unique<State>(planted)) {}
Redactor::~Redactor() = default;

std::string Redactor::Redact(const std::string& text) {
  const auto [known, is_new] = state_->known.try_emplace(text);
  if (is_new) known->second = Replace(text, state_->Find(text));
  return known->second;
}

void Redactor::Redact(std::vector<std::string>* texts) {
  for (std::string& text : *texts) text = Redact(text);
}

void RedactTexts(Redactor& redactor, AuditReport* report) {
  const auto redact = [&redactor](std::string* text) { *text = redactor.Redact(*text); };
  for (Finding& finding : report->findings) {
    redactor.Redact(&finding.decoders);
    for (std::string* text : {&finding.party.key, &finding.party.organisation, &finding.party.host, &finding.protocol, &finding.form}) redact(text);
  }
  for (VerdictRow& row : report->verdicts) redact(&row.party), redact(&row.reason);
  for (UsefulnessCheck& check : report->usefulness) redact(&check.detail);
  for (PartyBytes& bytes : report->bytes_by_party) {
    for (std::string* text : {&bytes.party.key, &bytes.party.organisation, &bytes.party.host}) redact(text);
  }
  for (UnexplainedBytes& bytes : report->unexplained) redact(&bytes.party), redact(&bytes.where);
  for (Diagnostic& warning : report->warnings) redact(&warning.field), redact(&warning.message);
}

}  // namespace dustproof
