#include "hil/cli/debug_flags.h"

#include <cstdio>

#include "hil/cli/commands.h"
#include "hil/cli/console.h"
#include "hil/run/run_stop.h"

namespace dustproof {

void AddDebugFlags(CLI::App& command, DebugFlags* flags) {
  command.add_flag("--gdb", flags->gdb,
                   "Under gdb, with commands for the firmware's tasks (`help dustproof` there)");
  command
      .add_option("--break-at", flags->break_at,
                  "Stop in gdb at a time (12.5s), at an event (tls_handshake_done, "
                  "firmware:state=cleaning), before the event of a number (1234ev), or before the "
                  "last one of the newest earlier run (-1ev, -20ev)")
      ->type_name("TIME|EVENT|-1ev");
  command
      .add_option("--gdb-command", flags->commands,
                  "For gdb to execute at the stop, instead of asking you; may be repeated")
      ->allow_extra_args(false)
      ->type_name("COMMAND");
}

int DebugAndTell(const DebugPlan& plan, const DebugFlags& flags) {
  StopInstant at;
  if (!flags.break_at.empty()) {
    const Result<StopInstant> parsed = ParseStopInstant(flags.break_at, plan.earlier_events);
    if (!parsed) return PrintError(parsed.error());
    at = *parsed;
    if (IsRelativeStop(flags.break_at))
      std::fprintf(stderr, "counting from the end of %s, after %llu events\n",
                   plan.earlier_recording.c_str(),
                   static_cast<unsigned long long>(*plan.earlier_events));
  }
  const Result<DebuggedRun> run = DebugRun(plan, at, flags.commands);
  if (!run) return PrintError(run.error());
  const RunOutcome& outcome = run->outcome;
  if (outcome.end == RunEnd::kFailed) {
    return PrintError(outcome.bad_input ? Error::BadInput(outcome.diagnosis)
                                        : Error::Environment(outcome.diagnosis));
  }
  std::printf("%s after %.6f simulated s and %llu events\n", ToWord(outcome.end), outcome.sim_s,
              static_cast<unsigned long long>(outcome.events_run));
  if (!outcome.diagnosis.empty()) std::printf("%s\n", outcome.diagnosis.c_str());
  std::printf("recording  %s\n", run->recording.c_str());
  return outcome.end == RunEnd::kFirmwareDied ? kFindings : kPass;
}

}  // namespace dustproof
