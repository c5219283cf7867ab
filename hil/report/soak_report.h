#pragma once

#include <string>
#include <vector>

namespace dustproof {

/// One run of a soak, as it stands in its results.
struct SoakRow {
  std::string board;
  int repetition = 1;
  int exit_code = 3;     ///< 0 pass, 1 findings, 3 a fault of the bench.
  std::string message;   ///< Of one that did not pass.
  std::string build_id;
  bool in_factory_state = false;
  std::string folder;    ///< With recording and report; "" where there was no run.
};

std::string RenderSoakJson(const std::vector<SoakRow>& rows);
std::vector<SoakRow> SoakRowsFromJson(const std::string& text);
/// A test case a row: a fault of the bench is an error, findings are a failure.
std::string RenderSoakJunit(const std::string& scenario, const std::vector<SoakRow>& rows);
/// The worst of them: 3 before 1 before 0.
int ExitCodeOf(const std::vector<SoakRow>& rows);

}  // namespace dustproof
