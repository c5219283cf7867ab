#include <cstdio>
#include <memory>

#include "hil/cli/commands.h"
#include "hil/cli/comparison_text.h"
#include "hil/cli/console.h"
#include "hil/cli/judge.h"
#include "hil/run/compare_recordings.h"

namespace dustproof {
namespace {

struct Flags {
  std::string first, second, policy, control;
  size_t neighbours = 3;
  bool json = false;
};

struct Answer {
  RecordingComparison recordings;
  std::vector<VerdictDifference> verdicts;
  bool same() const { return recordings.same() && verdicts.empty(); }
};

Result<Answer> Compare(const Flags& flags) {
  Result<RecordingComparison> recordings =
      CompareRecordings(flags.first, flags.second, {.neighbours = flags.neighbours});
  if (!recordings) return recordings.error();
  Answer answer{std::move(*recordings), {}};
  const auto control = AuditControl(flags.control, flags.policy);
  if (!control) return control.error();
  const AuditReport* shown = *control ? &**control : nullptr;
  const Result<AuditReport> first = AuditByOwnPolicy(flags.first, flags.policy, shown);
  if (!first) return first.error();
  const Result<AuditReport> second = AuditByOwnPolicy(flags.second, flags.policy, shown);
  if (!second) return second.error();
  answer.verdicts = CompareVerdicts(*first, *second);
  return answer;
}

std::string JsonOf(const Answer& answer) {
  using Json = nlohmann::ordered_json;
  Json verdicts = Json::array(), facts = Json::array();
  for (const VerdictDifference& v : answer.verdicts) verdicts.push_back(ToJsonObject(v));
  for (const FactDifference& f : answer.recordings.facts) facts.push_back(ToJsonObject(f));
  const auto& message = answer.recordings.message;
  return ToJsonText({{"same", answer.same()},
                     {"verdicts", verdicts},
                     {"facts", facts},
                     {"equal_messages", answer.recordings.message_count},
                     {"first_difference", message ? ToJsonObject(*message) : Json(nullptr)},
                     {"problems", answer.recordings.problems}});
}

int Diff(const Flags& flags) {
  const Result<Answer> answer = Compare(flags);
  if (!answer) return PrintError(answer.error());
  for (const std::string& problem : answer->recordings.problems)
    std::fprintf(stderr, "%s\n", problem.c_str());
  if (flags.json) {
    std::printf("%s\n", JsonOf(*answer).c_str());
    return answer->same() ? kPass : kFindings;
  }
  const RecordingNames names{"first", "second"};
  std::printf("%s%s", ToText(answer->verdicts, names).c_str(),
              ToText(answer->recordings.facts, names).c_str());
  if (answer->recordings.message)
    std::printf("%s", ToText(*answer->recordings.message, names).c_str());
  if (answer->same())
    std::printf("the same: %llu messages, every verdict\n",
                static_cast<unsigned long long>(answer->recordings.message_count));
  return answer->same() ? kPass : kFindings;
}

}  // namespace

void AddDiffCommand(CLI::App& app, int& exit_code) {
  const auto flags = std::make_shared<Flags>();
  CLI::App* diff = app.add_subcommand(
      "diff", "Compares two recordings: verdicts that differ, then the first message that does");
  diff->footer(
      "Exit codes: 0 the same, 1 they differ. The build and other facts that leave the messages "
      "alone are told and\ncount as the same.\n\nExample:\n  dustproof diff "
      "runs/first_run-001/all_denied.mcap runs/first_run-002/all_denied.mcap");
  diff->add_option("first", flags->first, "Recording of a run (.mcap)")
      ->required()
      ->type_name("RECORDING");
  diff->add_option("second", flags->second, "Another")->required()->type_name("RECORDING");
  diff->add_option("--neighbours", flags->neighbours,
                   "How many messages to show before and after; 3 where absent")
      ->check(CLI::Range(0, 1000));
  diff->add_option("--policy", flags->policy,
                   "The policy to judge both by; the recordings' own where absent")
      ->type_name("FILE");
  diff->add_option("--control", flags->control, "A run with consent, to show which ways out exist")
      ->type_name("RECORDING");
  diff->add_flag("--json", flags->json, "One JSON object on stdout");
  diff->callback([flags, &exit_code] { exit_code = Diff(*flags); });
}

}  // namespace dustproof
