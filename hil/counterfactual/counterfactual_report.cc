#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "hil/counterfactual/counterfactual.h"
#include "hil/run/message_text.h"

// What `dustproof counterfactual` prints.
namespace dustproof {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kExcerptShown = 24;

std::string Padded(const std::string& text, size_t width) { return text + std::string(text.size() < width ? width - text.size() : 1, ' '); }

std::string HexLine(const Bytes& bytes) {
  const size_t count = std::min(bytes.size(), kExcerptShown);
  std::string hex;
  for (size_t i = 0; i < count; ++i) {
    char cell[8];
    std::snprintf(cell, sizeof cell, "%02x ", static_cast<unsigned>(bytes[i]));
    hex += cell;
  }
  return Padded(hex, kExcerptShown * 3) + " " + Printable(bytes.data(), bytes.data() + count);
}

std::string WayOf(const EmissionDifference& d) {
  switch (d.emission_kind) {
    case EmissionKind::kWire:
    case EmissionKind::kPlaintext:
      return (d.protocol.empty() ? "tcp" : d.protocol) + (d.encrypted ? " under TLS" : " in the clear");
    case EmissionKind::kFlashAtRest:
      return "flash at rest";
    case EmissionKind::kRadioName:
      return "radio name";
    case EmissionKind::kUart:
      return "uart";
    case EmissionKind::kBroadcast:
      return (d.protocol.empty() ? "udp" : d.protocol) + " broadcast";
    default:
      return d.protocol.empty() ? "udp" : d.protocol;
  }
}

std::string Numbers(const PartyDifference& d) {
  std::string text = std::to_string(d.differing) + " of " + std::to_string(d.messages) + " messages differ";
  if (d.other_alone > 0) text += ", and " + std::to_string(d.other_alone) + (d.other_alone == 1 ? " is" : " are") + " sent only in the changed run";
  return text;
}

std::string VerdictText(const std::string& change, const PartyOutcome& outcome) {
  if (change == "home") return "not judged by itself: where it drives may depend on where it is";
  if (outcome.inherent) return "inherent: the link's own address";
  if (outcome.verdict == Verdict::kPass) return "pass: it may have it";
  return std::string(outcome.verdict == Verdict::kFail ? "FAIL" : "undetermined") + ": " + outcome.reason + (outcome.clause.empty() ? "" : " (" + outcome.clause + ")") +
         (outcome.hidden ? "; no matcher found it, only this comparison shows it" : "");
}

// The first message that a party got otherwise, and whether only the changed run has it.
struct FirstDifference {
  const EmissionDifference* message = nullptr;
  bool only_in_changed = false;
};
FirstDifference FirstOf(const Counterfactual& made, const std::string& party) {
  const auto is = [&](const EmissionDifference& d) { return d.party.key == party; };
  for (const ChangedRun& run : made.runs) {
    const auto first = std::find_if(run.comparison.first.begin(), run.comparison.first.end(), is);
    if (first != run.comparison.first.end()) return {&*first, false};
  }
  for (const ChangedRun& run : made.runs) {
    const auto alone = std::find_if(run.comparison.second.begin(), run.comparison.second.end(), is);
    if (alone != run.comparison.second.end()) return {&*alone, true};
  }
  return {};
}

std::string Show(const Counterfactual& made, const std::string& party) {
  const auto [d, second] = FirstOf(made, party);
  if (d == nullptr) return "";
  char text[200];
  std::snprintf(text, sizeof text, "    first: %.3f s, message %llu%s, ", d->time.seconds(), static_cast<unsigned long long>(d->sequence), second ? " of the changed run" : "");
  std::string shown = text + WayOf(*d) + " to " + (d->party.host.empty() ? d->party.key : d->party.host);
  if (d->kind == DifferenceKind::kAbsent) return shown + (second ? ", not sent in the unchanged run\n" : ", not sent in the changed run\n");
  if (d->kind == DifferenceKind::kTime) {
    std::snprintf(text, sizeof text, ", the same bytes at %.6f s\n", d->other_time.seconds());
    return shown + text;
  }
  std::snprintf(text, sizeof text, ", from byte %llu on\n", static_cast<unsigned long long>(d->first_byte));
  return shown + text + "      unchanged  " + HexLine(d->excerpt) + "\n      changed    " + HexLine(d->other_excerpt) + "\n";
}

Json ToJsonObject(const EmissionDifference& d) {
  Json json = {{"kind", ToWord(d.kind)}, {"time_s", d.time.seconds()}, {"sequence", d.sequence}, {"first_byte", d.first_byte}, {"byte_count", d.byte_count},
               {"party", d.party.key}, {"protocol", d.protocol}, {"encrypted", d.encrypted}};
  if (d.kind != DifferenceKind::kAbsent) json["other_time_s"] = d.other_time.seconds();
  return json;
}

Json ToJsonObject(const std::string& change, const PartyOutcome& p) {
  Json json = {{"party", p.difference.party}, {"messages", p.difference.messages}, {"differing", p.difference.differing}, {"only_in_changed", p.difference.other_alone}};
  if (change == "home") return json;
  json["verdict"] = p.inherent ? "inherent" : ToWord(p.verdict);
  if (p.inherent) return json;
  json["reason"] = p.reason, json["clause"] = p.clause, json["rule"] = p.rule, json["only_by_comparison"] = p.hidden;
  return json;
}

}  // namespace

std::string RenderCounterfactuals(const CounterfactualResult& result) {
  std::string text;
  for (const std::string& warning : result.warnings) text += "note: " + warning + "\n";
  text += result.scenario + ", " + result.consent + ", seed " + std::to_string(result.seed) + ": in each run one thing is other than in " + result.folder + "/" + result.unchanged + ", and nothing else\n\n";
  size_t width = 0;
  for (const Counterfactual& made : result.changes) width = std::max(width, made.change.size() + 2);
  for (const Counterfactual& made : result.changes) {
    if (made.parties.empty()) text += Padded(made.change, width) + "no message depends on it\n";
    for (const PartyOutcome& party : made.parties) {
      text += Padded(made.change, width) + Padded(party.difference.party, 20) + Numbers(party.difference) + "\n" + std::string(width, ' ') + VerdictText(made.change, party) + "\n";
      if (party.verdict == Verdict::kFail || party.verdict == Verdict::kUndetermined || made.change == "home") text += Show(made, party.difference.party);
    }
    for (const VerdictDifference& v : made.other_verdicts) text += "    " + v.what + ": " + v.first + " unchanged, " + v.second + " in the other home\n";
  }
  const auto leaking = std::count_if(result.changes.begin(), result.changes.end(), [](const Counterfactual& c) { return c.leaks(); });
  return text + "\n" + std::to_string(result.changes.size()) + (result.changes.size() == 1 ? " change, " : " changes, ") + std::to_string(leaking) +
         (leaking == 1 ? " reaches" : " reach") + " somebody who may not know; report: " + result.folder + "/report.html\n";
}

std::string RenderCounterfactualsJson(const CounterfactualResult& result) {
  Json json = {{"scenario", result.scenario}, {"consent", result.consent}, {"seed", result.seed}, {"firmware", result.firmware}, {"unchanged", result.unchanged}, {"warnings", result.warnings}, {"changes", Json::array()}};
  for (const Counterfactual& made : result.changes) {
    Json one = {{"change", made.change}, {"state", made.leaks() ? "fail" : "pass"}, {"parties", Json::array()}, {"runs", Json::array()}};
    for (const PartyOutcome& party : made.parties) one["parties"].push_back(ToJsonObject(made.change, party));
    for (const ChangedRun& run : made.runs) {
      Json differences = Json::array(), alone = Json::array();
      for (const EmissionDifference& d : run.comparison.first) differences.push_back(ToJsonObject(d));
      for (const EmissionDifference& d : run.comparison.second) alone.push_back(ToJsonObject(d));
      one["runs"].push_back({{"recording", run.recording}, {"differences", differences}, {"only_in_changed", alone}});
    }
    if (made.change == "home") {
      one["verdicts"] = Json::array();
      for (const VerdictDifference& v : made.other_verdicts) one["verdicts"].push_back({{"what", v.what}, {"unchanged", v.first}, {"changed", v.second}});
    }
    json["changes"].push_back(std::move(one));
  }
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace dustproof
