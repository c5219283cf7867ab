#include "hil/report/soak_report.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "hil/report/junit_text.h"

namespace dustproof {

using Json = nlohmann::ordered_json;

std::string RenderSoakJson(const std::vector<SoakRow>& rows) {
  Json list = Json::array();
  for (const SoakRow& row : rows) {
    list.push_back({{"board", row.board},
                    {"repetition", row.repetition},
                    {"exit_code", row.exit_code},
                    {"message", row.message},
                    {"build_id", row.build_id},
                    {"factory_state", row.in_factory_state},
                    {"folder", row.folder}});
  }
  return list.dump(2, ' ', false, Json::error_handler_t::replace);
}

std::vector<SoakRow> SoakRowsFromJson(const std::string& text) {
  std::vector<SoakRow> rows;
  const Json list = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!list.is_array()) return rows;
  for (const Json& json : list) {
    if (!json.is_object()) continue;
    rows.push_back({.board = json.value("board", ""),
                    .repetition = json.value("repetition", 1),
                    .exit_code = json.value("exit_code", 3),
                    .message = json.value("message", ""),
                    .build_id = json.value("build_id", ""),
                    .in_factory_state = json.value("factory_state", false),
                    .folder = json.value("folder", "")});
  }
  return rows;
}

std::string RenderSoakJunit(const std::string& scenario, const std::vector<SoakRow>& rows) {
  int failures = 0, errors = 0;
  std::string cases;
  for (const SoakRow& row : rows) {
    failures += row.exit_code == 1;
    errors += row.exit_code > 1;
    cases += "    <testcase" + JunitAttribute("classname", scenario) +
             JunitAttribute("name", "board " + row.board + ", run " + std::to_string(row.repetition));
    if (row.exit_code == 0)
      cases += "/>\n";
    else
      cases += std::string("><") + (row.exit_code == 1 ? "failure" : "error") + JunitAttribute("message", row.message) + "/></testcase>\n";
  }
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  <testsuite" + JunitAttribute("name", scenario) +
         JunitAttribute("tests", std::to_string(rows.size())) + JunitAttribute("failures", std::to_string(failures)) +
         JunitAttribute("errors", std::to_string(errors)) + ">\n" + cases + "  </testsuite>\n</testsuites>\n";
}

int ExitCodeOf(const std::vector<SoakRow>& rows) {
  int code = rows.empty() ? 3 : 0;
  for (const SoakRow& row : rows) code = std::max(code, row.exit_code);
  return code;
}

}  // namespace dustproof
