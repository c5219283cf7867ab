#include <nlohmann/json.hpp>

#include "hil/shrink/shrink.h"
#include "sim/config/number.h"
#include "sim/core/shell_word.h"

// What `dustproof shrink` prints.
namespace dustproof {
namespace {

using Json = nlohmann::ordered_json;

std::string Counted(size_t count, const char* one, const char* many) { return std::to_string(count) + " " + (count == 1 ? one : many); }

Json ToJsonObject(const ScenarioSize& s) {
  return {{"script", s.script}, {"faults", s.faults}, {"outages", s.outages}, {"parties", s.parties}, {"consents", s.consents},
          {"rooms", s.rooms},   {"furniture", s.furniture}, {"settings", s.settings}, {"duration_s", s.duration.seconds()}};
}

}  // namespace

std::string ToText(const ScenarioSize& s) {
  return Counted(s.script, "script step", "script steps") + ", " + Counted(s.faults, "fault", "faults") + ", " + Counted(s.outages, "outage", "outages") + ", " +
         Counted(s.rooms, "room", "rooms") + " with " + Counted(s.furniture, "piece", "pieces") + " of furniture, " + Counted(s.settings, "setting", "settings") + ", " +
         FormatDuration(s.duration);
}

std::string RenderShrunk(const ShrinkResult& r) {
  std::string text = "fails      " + r.signature + "\nbefore     " + ToText(r.before) + "\nafter      " + ToText(r.after) + "\nruns       " + std::to_string(r.runs) + "\n";
  if (!r.problem.empty()) text += "note       a run on the way told nothing: " + r.problem + "\n";
  if (r.used_up) text += "           all that --tries allows: it may not be the least yet\n";
  if (r.interrupted) text += "           interrupted: it may not be the least yet\n";
  text += "again      dustproof run " + ShellWord(r.file) + " --consent " + ShellWord(r.consent) + "\n";
  return text;
}

std::string RenderShrunkJson(const ShrinkResult& r) {
  const Json json = {{"file", r.file}, {"home_file", r.home_file}, {"consent", r.consent}, {"failure", r.signature}, {"before", ToJsonObject(r.before)},
                     {"after", ToJsonObject(r.after)}, {"runs", r.runs}, {"problem", r.problem}, {"used_up", r.used_up}, {"interrupted", r.interrupted}};
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace dustproof
