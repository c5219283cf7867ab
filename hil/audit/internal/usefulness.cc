#include <algorithm>

#include "hil/audit/internal/judge.h"

namespace dustproof::internal {

namespace {

bool WasGranted(const Truth& truth, const std::string& consent) {
  return std::any_of(
      truth.consent_changes.begin(), truth.consent_changes.end(),
      [&](const ConsentChange& c) { return c.consent == consent && c.state == "granted"; });
}

size_t CountEvents(const Truth& truth, const std::string& name, const std::string& detail = "") {
  return static_cast<size_t>(std::count_if(
      truth.events.begin(), truth.events.end(),
      [&](const RunEvent& e) { return e.name == name && (detail.empty() || e.detail == detail); }));
}

}  // namespace

std::vector<UsefulnessCheck> JudgeUsefulness(const Truth& truth) {
  std::vector<UsefulnessCheck> checks;
  const auto add = [&](const char* name, bool expected, bool ok, const std::string& detail) {
    checks.push_back({name,
                      !expected ? Verdict::kNotExercised
                      : ok      ? Verdict::kPass
                                : Verdict::kFail,
                      detail});
  };
  const bool policy_granted = WasGranted(truth, "C_POLICY");
  const bool session =
      std::any_of(truth.flows.flows().begin(), truth.flows.flows().end(), [](const Flow& flow) {
        return flow.from_robot() && flow.kind == EmissionKind::kPlaintext &&
               flow.protocol == "mqtt";
      });
  add("session_up", policy_granted, session,
      !policy_granted ? "the policy was not accepted"
      : session       ? "the robot reached its cloud"
                      : "the robot never reached its cloud");

  // A map that came to exist while its upload was allowed, and time enough to show it.
  const bool map_granted = WasGranted(truth, "C_MAP_UPLOAD");
  const bool map_expected = map_granted && truth.has_map_messages;
  const size_t maps_shown = CountEvents(truth, "map_shown");
  add("app_got_map", map_expected, maps_shown > 0,
      !map_granted     ? "the map's upload was not granted"
      : !map_expected  ? "the robot made no map"
      : maps_shown > 0 ? "the app showed " + std::to_string(maps_shown) + " maps"
                       : "the map's upload was granted, and the app never got one");

  const size_t commands = CountEvents(truth, "command_sent"),
               acknowledged = CountEvents(truth, "command_acked");
  add("commands_acknowledged", commands > 0, acknowledged >= commands,
      commands == 0 ? "no command was sent"
                    : std::to_string(acknowledged) + " of " + std::to_string(commands) +
                          " commands were acknowledged");

  const bool cleaning_asked =
      std::any_of(truth.events.begin(), truth.events.end(), [](const RunEvent& e) {
        return (e.name == "state" && e.detail == "cleaning") ||
               (e.name == "command_sent" && e.detail.find("clean") != std::string::npos) ||
               (e.name == "state" && e.detail == "exploring");
      });
  const bool finished =
      CountEvents(truth, "state", "cleaning_finished") + CountEvents(truth, "cleaning_finished") >
      0;
  add("cleaning_finished", cleaning_asked, finished,
      !cleaning_asked ? "no cleaning was asked for"
      : finished      ? "the cleaning finished"
                      : "the cleaning did not finish");

  const bool ended =
      CountEvents(truth, "docked_at_end") + CountEvents(truth, "not_docked_at_end") > 0;
  const bool docked = CountEvents(truth, "docked_at_end") > 0;
  add("docked", ended, docked,
      !ended   ? "the recording does not say how the run ended"
      : docked ? "the robot is on its dock"
               : "the robot is not on its dock");
  return checks;
}

void ExcuseWhatCameLater(std::vector<UsefulnessCheck>* checks) {
  for (UsefulnessCheck& check : *checks) {
    const bool comes_late =
        check.name == "app_got_map" || check.name == "cleaning_finished" || check.name == "docked";
    if (!comes_late || check.verdict != Verdict::kFail) continue;
    check.verdict = Verdict::kNotExercised;
    check.detail += "; the run was ended early";
  }
}

}  // namespace dustproof::internal
