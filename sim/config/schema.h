#pragma once

#include <optional>
#include <string>
#include <vector>

namespace dustproof {

/// What a configuration file may hold, as described by its struct (`Fields`, schema mode).
struct SchemaNode {
  enum class Type {
    kNumber,
    kInteger,
    kBool,
    kText,
    kDuration,
    kChoice,
    kList,
    kTuple,
    kMap,
    kDictionary
  };

  std::string key;
  Type type = Type::kMap;
  std::string doc;
  bool required = false;
  bool optional = false;  ///< A map that, where absent, stands for nothing rather than its defaults.
  std::string default_json;        ///< JSON text; empty where there is no default.
  std::optional<double> min, max;  ///< Inclusive, unless said otherwise.
  bool min_is_exclusive = false;
  bool max_is_exclusive = false;
  std::optional<size_t> count_min;  ///< Of a list's items; a tuple has exactly this many.
  std::vector<std::string> choices;  ///< Words; a map that has one may be the word instead.
  std::vector<SchemaNode>
      children;  ///< A map's fields; a list's, tuple's or dictionary's one kind of item.
};

/// JSON Schema (draft 2020-12) of a file of that shape, for editors and checkers. Two-space
/// indentation.
std::string ToJsonSchema(const SchemaNode& root, const std::string& title);
/// The same for people: one field a line, indented, with type, range, default and meaning.
std::string ToText(const SchemaNode& root);

}  // namespace dustproof
