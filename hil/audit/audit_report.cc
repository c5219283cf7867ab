#include "hil/audit/audit_report.h"

#include <algorithm>

namespace dustproof {

const char* ToWord(Verdict verdict) {
  constexpr const char* kWords[] = {"pass", "fail", "undetermined", "not_exercised"};
  return kWords[static_cast<size_t>(verdict)];
}

const char* ToWord(FindingMethod method) {
  constexpr const char* kWords[] = {"exact", "hash",   "numeric",  "map",
                                    "path",  "series", "declared", "traffic", "counterfactual"};
  return kWords[static_cast<size_t>(method)];
}

const Finding* AuditReport::FindFinding(const std::string& id) const {
  for (const Finding& finding : findings) {
    if (finding.id == id) return &finding;
  }
  return nullptr;
}

Verdict AuditReport::Worst(const std::string& emitter, const std::string& category,
                           Reading reading) const {
  const auto badness = [](Verdict verdict) {
    if (verdict == Verdict::kFail) return 3;
    if (verdict == Verdict::kUndetermined) return 2;
    return verdict == Verdict::kPass ? 1 : 0;
  };
  Verdict worst = Verdict::kNotExercised;
  for (const VerdictRow& row : verdicts) {
    const bool mine = row.emitter == emitter && row.category == category && row.reading == reading;
    if (mine && badness(row.verdict) > badness(worst)) worst = row.verdict;
  }
  return worst;
}

bool AuditReport::HasFailure(Reading reading) const {
  return std::any_of(verdicts.begin(), verdicts.end(), [&](const VerdictRow& row) {
    return row.reading == reading && row.verdict == Verdict::kFail;
  });
}

bool AuditReport::useful() const {
  return std::none_of(usefulness.begin(), usefulness.end(),
                      [](const UsefulnessCheck& c) { return c.verdict == Verdict::kFail; });
}

}  // namespace dustproof
