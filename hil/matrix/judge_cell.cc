#include "hil/matrix/judge_cell.h"

#include "hil/audit/audit.h"
#include "hil/run/expectations.h"

namespace dustproof {

Result<std::vector<MissedExpectation>> MissedBy(const RunInputs& inputs, const std::string& recording, const AuditReport& audit) {
  const ExpectSpec& expect = inputs.scenario.expect;
  if (expect.coverage_min || expect.ate_m_max || expect.deadlines) {
    const Result<RunReport> report = BuildRunReport(recording, audit);
    if (!report) return report.error();
    return MissedExpectations(expect, *report);
  }
  RunReport report;
  report.audit = audit;
  return MissedExpectations(expect, report);
}

Result<CellResult> LiveWhole(const RunInputs& inputs, const RunRequest& request, const MatrixCell& cell,
                             const std::function<void(const RunProgress&)>& on_progress) {
  const Result<RunOutcome> outcome = SuperviseRun(request, on_progress);
  if (!outcome) return outcome.error();
  if (outcome->end == RunEnd::kFailed)
    return outcome->bad_input ? Error::BadInput(outcome->diagnosis) : Error::Environment(outcome->diagnosis);
  if (outcome->end == RunEnd::kInterrupted || outcome->end == RunEnd::kRunDied)
    return Error::Environment(cell.name + ": " + (outcome->diagnosis.empty() ? "interrupted" : outcome->diagnosis));
  const Result<AuditReport> audit = AuditRecording(request.recording, inputs.policy, {});
  if (!audit) return audit.error();
  const auto missed = MissedBy(inputs, request.recording, *audit);
  if (!missed) return missed.error();
  return SummarizeCell(cell, *outcome, *audit, *missed);
}

}  // namespace dustproof
