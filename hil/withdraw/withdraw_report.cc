#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "hil/withdraw/withdraw.h"
#include "sim/config/number.h"

// What `dustproof withdraw` prints.
namespace dustproof {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kShown = 4;

std::string Line(const Withdrawal& w) {
  if (!w.known) return FormatDuration(w.at) + ": not lived to its end";
  if (w.leaks.empty()) return FormatDuration(w.at) + (w.died ? ": the firmware died" : ": nothing left that may not");
  const CellFailure& f = w.leaks.front();
  char text[120];
  std::snprintf(text, sizeof text, ", %.3f s after it, message %llu, %llu bytes; ", w.first_byte_after().seconds(),
                static_cast<unsigned long long>(f.sequence), static_cast<unsigned long long>(f.byte_count));
  return "withdrawn at " + FormatDuration(w.at) + ": " + f.category + " to " + f.party + " (" + f.host + ", " + f.protocol + ")" + text + f.heading + ": " + f.clause;
}

// A mark for each instant: when it is right, and how late the first byte left that may not.
std::string Chart(const std::vector<const Withdrawal*>& mine, bool colour) {
  std::string marks;
  for (const Withdrawal* w : mine) {
    const bool bad = w->leaked();
    const char* mark = !w->known ? "?" : !bad ? "·" : w->died ? "x" : w->first_byte_after() < SimDuration::Seconds(5) ? "▂" : w->first_byte_after() < SimDuration::Seconds(20) ? "▅" : "█";
    marks += colour && bad ? std::string("\033[1;31m") + mark + "\033[0m" : mark;
  }
  return marks;
}

Json ToJsonObject(const Withdrawal& w) {
  Json json = {{"at_s", w.at.seconds()}, {"consent", w.consent}, {"state", !w.known ? "undone" : w.leaked() ? "fail" : "pass"}, {"died", w.died}, {"command", w.command}};
  if (!w.recording.empty()) json["recording"] = w.recording;
  json["leaks"] = Json::array();
  for (const CellFailure& f : w.leaks) {
    json["leaks"].push_back({{"after_s", f.time_s - w.at.seconds()}, {"category", f.category}, {"party", f.party}, {"host", f.host}, {"protocol", f.protocol},
                             {"rule", f.rule}, {"clause", f.clause}, {"sequence", f.sequence}, {"byte_count", f.byte_count}, {"sha256", f.sha256}});
  }
  return json;
}

}  // namespace

std::string RenderWithdrawals(const WithdrawResult& result, bool colour) {
  std::string text = result.configuration + ", seed " + std::to_string(result.seed) + "; each withdrawal watched for " + FormatDuration(result.window) +
                     "\n· nothing left that may not   ▂ ▅ █ first such byte within 5 s, 20 s, later   x the firmware died\n\n";
  for (auto begin = result.withdrawals.begin(); begin != result.withdrawals.end();) {
    std::vector<const Withdrawal*> mine;
    auto end = begin;
    for (; end != result.withdrawals.end() && end->consent == begin->consent; ++end) mine.push_back(&*end);
    text += begin->consent + std::string(begin->consent.size() < 16 ? 16 - begin->consent.size() : 1, ' ') + FormatDuration(mine.front()->at) + " " + Chart(mine, colour) + " " +
            FormatDuration(mine.back()->at) + "\n";
    begin = end;
  }
  text += "\n";
  size_t shown = 0, failing = 0;
  for (const Withdrawal& w : result.withdrawals) {
    if (!w.leaked()) continue;
    ++failing;
    if (++shown <= kShown) text += w.consent + " " + Line(w) + "\n  again: " + w.command + "\n";
  }
  if (failing > kShown) text += std::to_string(failing - kShown) + " more are in the JSON\n";
  for (const Withdrawal& w : result.earliest)
    text += "earliest, to " + FormatDuration(result.resolution) + ": " + w.consent + " " + Line(w) + "\n  again: " + w.command + "\n";
  return text + std::to_string(result.withdrawals.size()) + " withdrawals, " + std::to_string(failing) + " leak\n";
}

std::string RenderWithdrawalsJson(const WithdrawResult& result) {
  Json json = {{"configuration", result.configuration}, {"seed", result.seed}, {"window_s", result.window.seconds()}, {"withdrawals", Json::array()}, {"earliest", Json::array()}};
  for (const Withdrawal& w : result.withdrawals) json["withdrawals"].push_back(ToJsonObject(w));
  for (const Withdrawal& w : result.earliest) json["earliest"].push_back(ToJsonObject(w));
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace dustproof
