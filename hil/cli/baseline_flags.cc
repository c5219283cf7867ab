#include "hil/cli/baseline_flags.h"

#include <chrono>
#include <cstdio>
#include <filesystem>

#include "hil/run/atomic_file.h"

namespace dustproof {
namespace {

using Days = std::chrono::sys_days;

constexpr std::chrono::days kAcceptedFor{90};  // Of entries that are written for people to complete.

std::string DayText(Days day) {
  const std::chrono::year_month_day date(day);
  char text[32];
  std::snprintf(text, sizeof text, "%04d-%02u-%02u", static_cast<int>(date.year()), static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
  return text;
}

// @pre IsDay(text).
Days DayOf(const std::string& text) {
  return std::chrono::year(std::stoi(text.substr(0, 4))) / std::stoi(text.substr(5, 2)) / std::stoi(text.substr(8));
}

// In UTC: the same on every machine that judges.
std::string Today(const BaselineFlags& flags) {
  return flags.today.empty() ? DayText(std::chrono::floor<std::chrono::days>(std::chrono::system_clock::now())) : flags.today;
}

Result<void> MayWrite(const std::string& path) {
  std::error_code ignored;
  if (path.empty() || !std::filesystem::exists(path, ignored)) return {};
  return Error::BadInput("--write-baseline: '" + path + "' is there already, and nothing is overwritten: its reasons are people's work; name a new file");
}

}  // namespace

void AddBaselineFlags(CLI::App& app, BaselineFlags* flags) {
  app.add_option("--baseline", flags->file, "Failures that are known and accepted until a day (kind: baseline): they do not fail")->type_name("FILE");
  app.add_option("--write-baseline", flags->write, "Writes what fails as such a file, for people to add the reasons")->type_name("FILE");
  app.add_option("--today", flags->today, "The day to hold the baseline against, as 2027-01-31; default today's, in UTC")->type_name("DATE");
}

Result<std::optional<BaselineUse>> OpenBaseline(const BaselineFlags& flags) {
  if (!flags.today.empty() && !IsDay(flags.today)) return Error::BadInput("--today: must be a day of the calendar as 2027-01-31, got '" + flags.today + "'");
  if (const Result<void> may = MayWrite(flags.write); !may) return may.error();
  if (flags.file.empty()) return std::optional<BaselineUse>();
  Result<Baseline> baseline = LoadBaseline(flags.file);
  if (!baseline) return baseline.error();
  return std::optional(BaselineUse(std::move(*baseline), Today(flags)));
}

Result<void> FinishBaseline(const BaselineFlags& flags, const std::optional<BaselineUse>& baseline, const std::vector<ListedFailure>& failures,
                            const std::vector<std::string>& scenarios) {
  if (baseline) {
    for (const Diagnostic& stale : baseline->Stale(scenarios)) std::fprintf(stderr, "warning: %s\n", ToString(stale).c_str());
  }
  if (flags.write.empty()) return {};
  return WriteAtomically(flags.write, RenderBaseline(failures, DayText(DayOf(Today(flags)) + kAcceptedFor)));
}

std::vector<std::string> ScenariosOf(const std::vector<const RunReport*>& reports) {
  std::vector<std::string> names;
  for (const RunReport* report : reports) names.push_back(report->scenario);
  return names;
}

}  // namespace dustproof
