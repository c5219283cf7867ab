#include "hil/run/expectations.h"

#include <cstdio>

namespace dustproof {
namespace {

std::string Sentence(const char* format, double wanted, double got = 0) {
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

// Where nothing could be late, nothing shows that it was not: that is no deadline met.
void JudgeDeadlines(const RunReport& report, std::vector<MissedExpectation>* missed) {
  for (const DeadlineResult& d : report.deadlines) {
    const std::string whose = "the deadline of task " + d.task;
    if (d.missed > 0) {
      missed->push_back(
          {whose + Sentence(" of %.4g ms is met", 1e3 * d.within_s),
           whose + " was missed " + std::to_string(d.missed) + " of " +
               std::to_string(d.activations) + " times" +
               Sentence(": it may take %.4g ms and took up to %.4g", 1e3 * d.within_s, 1e3 * d.worst_s)});
    } else if (d.activations == 0 && !report.audit.ended_early) {
      missed->push_back({whose + " is put to the test", whose + " was never put to the test: it did not run"});
    }
  }
  if (report.audit.ended_early) return;
  if (report.deadlines.empty())
    missed->push_back({"deadlines are met", "no deadline was met, since robot.yaml declares none"});
  else if (report.compute == "zero")
    missed->push_back({"deadlines can be missed", "deadlines can't be missed while robot.yaml has compute: zero"});
}

}  // namespace

std::vector<MissedExpectation> MissedExpectations(const ExpectSpec& expect, const RunReport& report) {
  std::vector<MissedExpectation> missed;
  if (expect.deadlines) JudgeDeadlines(report, &missed);
  if (report.audit.ended_early) return missed;  // What is expected holds for the end.
  if (expect.coverage_min && report.metrics.coverage < *expect.coverage_min) {
    missed.push_back({Sentence("the coverage is at least %.3f", *expect.coverage_min),
                      Sentence("the coverage is not at least %.3f but %.3f", *expect.coverage_min,
                               report.metrics.coverage)});
  }
  if (expect.ate_m_max && (report.metrics.ate_m < 0 || report.metrics.ate_m > *expect.ate_m_max)) {
    missed.push_back({Sentence("the trajectory's error is at most %.3f m", *expect.ate_m_max),
                      Sentence("the trajectory's error is not at most %.3f m but %.3f m",
                               *expect.ate_m_max, report.metrics.ate_m)});
  }
  const auto outcome = [&](const std::optional<bool>& wanted, const char* name, const char* is,
                           const char* is_not) {
    if (!wanted || *wanted == Holds(report, name)) return;
    missed.push_back({std::string("expect.") + name + ": " + (*wanted ? "true" : "false"), *wanted ? is_not : is});
  };
  outcome(expect.docked, "docked", "the robot ended on its dock",
          "the robot did not end on its dock");
  outcome(expect.cleaning_finished, "cleaning_finished", "the cleaning was finished",
          "the cleaning was not finished");
  return missed;
}

}  // namespace dustproof
