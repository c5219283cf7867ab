#include <cstdio>
#include <memory>

#include "hil/cli/commands.h"
#include "hil/cli/comparison_text.h"
#include "hil/cli/console.h"
#include "hil/run/explain_hash.h"

namespace dustproof {
namespace {

using Json = nlohmann::ordered_json;

enum class Output { kText, kJson };

const char* OrNone(const std::string& hash) { return hash.empty() ? "none" : hash.c_str(); }

std::string JsonOf(const HashExplanation& e) {
  Json parts = Json::array();
  for (const PartDifference& part : e.parts)
    parts.push_back({{"part", part.part}, {"time_s", part.time.seconds()}});
  const auto seconds = [](const std::optional<SimTime>& time) {
    return time ? Json(time->seconds()) : Json(nullptr);
  };
  const auto& message = e.recordings.message;
  return ToJsonText({{"same", e.same()},
                     {"first_hash", e.first_hash},
                     {"second_hash", e.second_hash},
                     {"instants", e.instants},
                     {"last_equal_s", seconds(e.last_equal)},
                     {"first_unequal_s", seconds(e.first_unequal)},
                     {"differ", parts},
                     {"equal", e.equal_parts},
                     {"first_difference", message ? ToJsonObject(*message) : Json(nullptr)}});
}

void PrintText(const HashExplanation& e) {
  std::printf("hash at the end: %s and %s\n", OrNone(e.first_hash), OrNone(e.second_hash));
  if (e.instants == 0) {
    std::printf("the recordings hold no hashes of parts: a run writes them every five seconds\n");
  } else if (!e.first_unequal) {
    std::printf("every part was the same at %llu instants",
                static_cast<unsigned long long>(e.instants));
    if (e.last_equal) std::printf(", the last at %.3f s", e.last_equal->seconds());
    std::printf("\n");
  } else {
    std::printf("the states part after %.3f s, and by %.3f s\n",
                e.last_equal.value_or(SimTime::Zero()).seconds(), e.first_unequal->seconds());
    for (const PartDifference& part : e.parts)
      std::printf("  %-24s differs from %.3f s\n", part.part.c_str(), part.time.seconds());
    for (const std::string& part : e.equal_parts) std::printf("  %-24s the same\n", part.c_str());
  }
  if (e.recordings.message)
    std::printf("%s", ToText(*e.recordings.message, {"first", "second"}).c_str());
}

int Explain(const std::string& first, const std::string& second, Output output) {
  const Result<HashExplanation> explanation = ExplainHash(first, second);
  if (!explanation) return PrintError(explanation.error());
  for (const std::string& problem : explanation->recordings.problems)
    std::fprintf(stderr, "%s\n", problem.c_str());
  if (output == Output::kJson) {
    std::printf("%s\n", JsonOf(*explanation).c_str());
  } else {
    PrintText(*explanation);
  }
  return explanation->same() ? kPass : kFindings;
}

}  // namespace

void AddExplainHashCommand(CLI::App& app, int& exit_code) {
  struct Flags {
    std::string first, second;
    bool json = false;
  };
  const auto flags = std::make_shared<Flags>();
  CLI::App* explain = app.add_subcommand(
      "explain-hash", "Says which part of the state differs between two runs, and since when");
  explain->footer(
      "Parts: time, physics, robot, network, cloud, app, firmware (flash and switches between "
      "tasks), and each task.\nExit codes: 0 the same, 1 they differ.\n\nExample:\n  dustproof "
      "explain-hash runs/first_run-001/all_denied.mcap runs/first_run-002/all_denied.mcap");
  explain->add_option("first", flags->first, "Recording of a run (.mcap)")
      ->required()
      ->type_name("RECORDING");
  explain->add_option("second", flags->second, "Another")->required()->type_name("RECORDING");
  explain->add_flag("--json", flags->json, "One JSON object on stdout");
  explain->callback([flags, &exit_code] {
    exit_code = Explain(flags->first, flags->second, flags->json ? Output::kJson : Output::kText);
  });
}

}  // namespace dustproof
