#pragma once

#include <functional>
#include <string>
#include <vector>

#include "hil/audit/compare_emissions.h"
#include "hil/report/run_report.h"
#include "hil/run/compare_recordings.h"
#include "sim/core/result.h"

namespace dustproof {

/// What a user asks of `dustproof counterfactual`. Paths may be relative to the working folder.
struct CounterfactualOptions {
  std::string recording;
  /// Categories of planted values, the groups that `ChangeGroups` names, or "home".
  std::vector<std::string> changes;
  std::string home;      ///< The other home of the change "home".
  int draws = 1;         ///< How many other values each secret is given, each in a run of its own.
  std::string firmware;  ///< "" takes the one that the recording names.
  std::string out;       ///< Folder for the results, new or empty; "" makes a fresh one under `runs/`.
};

/// What one party was told otherwise because one thing was other, and what the policy says to that.
struct PartyOutcome {
  PartyDifference difference;  ///< In the run in which most differs.
  /// Strict reading, worst first. Of a change of home: not exercised, since where a robot drives may well depend on where it is.
  Verdict verdict = Verdict::kNotExercised;
  bool inherent = true;  ///< No finding came of it: it is the sender's own address, where the link's protocol has it.
  bool hidden = false;    ///< No matcher knew it: only the comparison shows it.
  std::string reason, clause, rule;
};

/// A run in which one thing is other.
struct ChangedRun {
  std::string recording;  ///< In the folder; "" where no message differs, and it was not kept.
  EmissionComparison comparison;
};

/// What came of changing one thing.
struct Counterfactual {
  std::string change;
  std::vector<ChangedRun> runs;       ///< One for each draw.
  std::vector<PartyOutcome> parties;  ///< Those that were told something else; by key.
  std::vector<VerdictDifference> other_verdicts;  ///< Of a change of home: what the audit says otherwise.
  bool leaks() const;
};

struct CounterfactualResult {
  std::string folder, scenario, consent, firmware;
  uint64_t seed = 0;
  std::string unchanged;  ///< The run's repetition, which the others are held against, in the folder.
  std::vector<Counterfactual> changes;  ///< In the order asked for.
  RunReport report;  ///< Of the unchanged run, with what the comparisons showed among its findings.
  std::vector<std::string> warnings;
  bool interrupted = false;
  bool leaks() const;
};

/// Told how things go.
struct CounterfactualObserver {
  std::function<void(const std::string& folder, size_t runs)> on_start;
  std::function<void(const std::string& run, double sim_s, double duration_s)> on_progress;
  std::function<void(const std::string& what)> on_stage;
};

/// "wifi", "id", …, each with its categories.
const std::vector<std::pair<std::string, std::vector<std::string>>>& ChangeGroups();

/// Makes a recorded run again, once as it was and once for each change, with that one thing drawn anew and nothing else:
/// whatever then leaves the robot otherwise depends on it, however it is encoded, encrypted or hashed (noninterference, after
/// Goguen and Meseguer, "Security Policies and Security Models", IEEE S&P 1982). What depends on a secret is a finding of its
/// category, and judged by the run's own policy.
///
/// Fails where the recording can't be run again, or the firmware says something else each time: then a difference proves nothing.
Result<CounterfactualResult> RunCounterfactuals(const CounterfactualOptions& options, const CounterfactualObserver& observer);

std::string RenderCounterfactuals(const CounterfactualResult& result);
/// No byte that was sent is in it.
std::string RenderCounterfactualsJson(const CounterfactualResult& result);

}  // namespace dustproof
