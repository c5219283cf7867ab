#include "hil/cli/output_flags.h"

#include <cstdio>

#include "hil/report/failure_list.h"
#include "hil/report/run_table.h"
#include "hil/run/atomic_file.h"

namespace dustproof {
namespace {

std::string CheckAnnotations(const std::string& value) {
  const std::string kind = value.substr(0, value.find('='));
  const bool has_file = value.find('=') != std::string::npos && value.back() != '=';
  if (kind == "github" && (has_file || value == kind)) return "";
  if (kind == "gitlab" && has_file) return "";
  return "must be github, github=FILE or gitlab=FILE, got '" + value + "'";
}

}  // namespace

void AddOutputFlags(CLI::App& app, OutputFlags* flags) {
  app.add_option("--sarif", flags->sarif, "Writes SARIF 2.1.0 for code scanning here as well")->type_name("FILE");
  app.add_option("--markdown", flags->markdown, "Writes a summary in Markdown here as well, as for $GITHUB_STEP_SUMMARY")->type_name("FILE");
  app.add_option("--junit", flags->junit, "Writes JUnit's XML here as well")->type_name("FILE");
  app.add_option("--annotations", flags->annotations, "github: workflow commands on stdout or in a file; gitlab=FILE: a Code Quality report")
      ->check(CheckAnnotations)
      ->type_name("github|gitlab=FILE");
}

OutputWriters WritersOf(const std::vector<const RunReport*>& reports) {
  return {[reports] { return RenderSarif(reports); }, [reports] { return RenderMarkdown(reports); }, [reports] { return RenderJunit(reports); },
          [reports] { return RenderGithubAnnotations(reports); }, [reports] { return RenderGitlabCodeQuality(reports); }};
}

Result<void> WriteOutputs(const OutputFlags& flags, const OutputWriters& writers, bool json_on_stdout) {
  for (const auto& [path, text] : {std::pair(flags.sarif, writers.sarif), std::pair(flags.markdown, writers.markdown), std::pair(flags.junit, writers.junit)}) {
    if (path.empty()) continue;
    if (Result<void> written = WriteAtomically(path, text()); !written) return written;
  }
  if (flags.annotations.empty()) return {};
  const size_t equals = flags.annotations.find('=');
  const std::string text = flags.annotations.starts_with("gitlab") ? writers.gitlab() : writers.github();
  if (equals != std::string::npos) return WriteAtomically(flags.annotations.substr(equals + 1), text);
  std::fputs(text.c_str(), json_on_stdout ? stderr : stdout);
  return {};
}

}  // namespace dustproof
