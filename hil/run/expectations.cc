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
  if (report.audit.ended_early) return missed;  // What is expected holds for the end.
  if (expect.coverage_min && report.metrics.coverage < *expect.coverage_min) {
    missed.push_back(Sentence("the coverage is not at least %.3f but %.3f", *expect.coverage_min,
                              report.metrics.coverage));
  }
  if (expect.ate_m_max && (report.metrics.ate_m < 0 || report.metrics.ate_m > *expect.ate_m_max)) {
    missed.push_back(Sentence("the trajectory's error is not at most %.3f m but %.3f m",
                              *expect.ate_m_max, report.metrics.ate_m));
  }
  const auto outcome = [&](const std::optional<bool>& wanted, const char* name, const char* is,
                           const char* is_not) {
    if (wanted && *wanted != Holds(report, name)) missed.push_back(*wanted ? is_not : is);
  };
  outcome(expect.docked, "docked", "the robot ended on its dock",
          "the robot did not end on its dock");
  outcome(expect.cleaning_finished, "cleaning_finished", "the cleaning was finished",
          "the cleaning was not finished");
  return missed;
}

}  // namespace dustproof
