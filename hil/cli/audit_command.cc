#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string_view>

#include "hil/cli/baseline_flags.h"
#include "hil/cli/commands.h"
#include "hil/cli/console.h"
#include "hil/cli/judge.h"
#include "hil/cli/output_flags.h"
#include "hil/report/run_table.h"

namespace dustproof {
namespace {

// How every report begins.
constexpr std::string_view kReportStart = "<!doctype html>";

Result<RunReport> Judge(const std::string& recording, const std::string& policy_path,
                        const std::optional<AuditReport>& control) {
  // A run is no control of itself.
  const bool is_control = control && control->recording_path == recording;
  if (is_control) return BuildRunReport(recording, *control);
  Result<AuditReport> audit =
      AuditByOwnPolicy(recording, policy_path, control ? &*control : nullptr);
  if (!audit) return audit.error();
  return BuildRunReport(recording, std::move(*audit));
}

struct AuditFlags {
  std::vector<std::string> recordings;
  std::string policy, control;
  bool json = false;
  OutputFlags outputs;
  BaselineFlags baseline;
};

struct Audited {
  std::vector<RunReport> reports;
  int exit_code = kPass;  // Of recordings that could not be judged.
};

// One that can't be judged keeps nobody from the others' verdicts.
Audited JudgeEach(const AuditFlags& flags, const std::optional<AuditReport>& control) {
  Audited audited;
  for (const std::string& recording : flags.recordings) {
    Result<RunReport> report = Judge(recording, flags.policy, control);
    if (report) {
      audited.reports.push_back(std::move(*report));
    } else {
      audited.exit_code = std::max(audited.exit_code, PrintError(report.error(), flags.json && flags.recordings.size() == 1));
    }
  }
  return audited;
}

std::vector<const RunReport*> PointersTo(const std::vector<RunReport>& reports) {
  std::vector<const RunReport*> pointers;
  for (const RunReport& report : reports) pointers.push_back(&report);
  return pointers;
}

// A table each: recordings of several scenarios have no consents in common.
void PrintVerdicts(const AuditFlags& flags, const std::vector<const RunReport*>& reports) {
  if (flags.json) {
    if (!reports.empty()) std::printf("%s\n", RenderRunJson(reports).c_str());
    return;
  }
  for (const RunReport* report : reports) {
    if (flags.recordings.size() > 1) std::printf("\n%s\n", report->recording.c_str());
    std::printf("%s", RenderRunTable({report}, UseColour(1)).c_str());
  }
  if (!reports.empty()) std::printf("%s\n", RenderSummaryLine(reports).c_str());
}

int Audit(const AuditFlags& flags) {
  Result<std::optional<BaselineUse>> baseline = OpenBaseline(flags.baseline);
  if (!baseline) return PrintError(baseline.error(), flags.json);
  const auto control = AuditControl(flags.control, flags.policy);
  if (!control) return PrintError(control.error(), flags.json);
  Audited audited = JudgeEach(flags, *control);
  const std::vector<const RunReport*> reports = PointersTo(audited.reports);
  if (*baseline) {
    for (RunReport& report : audited.reports) ApplyBaseline(**baseline, &report);
  }
  PrintVerdicts(flags, reports);
  if (audited.exit_code != kPass && reports.empty()) return audited.exit_code;
  if (const Result<void> written = WriteOutputs(flags.outputs, WritersOf(reports), flags.json); !written) return PrintError(written.error());
  if (const Result<void> done = FinishBaseline(flags.baseline, *baseline, ListFailures(reports), ScenariosOf(reports)); !done) return PrintError(done.error());
  const bool failed = std::any_of(reports.begin(), reports.end(), [](const RunReport* report) { return report->failed(); });
  return std::max<int>(audited.exit_code, failed ? kFindings : kPass);
}

struct ReportFlags {
  std::vector<std::string> recordings;
  std::string out = "report.html", policy, control;
};

// An earlier report may be written over, nothing else: `report --out a.mcap b.mcap` is a slip of
// the hand.
Result<void> MayWriteReport(const std::string& path) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(path, ignored)) return {};
  std::string start(kReportStart.size(), '\0');
  std::ifstream file(path, std::ios::binary);
  file.read(start.data(), static_cast<std::streamsize>(start.size()));
  if (file.gcount() == 0 || start == kReportStart) return {};
  return Error::BadInput("report: --out: '" + path +
                         "' is no report and is not written over; name a new file");
}

int Report(const ReportFlags& flags) {
  if (const Result<void> may = MayWriteReport(flags.out); !may) return PrintError(may.error());
  const auto control = AuditControl(flags.control, flags.policy);
  if (!control) return PrintError(control.error());
  std::vector<RunReport> reports;
  for (const std::string& recording : flags.recordings) {
    Result<RunReport> report = Judge(recording, flags.policy, *control);
    if (!report) return PrintError(report.error());
    reports.push_back(std::move(*report));
  }
  const std::vector<const RunReport*> pointers = PointersTo(reports);
  const bool failed = std::any_of(reports.begin(), reports.end(), [](const RunReport& report) { return report.failed(); });
  std::ofstream file(flags.out, std::ios::binary);
  file << RenderHtml(pointers);
  file.close();
  if (!file) return PrintError(Error::Environment("report: cannot write '" + flags.out + "'"));
  std::printf("%s\n", flags.out.c_str());
  return failed ? kFindings : kPass;
}

}  // namespace

void AddAuditCommand(CLI::App& app, int& exit_code) {
  const auto flags = std::make_shared<AuditFlags>();
  CLI::App* audit = app.add_subcommand(
      "audit",
      "Judges recordings: which personal data went to whom, and whether the policy allows it");
  audit->footer(
      "Example:\n  dustproof audit runs/first_run-001/all_denied.mcap --policy "
      "scenarios/policies/jt_innovation.yaml \\\n"
      "      --control runs/first_run-001/all_granted.mcap");
  audit->add_option("recordings", flags->recordings, "Recordings of runs (.mcap)")
      ->required()
      ->type_name("RECORDING…");
  audit
      ->add_option("--policy", flags->policy,
                   "The policy to judge by; the recording's own where absent")
      ->type_name("FILE");
  AddOutputFlags(*audit, &flags->outputs);
  AddBaselineFlags(*audit, &flags->baseline);
  audit->add_option("--control", flags->control, "A run with consent, to show which ways out exist")
      ->type_name("RECORDING");
  audit->add_flag("--json", flags->json, "One JSON array on stdout");
  audit->callback([flags, &exit_code] { exit_code = Audit(*flags); });
}

void AddReportCommand(CLI::App& app, int& exit_code) {
  const auto flags = std::make_shared<ReportFlags>();
  CLI::App* report =
      app.add_subcommand("report", "Writes the HTML report of one or more recordings");
  report->footer(
      "Example:\n  dustproof report runs/first_run-001/*.mcap --control "
      "runs/first_run-001/all_granted.mcap --out report.html");
  report->add_option("recordings", flags->recordings, "Recordings of runs (.mcap)")
      ->required()
      ->type_name("RECORDING…");
  report->add_option("--out", flags->out, "Where to write it; report.html where absent")
      ->type_name("FILE");
  report
      ->add_option("--policy", flags->policy,
                   "The policy to judge by; the recordings' own where absent")
      ->type_name("FILE");
  report
      ->add_option("--control", flags->control, "A run with consent, to show which ways out exist")
      ->type_name("RECORDING");
  report->callback([flags, &exit_code] { exit_code = Report(*flags); });
}

}  // namespace dustproof
