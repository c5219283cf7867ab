#pragma once

#include <functional>
#include <string>
#include <vector>

#include "hil/matrix/cell.h"
#include "hil/run/run_request.h"
#include "sim/core/result.h"

/// Cells that are worked on together, in a process of their own: those of one scenario and seed share what their
/// configurations have in common.
namespace dustproof {

enum class KeepRecordings { kNone, kFailing, kAll };

struct CellGroup {
  RunRequest run;  ///< What all cells have in common; consent, answers and recording are open.
  std::vector<MatrixCell> cells;
  std::string folder;  ///< Of the matrix, absolute.
  KeepRecordings keep = KeepRecordings::kFailing;
};

std::string ToJson(const CellGroup& group);
/// Of our own text; fails where the file can't be read.
Result<CellGroup> ReadGroup(const std::string& path);

/// Told about a group while it is worked on.
struct GroupNews {
  double simulated_s = 0;  ///< More of simulated time than before.
  std::string cell = {};   ///< Its result is there; "" where it is not about one.
};

/// Works on every cell of a group whose result is not there yet, and writes each result as it comes. Library firmware
/// runs once per shared past (`RunBranches`), a program of its own once per cell. A firmware that dies is a result.
/// Fails where cells are left undone: the machine failed or somebody asked to stop.
Result<void> WorkOnGroup(const CellGroup& group, const std::function<void(const GroupNews&)>& on_news);

/// What such a process executes: `dustproof --matrix-group FILE`, with lines of JSON on its standard output.
inline constexpr const char* kGroupWord = "--matrix-group";
int RunGroupProcess(const std::string& path);
/// The news in such a line, where there is any.
std::optional<GroupNews> NewsFromLine(const std::string& line);

/// What the process of the shared runs executes: a word and the path of a group's file.
inline constexpr const char* kBranchesWord = "--matrix-branches";
int RunBranchesWorker(const std::string& path);

}  // namespace dustproof
