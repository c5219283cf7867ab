#include <cstdio>

#include "hil/report/failure_list.h"
#include "hil/report/junit_text.h"
#include "hil/report/run_table.h"

namespace dustproof {
namespace {

std::string Escape(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t') ? '?' : c;
    }
  }
  return out;
}

bool Accepts(const Acceptance* acceptance) { return acceptance != nullptr && !acceptance->expired; }

std::string Case(const std::string& suite, const std::string& name, Verdict verdict,
                 const std::string& message, const Acceptance* acceptance = nullptr) {
  std::string text = "    <testcase" + JunitAttribute("classname", suite) + JunitAttribute("name", name);
  switch (verdict) {
    case Verdict::kPass:
      return text + "/>\n";
    case Verdict::kFail:
      if (Accepts(acceptance))
        return text + "><skipped" + JunitAttribute("message", ToText(*acceptance) + ": " + message) + "/></testcase>\n";
      return text + "><failure" + JunitAttribute("message", message + (acceptance != nullptr ? "; " + ToText(*acceptance) : "")) + "/></testcase>\n";
    case Verdict::kUndetermined:
      return text + "><skipped" + JunitAttribute("message", "undetermined: " + message) +
             "/></testcase>\n";
    case Verdict::kNotExercised:
      return text + "><skipped" + JunitAttribute("message", "not exercised: " + message) +
             "/></testcase>\n";
  }
  return text;
}

struct Counts {
  int tests = 0, failures = 0, skipped = 0, errors = 0;
  void Add(Verdict verdict, const Acceptance* acceptance = nullptr) {
    const bool fails = verdict == Verdict::kFail && !Accepts(acceptance);
    ++tests;
    failures += fails;
    skipped += verdict != Verdict::kPass && !fails;
  }
};

std::string Suite(const RunReport& r) {
  const std::string name = r.scenario + "." + r.consent;
  Counts counts;
  std::string cases;
  for (const VerdictRow& v : r.audit.verdicts) {
    if (static_cast<int>(v.reading) != r.reading) continue;
    const Acceptance* acceptance = AcceptanceOf(r, IdentityOf(r.scenario, v));
    counts.Add(v.verdict, acceptance);
    cases += Case(
        name,
        v.emitter + " " + v.category + " to " + v.party + " (" + v.purpose + ", " + v.phase + ")",
        v.verdict,
        std::string(v.verdict == Verdict::kFail ? HeadingFor(v.basis) + std::string(": ") : "") +
            v.reason + " [" + v.clause + "]",
        acceptance);
  }
  for (const UsefulnessCheck& check : r.audit.usefulness) {
    const Acceptance* acceptance = AcceptanceOf(r, {.scenario = r.scenario, .rule = "usefulness." + check.name});
    counts.Add(check.verdict, acceptance);
    cases += Case(name, "usefulness " + check.name, check.verdict, check.detail, acceptance);
  }
  for (const MissedExpectation& missed : r.failed_expectations) {
    const Acceptance* acceptance = AcceptanceOf(r, {.scenario = r.scenario, .rule = "expectation", .expected = missed.expected});
    counts.Add(Verdict::kFail, acceptance);
    cases += Case(name, "expectation: " + missed.expected, Verdict::kFail, missed.sentence, acceptance);
  }
  if (r.end == "run_died") {
    ++counts.tests, ++counts.errors;
    cases += "    <testcase" + JunitAttribute("classname", name) + JunitAttribute("name", "the run lives") +
             "><error" + JunitAttribute("message", r.diagnosis) + "/></testcase>\n";
  } else if (!r.diagnosis.empty()) {
    const Acceptance* acceptance = AcceptanceOf(r, {.scenario = r.scenario, .rule = "firmware"});
    counts.Add(Verdict::kFail, acceptance);
    cases += Case(name, "firmware lives", Verdict::kFail, r.diagnosis, acceptance);
  }
  char numbers[160];
  std::snprintf(numbers, sizeof numbers,
                " tests=\"%d\" failures=\"%d\" errors=\"%d\" skipped=\"%d\" time=\"%.3f\"",
                counts.tests, counts.failures, counts.errors, counts.skipped, r.timing.wall_s);
  return "  <testsuite" + JunitAttribute("name", name) + numbers + ">\n" + cases + "  </testsuite>\n";
}

}  // namespace

std::string JunitEscape(const std::string& text) { return Escape(text); }

std::string JunitAttribute(const char* name, const std::string& value) {
  return std::string(" ") + name + "=\"" + Escape(value) + "\"";
}

std::string RenderJunit(const std::vector<const RunReport*>& reports) {
  std::string text =
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"dustproof\">\n";
  for (const RunReport* report : reports) text += Suite(*report);
  return text + "</testsuites>\n";
}

}  // namespace dustproof
