#include "hil/report/baseline_file.h"

namespace dustproof {
namespace {

// In double quotes, where YAML reads escapes as JSON does.
std::string Quoted(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return quoted + "\"";
}

std::string OneLine(const std::string& text) {
  std::string line;
  for (const char c : text) line += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  return line;
}

std::string EntryOf(const ListedFailure& f, const std::string& until) {
  std::string text = "  # " + OneLine(f.title) + "\n  - fingerprint: " + f.fingerprint + "\n";
  const auto add = [&text](const char* key, const std::string& value) {
    if (!value.empty()) text += std::string("    ") + key + ": " + Quoted(value) + "\n";
  };
  add("scenario", f.identity.scenario);
  add("rule", f.identity.rule);
  add("category", f.identity.category);
  add("party", f.identity.party);
  text += "    reason: " + Quoted(f.acceptance ? f.acceptance->reason : "") + "\n";
  text += "    until: " + (f.acceptance ? f.acceptance->until : until) + "\n";
  if (f.acceptance) add("by", f.acceptance->by);
  return text;
}

}  // namespace

void ApplyBaseline(BaselineUse& baseline, RunReport* report) {
  for (const ListedFailure& f : ListFailures({report})) {
    const FailureIdentity& id = f.identity;
    if (const auto acceptance = baseline.Find({f.fingerprint, id.scenario, id.rule, id.category, id.party})) report->acceptances[f.fingerprint] = *acceptance;
  }
}

std::string RenderBaseline(const std::vector<ListedFailure>& failures, const std::string& until) {
  std::string text =
      "# Failures that are known. Each needs a reason before this file is read, and fails again after its day.\n"
      "kind: baseline\nformat_version: 1\naccepted:";
  if (failures.empty()) return text + " []\n";
  text += "\n";
  for (const ListedFailure& failure : failures) text += EntryOf(failure, until);
  return text;
}

}  // namespace dustproof
