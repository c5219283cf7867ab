#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "hil/audit/audit_report.h"
#include "hil/report/failure_list.h"
#include "hil/run/run_request.h"
#include "sim/core/result.h"
#include "sim/scenario/consent.h"

/// The cells of a matrix: what each tries, and what came of it.
namespace dustproof {

/// One run of a matrix: a scenario under a consent configuration with a seed.
struct MatrixCell {
  std::string name;  ///< Of files and for people: "first_run.all_denied.seed1". Unique in a matrix.
  std::string scenario;  ///< Its name.
  uint64_t seed = 1;
  ConsentConfiguration consents;
  std::optional<SimDuration> until = {};  ///< Ends this run here at the latest.
  /// Hash of all that decides the result: inputs, firmware, consents, seed, length, this program's build.
  std::string key;
  std::string infeasible = "";  ///< Which constraint of the policy forbids it, in a sentence; "" where none does.
  bool grants_all = false;  ///< From the start to the end: its run is a control of the others.
  bool control = false;     ///< There for that only: nobody asked for it.
};

/// What the policy says to a category and a party in one run: the worst over purposes and phases.
struct CellVerdict {
  std::string emitter, category, party;
  std::array<Verdict, 3> by_reading{};  ///< Strict, literal, lenient.
  /// By reading, where nothing was exercised: how long silence lasted that a control run could explain. Zero: not at all.
  std::array<SimDuration, 3> withheld{};
};

/// A verdict that fails under the deciding reading, with its first evidence. No payload: hashes and lengths.
struct CellFailure {
  std::string emitter, category, party, purpose, consent, phase;
  std::string rule, clause, heading, reason;
  double time_s = 0;      ///< Of the first finding, since the start.
  uint64_t sequence = 0;  ///< Its emission in the recording, from 1.
  std::string protocol, host, method;
  uint64_t byte_count = 0;
  std::string sha256;   ///< Of the bytes of the first finding as they were sent (at most 96 of them), hex.
  size_t findings = 0;  ///< How many alike.
  FailureIdentity Identity(const std::string& scenario) const;
  /// What makes it the same failure in other cells: "home_map to vendor_cloud_cn while C_MAP_UPLOAD is denied".
  std::string Signature() const;
};

/// What came of a cell.
struct CellResult {
  std::string name, key, scenario, consent, description, answers;
  uint64_t seed = 1;
  RunOutcome outcome;  ///< Without times of the wall clock.
  double end_s = 0;    ///< Simulated time of the last message.
  std::vector<CellVerdict> verdicts;  ///< Of what was exercised in any reading, or could be by a control.
  std::vector<CellFailure> failures;
  std::vector<MissedExpectation> missed;
  std::vector<std::string> unuseful;    ///< Names of what the product must do and did not.
  std::vector<std::string> warnings;    ///< Of the audit.
  std::vector<PathTaken> paths_taken;   ///< For other cells, where this one is a control.
  std::string doubt;                    ///< As in `AuditReport`.
  std::string problem;                  ///< Why it could not be judged; "" where it could.

  bool died() const { return outcome.end == RunEnd::kFirmwareDied; }
  /// A failed verdict, a missed expectation, something not useful, firmware that died.
  bool failed() const { return !failures.empty() || !missed.empty() || !unuseful.empty() || died(); }
  /// What is wrong, for one entry of a list: signatures, missed expectations, the diagnosis' first line.
  std::vector<std::string> Signatures() const;
};

/// What makes a death of the firmware the same in other cells: its cause and task, without its time and addresses.
std::string DeathSignature(const std::string& diagnosis);

/// The cell's part of an audit, which borrows nothing.
CellResult SummarizeCell(const MatrixCell& cell, const RunOutcome& outcome, const AuditReport& audit,
                         std::vector<MissedExpectation> missed_expectations);

/// Judges anew what a control run shows (`ApplyControl`).
void ApplyControl(const std::vector<PathTaken>& control, CellResult* result);

/// As JSON text; the same result has the same bytes, on any machine.
std::string ToJson(const CellResult& result);
/// Nothing where it is no such text, e.g. of another version.
std::optional<CellResult> CellResultFromJson(const std::string& text);

/// Where the results of a matrix lie.
std::string ResultPath(const std::string& folder, const MatrixCell& cell);
std::string RecordingPath(const std::string& folder, const std::string& cell_name);
/// Written whole or not at all: a reader never sees a half.
Result<void> WriteResult(const std::string& folder, const CellResult& result);
/// The result of this very cell, where it is there.
std::optional<CellResult> ReadResult(const std::string& folder, const MatrixCell& cell);

}  // namespace dustproof
