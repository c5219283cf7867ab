#include "hil/report/run_table.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "hil/report/failure_list.h"

namespace dustproof {
namespace {

using Row = std::pair<std::string, std::string>;  // Emitter, category.

// The rows of the table: every emitter and category that any run judged, in the first run's order.
std::vector<Row> RowsOf(const std::vector<const RunReport*>& reports) {
  std::vector<Row> rows;
  for (const RunReport* report : reports) {
    for (const VerdictRow& verdict : report->audit.verdicts) {
      const Row row{verdict.emitter, verdict.category};
      if (std::find(rows.begin(), rows.end(), row) == rows.end()) rows.push_back(row);
    }
  }
  return rows;
}

const char* ColourOf(Verdict verdict) {
  switch (verdict) {
    case Verdict::kPass:
      return "\033[32m";
    case Verdict::kFail:
      return "\033[1;31m";
    case Verdict::kUndetermined:
      return "\033[33m";
    case Verdict::kNotExercised:
      return "\033[2m";
  }
  return "";
}

std::string Readable(std::string key) {
  std::replace(key.begin(), key.end(), '_', ' ');
  return key;
}

std::string Cell(const std::string& text, size_t width, const char* colour) {
  std::string padded = text + std::string(width > text.size() ? width - text.size() : 0, ' ');
  return colour ? std::string(colour) + padded + "\033[0m" : padded;
}

bool ExercisedInAny(const std::vector<const RunReport*>& reports, const Row& row) {
  return std::any_of(reports.begin(), reports.end(), [&](const RunReport* r) {
    return r->audit.Worst(row.first, row.second, static_cast<Reading>(r->reading)) !=
           Verdict::kNotExercised;
  });
}

std::string RowName(const Row& row) {
  return (row.first == "robot" ? "" : row.first + ": ") + Readable(row.second);
}

// What no run exercised, in one sentence of lines that fit a terminal.
std::string NotExercisedLines(const std::vector<const RunReport*>& reports) {
  constexpr size_t kWidth = 100;
  std::string text, line = reports.size() == 1 ? "not exercised:" : "not exercised in any run:";
  bool any = false;
  for (const Row& row : RowsOf(reports)) {
    if (ExercisedInAny(reports, row)) continue;
    const std::string word = (any ? ", " : " ") + RowName(row);
    if (line.size() + word.size() > kWidth) {
      text += line + ",\n";
      line = "  " + RowName(row);
    } else {
      line += word;
    }
    any = true;
  }
  return any ? text + line + "\n" : "";
}

// One line for each finding that a failed cell rests on.
std::string FailureLines(const std::vector<const RunReport*>& reports) {
  constexpr int kLinesMax = 12;
  std::string text;
  int count = 0;
  for (const RunReport* report : reports) {
    for (const VerdictRow& row : report->audit.verdicts) {
      if (row.verdict != Verdict::kFail || row.reading != static_cast<Reading>(report->reading))
        continue;
      const Acceptance* acceptance = AcceptanceOf(*report, IdentityOf(report->scenario, row));
      if (acceptance != nullptr && !acceptance->expired) continue;
      for (const std::string& id : row.evidence) {
        const Finding* finding = report->audit.FindFinding(id);
        if (finding == nullptr || ++count > kLinesMax) continue;
        char where[96];
        std::snprintf(where, sizeof where, " (at %.3f s, message %llu from byte %llu); ",
                      finding->time.seconds(), static_cast<unsigned long long>(finding->sequence),
                      static_cast<unsigned long long>(finding->first_byte));
        text += report->consent + ": fail: " + finding->what + where + row.clause + "\n";
      }
    }
  }
  if (count > kLinesMax)
    text += std::to_string(count - kLinesMax) + " more failures are in the report\n";
  return text.empty() ? "" : text + "\n";
}

// What the baseline says of what fails; nothing without one.
std::string AcceptanceLines(const std::vector<const RunReport*>& reports) {
  std::string text;
  for (const ListedFailure& f : ListFailures(reports)) {
    if (f.acceptance) text += f.Where() + ": " + f.title + ": " + ToText(*f.acceptance) + "\n";
  }
  return text.empty() ? "" : text + "\n";
}

bool IsAccepted(const RunReport& report, const FailureIdentity& identity) {
  const Acceptance* acceptance = AcceptanceOf(report, identity);
  return acceptance != nullptr && !acceptance->expired;
}

// Says nothing where every deadline was met.
std::string MissedDeadlines(const RunReport& report) {
  std::string text;
  for (const DeadlineResult& d : report.deadlines) {
    if (d.missed == 0) continue;
    char figures[120];
    std::snprintf(figures, sizeof figures, " %llu of %llu (worst %.4g ms, may take %.4g)",
                  static_cast<unsigned long long>(d.missed),
                  static_cast<unsigned long long>(d.activations), 1e3 * d.worst_s,
                  1e3 * d.within_s);
    text += (text.empty() ? "" : ", ") + d.task + figures;
  }
  return text.empty() ? "" : report.consent + ": deadlines missed: " + text + "\n";
}

// What a run in real time is worth, and how it kept up.
std::string RealTimeLine(const RunReport& report) {
  if (!report.real_time) return "";
  const RealTimeResult& r = *report.real_time;
  const Latency link = r.latencies.empty() ? Latency() : r.latencies.front();
  char line[300], drift[60] = "";
  if (r.drift_ppm) std::snprintf(drift, sizeof drift, "; the board's clock drifts by %.0f ppm", *r.drift_ppm);
  std::snprintf(line, sizeof line,
                ": in real time, statistical: link %.3g ms (p99 %.3g, jitter %.3g); %llu of %llu events late by more than 1 ms, the "
                "worst by %.1f ms%s\n",
                link.p50_ms, link.p99_ms, link.jitter_ms, static_cast<unsigned long long>(r.late_events),
                static_cast<unsigned long long>(r.events), r.worst_late_ms, drift);
  return report.consent + line;
}

}  // namespace

std::string RenderRunTable(const std::vector<const RunReport*>& reports, bool colour) {
  if (reports.empty()) return "";
  constexpr size_t kFirst = 24;
  std::string text = "\n" + Cell("personal data (robot)", kFirst, nullptr);
  std::vector<size_t> widths;
  for (const RunReport* report : reports) {
    widths.push_back(std::max<size_t>(report->consent.size(), 13) + 2);
    text += Cell(report->consent, widths.back(), nullptr);
  }
  text += "\n";
  for (const Row& row : RowsOf(reports)) {
    if (!ExercisedInAny(reports, row)) continue;
    text += Cell(RowName(row), kFirst, nullptr);
    for (size_t i = 0; i < reports.size(); ++i) {
      const Verdict verdict =
          reports[i]->audit.Worst(row.first, row.second, static_cast<Reading>(reports[i]->reading));
      const bool accepted = verdict == Verdict::kFail && OnlyAccepted(*reports[i], row.first, row.second);
      text += Cell(accepted ? "accepted" : Readable(ToWord(verdict)), widths[i],
                   colour ? ColourOf(accepted ? Verdict::kUndetermined : verdict) : nullptr);
    }
    text += "\n";
  }
  text += NotExercisedLines(reports);
  text += "\n" + Cell("what the user wanted", kFirst, nullptr) + "\n";
  for (const UsefulnessCheck& check : reports[0]->audit.usefulness) {
    text += Cell(Readable(check.name), kFirst, nullptr);
    for (size_t i = 0; i < reports.size(); ++i) {
      Verdict verdict = Verdict::kNotExercised;
      for (const UsefulnessCheck& other : reports[i]->audit.usefulness) {
        if (other.name == check.name) verdict = other.verdict;
      }
      const bool accepted = verdict == Verdict::kFail &&
                            IsAccepted(*reports[i], {.scenario = reports[i]->scenario, .rule = "usefulness." + check.name});
      text += Cell(accepted ? "accepted" : Readable(ToWord(verdict)), widths[i],
                   colour ? ColourOf(accepted ? Verdict::kUndetermined : verdict) : nullptr);
    }
    text += "\n";
  }
  char line[160];
  text += "\n" + FailureLines(reports) + AcceptanceLines(reports);
  for (const RunReport* r : reports) {
    char ate[32] = "unknown";
    if (r->metrics.ate_m >= 0) std::snprintf(ate, sizeof ate, "%.3f m", r->metrics.ate_m);
    std::snprintf(line, sizeof line, "%s: coverage %.1f %%, ATE %s, rooms %d of %d, %.0f s\n",
                  r->consent.c_str(), 100 * r->metrics.coverage, ate, r->metrics.rooms_entered,
                  r->metrics.rooms_reachable, r->sim_s);
    text += line + RealTimeLine(*r) + MissedDeadlines(*r);
    for (const MissedExpectation& missed : r->failed_expectations)
      text += r->consent + ": not as expected: " + missed.sentence + "\n";
    for (const Diagnostic& warning : r->audit.warnings)
      text += r->consent + ": note: " + ToString(warning) + "\n";
  }
  return text + "\n";
}

std::string RenderSummaryLine(const std::vector<const RunReport*>& reports) {
  std::array<int, 4> counts{};
  int useful = 0, wanted = 0, unexpected = 0, died = 0, broke = 0, early = 0, accepted = 0;
  for (const RunReport* report : reports) {
    for (const ListedFailure& f : ListFailures({report})) {
      accepted += f.accepted();
      unexpected += f.identity.rule == "expectation" && !f.accepted();
    }
    died += report->end == "firmware_died";
    broke += report->end == "run_died";
    early += report->audit.ended_early;
    for (const Row& row : RowsOf({report})) {
      const Verdict worst =
          report->audit.Worst(row.first, row.second, static_cast<Reading>(report->reading));
      counts[static_cast<size_t>(worst)] += worst != Verdict::kFail || !OnlyAccepted(*report, row.first, row.second);
    }
    for (const UsefulnessCheck& check : report->audit.usefulness) {
      wanted += check.verdict != Verdict::kNotExercised;
      useful += check.verdict == Verdict::kPass;
    }
  }
  char text[240];
  std::snprintf(text, sizeof text,
                "%zu %s: %d pass, %d fail, %d undetermined, %d not exercised; usefulness %d of %d",
                reports.size(), reports.size() == 1 ? "run" : "runs", counts[0], counts[1],
                counts[2], counts[3], useful, wanted);
  std::string line = text;
  if (unexpected > 0) line += "; " + std::to_string(unexpected) + " not as expected";
  if (died > 0) line += "; the firmware died in " + std::to_string(died);
  if (broke > 0) line += "; not by the firmware's doing, " + std::to_string(broke) + " died";
  if (accepted > 0) line += "; " + std::to_string(accepted) + (accepted == 1 ? " failure" : " failures") + " accepted";
  if (early > 0) line += "; " + std::to_string(early) + " ended early";
  return line;
}

}  // namespace dustproof
