#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace dustproof {

/// Where in a file something stands. Lines and columns count from 1; 0 means unknown.
struct SourceLocation {
  std::string file;
  int line = 0;
  int column = 0;
};

/// One problem with somebody's input or environment, for people: place, field, rule, value, way
/// out.
struct Diagnostic {
  SourceLocation where;
  std::string field;    ///< Dotted path, e.g. `robot.lidar.range_m_max`. May be empty.
  std::string message;  ///< "must exceed range_m_min (0.12), got 0.10"
};

/// "scenarios/stairs.yaml:14:7: robot.lidar.range_m_max: must exceed range_m_min (0.12), got 0.10"
std::string ToString(const Diagnostic& diagnostic);
/// One line each, in the order given.
std::string ToString(const std::vector<Diagnostic>& diagnostics);

/// The closest of `known` to a mistyped `word`, or empty where none is close (more than about a
/// third of its letters differ).
std::string SuggestWord(std::string_view word, const std::vector<std::string>& known);

}  // namespace dustproof
