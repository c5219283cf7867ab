#include <nlohmann/json.hpp>

#include "hil/report/failure_list.h"

namespace dustproof {
namespace {

// GitHub decodes these in a message; in a property ':' and ',' as well.
std::string EscapeForGithub(const std::string& text, bool property) {
  std::string out;
  for (const char c : text) {
    if (c == '%') out += "%25";
    else if (c == '\r') out += "%0D";
    else if (c == '\n') out += "%0A";
    else if (property && c == ':') out += "%3A";
    else if (property && c == ',') out += "%2C";
    else out += c;
  }
  return out;
}

std::string FileOf(const ListedFailure& f) { return f.scenario.file.empty() ? f.recording : f.scenario.file; }

std::string TextOf(const ListedFailure& f) {
  std::string text = f.heading + ". " + f.reason + (f.clause.empty() ? "" : "\n" + f.clause) + "\nin " + f.Where();
  if (f.acceptance) text += "\n" + ToText(*f.acceptance);
  return text + (f.command.empty() ? "" : "\n" + f.command);
}

}  // namespace

std::string RenderGithubAnnotations(const std::vector<const RunReport*>& reports) { return RenderGithubAnnotations(ListFailures(reports)); }

std::string RenderGithubAnnotations(const std::vector<ListedFailure>& failures) {
  std::string text;
  for (const ListedFailure& f : failures) {
    text += std::string(f.accepted() ? "::notice" : "::error") + " file=" + EscapeForGithub(FileOf(f), true);
    if (f.scenario.line > 0) text += ",line=" + std::to_string(f.scenario.line);
    text += ",title=" + EscapeForGithub(f.title, true) + "::" + EscapeForGithub(TextOf(f), false) + "\n";
  }
  return text;
}

std::string RenderGitlabCodeQuality(const std::vector<const RunReport*>& reports) { return RenderGitlabCodeQuality(ListFailures(reports)); }

std::string RenderGitlabCodeQuality(const std::vector<ListedFailure>& failures) {
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
  for (const ListedFailure& f : failures) {
    rows.push_back({{"description", f.title + ": " + TextOf(f)},
                    {"check_name", f.identity.rule},
                    {"fingerprint", f.fingerprint},
                    {"severity", f.accepted() ? "info" : "major"},
                    {"location", {{"path", FileOf(f)}, {"lines", {{"begin", std::max(1, f.scenario.line)}}}}}});
  }
  return rows.dump(1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace dustproof
