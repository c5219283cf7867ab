#pragma once

#include <string>
#include <vector>

#include "hil/report/run_report.h"

namespace dustproof {

/// Something that fails, and in which runs: what the outputs for continuous integration say. No byte that was sent, and
/// no planted value, is in it.
struct ListedFailure {
  std::string rule;     ///< Id of the policy's rule; "usefulness.NAME", "expectation" or "firmware" for what is none.
  std::string title;    ///< "home_map to vendor_cloud_cn (map display) while C_MAP_UPLOAD is denied".
  std::string heading;  ///< `HeadingFor` of the rule's basis.
  std::string clause, reason;
  std::string fingerprint;  ///< The same for the same failure in later runs: 32 hex digits. No time, id, seed or line enters it.
  std::vector<std::string> consents;  ///< Of the runs, by name, in their order.
  SourceLocation scenario, policy;    ///< Of the first; an empty file where there is none.
  std::string recording;              ///< Of the first.
  std::string command;                ///< Makes the first again; "" where nobody knows.
  // Of the first evidence; zero and "" for what has none.
  double time_s = 0;
  uint64_t message = 0, byte_count = 0;
  std::string protocol, host;
  std::string sha256;  ///< Of its bytes as they were sent, at most 96 of them.
};

/// What fails under the reading that decides, each once, in the order of the reports.
std::vector<ListedFailure> ListFailures(const std::vector<const RunReport*>& reports);

/// SARIF 2.1.0, for code scanning: a rule for each of the policy's, a result for each failure.
std::string RenderSarif(const std::vector<const RunReport*>& reports);
/// Markdown, for a job's summary or a comment: at most 60 kB.
std::string RenderMarkdown(const std::vector<const RunReport*>& reports);
/// GitHub's workflow commands, one a line: `::error file=…,line=…,title=…::…`.
std::string RenderGithubAnnotations(const std::vector<const RunReport*>& reports);
/// GitLab's Code Quality report: a JSON array.
std::string RenderGitlabCodeQuality(const std::vector<const RunReport*>& reports);

}  // namespace dustproof
