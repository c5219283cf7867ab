#pragma once

#include <vector>

#include "hil/audit/audit_report.h"
#include "hil/audit/internal/truth.h"
#include "hil/audit/policy.h"

namespace dustproof::internal {

/// Which category went to which party, and how soon: what a run shows as a control of another.
std::vector<PathTaken> FindPathsTaken(const Truth& truth, const Policy& policy,
                                      const std::vector<Finding>& findings);

/// The findings as the policy sees them: one verdict for each emitter, category, party, purpose,
/// phase and reading.
std::vector<VerdictRow> Judge(const Truth& truth, const Policy& policy,
                              const std::vector<Finding>& findings,
                              const std::vector<UnexplainedBytes>& unexplained);

std::vector<UsefulnessCheck> JudgeUsefulness(const Truth& truth);
/// For a run that was ended before its scenario's end: what it might still have done is not
/// exercised rather than failed.
void ExcuseWhatCameLater(std::vector<UsefulnessCheck>* checks);

}  // namespace dustproof::internal
