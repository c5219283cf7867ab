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

Result<void> WriteOutputs(const OutputFlags& flags, const std::vector<const RunReport*>& reports, bool json_on_stdout) {
  const auto write = [](const std::string& path, const std::string& text) { return path.empty() ? Result<void>() : WriteAtomically(path, text); };
  if (Result<void> r = write(flags.sarif, flags.sarif.empty() ? "" : RenderSarif(reports)); !r) return r;
  if (Result<void> r = write(flags.markdown, flags.markdown.empty() ? "" : RenderMarkdown(reports)); !r) return r;
  if (Result<void> r = write(flags.junit, flags.junit.empty() ? "" : RenderJunit(reports)); !r) return r;
  if (flags.annotations.empty()) return {};
  const size_t equals = flags.annotations.find('=');
  const std::string text = flags.annotations.starts_with("gitlab") ? RenderGitlabCodeQuality(reports) : RenderGithubAnnotations(reports);
  if (equals != std::string::npos) return write(flags.annotations.substr(equals + 1), text);
  std::fputs(text.c_str(), json_on_stdout ? stderr : stdout);
  return {};
}

}  // namespace dustproof
