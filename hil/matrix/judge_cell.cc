#include "hil/matrix/judge_cell.h"

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

}  // namespace dustproof
