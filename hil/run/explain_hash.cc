#include "hil/run/explain_hash.h"

#include <algorithm>

#include "hil/capture/recording_reader.h"

namespace dustproof {
namespace {

std::optional<StateHashes> NextState(RecordingReader& reader) {
  while (auto message = reader.Next()) {
    if (auto* state = std::get_if<StateHashes>(&*message)) return std::move(*state);
  }
  return std::nullopt;
}

std::string EndHash(const RecordingReader& reader) {
  const auto result = reader.metadata().find("result");
  if (result == reader.metadata().end()) return "";
  const auto hash = result->second.find("hash");
  return hash == result->second.end() ? "" : hash->second;
}

// Every part of either, in the order of hashing, and whether it differs. A part that one side lacks
// differs.
std::vector<std::pair<std::string, bool>> CompareParts(const StateHashes& a, const StateHashes& b) {
  std::vector<std::pair<std::string, bool>> parts;
  const auto hash = [](const StateHashes& s, const std::string& part) -> std::optional<uint64_t> {
    const auto it = std::find(s.parts.begin(), s.parts.end(), part);
    if (it == s.parts.end()) return std::nullopt;
    return s.hashes[static_cast<size_t>(it - s.parts.begin())];
  };
  for (const std::string& part : a.parts) parts.emplace_back(part, hash(a, part) != hash(b, part));
  for (const std::string& part : b.parts) {
    if (!hash(a, part)) parts.emplace_back(part, true);
  }
  return parts;
}

bool Holds(const std::vector<PartDifference>& parts, const std::string& part) {
  return std::any_of(parts.begin(), parts.end(),
                     [&](const PartDifference& known) { return known.part == part; });
}

// Takes one instant of both runs into account.
void TakeInstant(const StateHashes& a, const StateHashes& b, std::vector<std::string>* seen,
                 HashExplanation* out) {
  ++out->instants;
  const SimTime time = std::max(a.time, b.time);
  bool differs = a.time != b.time || a.events_run != b.events_run;
  for (const auto& [part, part_differs] : CompareParts(a, b)) {
    if (std::find(seen->begin(), seen->end(), part) == seen->end()) seen->push_back(part);
    differs |= part_differs;
    if (part_differs && !Holds(out->parts, part)) out->parts.push_back({part, time});
  }
  if (out->first_unequal) return;
  if (differs) {
    out->first_unequal = time;
  } else {
    out->last_equal = time;
  }
}

}  // namespace

Result<HashExplanation> ExplainHash(const std::string& first, const std::string& second) {
  Result<RecordingReader> a = RecordingReader::Open(first);
  if (!a) return a.error();
  Result<RecordingReader> b = RecordingReader::Open(second);
  if (!b) return b.error();
  HashExplanation explanation;
  explanation.first_hash = EndHash(*a);
  explanation.second_hash = EndHash(*b);
  std::vector<std::string> seen;
  while (true) {
    const auto one = NextState(*a), other = NextState(*b);
    if (!one || !other) break;
    TakeInstant(*one, *other, &seen, &explanation);
  }
  for (const std::string& part : seen) {
    if (!Holds(explanation.parts, part)) explanation.equal_parts.push_back(part);
  }
  Result<RecordingComparison> recordings = CompareRecordings(first, second);
  if (!recordings) return recordings.error();
  explanation.recordings = std::move(*recordings);
  return explanation;
}

}  // namespace dustproof
