#pragma once

#include <optional>
#include <string>
#include <vector>

#include "hil/report/run_report.h"

namespace dustproof {

/// What makes a failure the same one in other runs: no time, seed, line, measured figure or consent configuration.
struct FailureIdentity {
  std::string scenario = "";
  std::string rule = "";  ///< Id of the policy's rule; "usefulness.NAME", "expectation" or "firmware" for what is none.
  std::string emitter = "", category = "", party = "", purpose = "", phase = "";  ///< Of a verdict; "" for what is none.
  std::string expected = "";  ///< The scenario's expectation that was missed, or "".

  /// 32 hex digits.
  std::string Fingerprint() const;
};

/// Something that fails, and in which runs: what the outputs for continuous integration say. No byte that was sent, and
/// no planted value, is in it.
struct ListedFailure {
  FailureIdentity identity;
  std::string fingerprint;  ///< Of the identity.
  std::string title;        ///< "home_map to vendor_cloud_cn (map display) while C_MAP_UPLOAD is denied".
  std::string heading;      ///< `HeadingFor` of the rule's basis.
  std::string clause, reason;
  std::vector<std::string> consents;  ///< Of the runs, by name, in their order.
  size_t runs = 0, runs_of = 0;       ///< In how many it fails, of how many; zero where `consents` says it all.
  std::string when = "";              ///< What those have in common: "where C_DEVID denied"; "" where nobody knows.
  SourceLocation scenario, policy;    ///< Of the first; an empty file where there is none.
  std::string recording;              ///< Of the first, as `SourcePath`.
  std::string command;                ///< Makes the first again; "" where nobody knows.
  // Of the first evidence; zero and "" for what has none.
  double time_s = 0;
  uint64_t message = 0, byte_count = 0;
  std::string protocol, host;
  std::string sha256;  ///< Of its bytes as they were sent, at most 96 of them.
  std::optional<Acceptance> acceptance;  ///< What the baseline says of it.

  bool accepted() const { return acceptance && !acceptance->expired; }
  /// "all_denied map_unset"; of many runs their number first, and not all names.
  std::string Where() const;
};

/// What fails under the reading that decides, each once, in the order of the reports.
std::vector<ListedFailure> ListFailures(const std::vector<const RunReport*>& reports);

/// What the baseline says of something that fails in a run; null where nothing.
const Acceptance* AcceptanceOf(const RunReport& report, const FailureIdentity& identity);
/// Whether the baseline accepts all that fails of a category for one emitter.
bool OnlyAccepted(const RunReport& report, const std::string& emitter, const std::string& category);

/// The identity of a verdict of a run.
FailureIdentity IdentityOf(const std::string& scenario, const VerdictRow& row);
/// "home_map to vendor_cloud_cn (map display) while C_MAP_UPLOAD is denied".
std::string TitleOf(const FailureIdentity& identity, const std::string& consent);

/// SARIF 2.1.0, for code scanning: a rule for each of the policy's, a result for each failure. `build`: this program's.
std::string RenderSarif(const std::vector<ListedFailure>& failures, const std::string& build);
std::string RenderSarif(const std::vector<const RunReport*>& reports);
/// Markdown, for a job's summary or a comment: at most 60 kB.
std::string RenderMarkdown(const std::vector<const RunReport*>& reports);
/// GitHub's workflow commands, one a line: `::error file=…,line=…,title=…::…`; a notice for what is accepted.
std::string RenderGithubAnnotations(const std::vector<ListedFailure>& failures);
std::string RenderGithubAnnotations(const std::vector<const RunReport*>& reports);
/// GitLab's Code Quality report: a JSON array.
std::string RenderGitlabCodeQuality(const std::vector<ListedFailure>& failures);
std::string RenderGitlabCodeQuality(const std::vector<const RunReport*>& reports);

}  // namespace dustproof
