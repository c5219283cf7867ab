#pragma once

#include <string>

#include "sim/core/result.h"

namespace dustproof {

/// Prints every problem to stderr, one a line, and returns the exit code for it.
int PrintError(const Error& error);
/// The same; where `json` was asked for, also as one JSON object on stdout: {"error": "bad_input" or
/// "environment", "diagnostics": [{"file", "line", "column", "field", "message"}]}.
int PrintError(const Error& error, bool json);

/// Whether colours belong on a stream: a terminal, and NO_COLOR unset. `fd` is 1 or 2.
bool UseColour(int fd);

/// A line on stderr that overwrites itself on a terminal; elsewhere only whole lines are written,
/// so that logs stay short.
class ProgressLine {
 public:
  ProgressLine();
  ~ProgressLine();
  /// Shown at once on a terminal, dropped elsewhere.
  void Update(const std::string& text);
  /// Shown everywhere, and stays.
  void Say(const std::string& text);

 private:
  void Wipe();
  bool terminal_;
  bool dirty_ = false;
};

/// The folder that holds `scenarios/` and `robots/`: above the executable in a build, the prefix's
/// share in an installation, else the working folder.
std::string DataRoot();

}  // namespace dustproof
