#include "hil/run/expectations.h"

#include <cstdio>

namespace dustproof {
namespace {

std::string Sentence(const char* format, double wanted, double got) {
  char text[160];
  std::snprintf(text, sizeof text, format, wanted, got);
  return text;
}

bool Holds(const RunReport& report, const char* name) {
  for (const UsefulnessCheck& check : report.audit.usefulness) {
    if (check.name == name) return check.verdict == Verdict::kPass;
  }
  return false;
}

}  // namespace

std::vector<std::string> MissedExpectations(const ExpectSpec& expect, const RunReport& report) {
  std::vector<std::string> missed;
  if (expect.coverage_min && report.metrics.coverage < *expect.coverage_min) {
    missed.push_back(Sentence("coverage of at least %.3f, got %.3f", *expect.coverage_min,
                              report.metrics.coverage));
  }
  if (expect.ate_m_max && (report.metrics.ate_m < 0 || report.metrics.ate_m > *expect.ate_m_max)) {
    missed.push_back(Sentence("a trajectory error of at most %.3f m, got %.3f", *expect.ate_m_max,
                              report.metrics.ate_m));
  }
  const auto outcome = [&](const std::optional<bool>& wanted, const char* name, const char* yes,
                           const char* no) {
    if (wanted && *wanted != Holds(report, name)) missed.push_back(*wanted ? yes : no);
  };
  outcome(expect.docked, "docked", "the robot ends on its dock",
          "the robot does not end on its dock");
  outcome(expect.cleaning_finished, "cleaning_finished", "the cleaning is finished",
          "the cleaning is not finished");
  return missed;
}

}  // namespace dustproof
