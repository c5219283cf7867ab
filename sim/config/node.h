#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/core/result.h"

namespace dustproof {

/// One value of a YAML file as written: untyped, with its place. A tree of values; copies are deep.
struct ConfigNode {
  enum class Kind { kNull, kScalar, kList, kMap };
  struct Entry;

  Kind kind = Kind::kNull;
  std::shared_ptr<const std::string> file;  ///< The file's name, as given to `LoadYaml`.
  int line = 0;
  int column = 0;
  std::string text;               ///< A scalar's characters.
  bool quoted = false;            ///< A scalar in quotes is text and never a number.
  std::vector<ConfigNode> items;  ///< Of a list.
  std::vector<Entry> entries;     ///< Of a map, in the order written. Keys are unique.

  SourceLocation Where() const { return {file ? *file : std::string(), line, column}; }
  /// The entry of that key, or null. Borrowed from this node.
  const Entry* Find(std::string_view key) const;
};

/// A key and its value in a map.
struct ConfigNode::Entry {
  std::string key;
  int line = 0;  ///< Of the key.
  int column = 0;
  ConfigNode value;
};

/// Parses one YAML document. Refuses what configuration has no use for and attackers do: anchors,
/// aliases and tags, duplicate keys, keys that aren't plain words, nesting deeper than 64, more
/// than 8 MB, a second document, a root that isn't a map. `file_name` stands in every message.
Result<ConfigNode> ParseYaml(std::string_view text, const std::string& file_name);
Result<ConfigNode> LoadYaml(const std::string& path);

/// Makes a tree of one's own; places stay empty.
ConfigNode ScalarNode(std::string text);
/// In quotes where it could be read as something else.
ConfigNode TextNode(const std::string& text);
ConfigNode ListNode(std::vector<ConfigNode> items);
ConfigNode MapNode(std::vector<std::pair<std::string, ConfigNode>> entries);
/// Puts a value under a key of a map: in the place of the one that is there, else at its end.
void SetEntry(ConfigNode* map, const std::string& key, ConfigNode value);

/// A document's text: reading it gives the same tree, without comments and places. Short lists and maps stand in one line.
std::string ToYaml(const ConfigNode& root);

/// Reads a whole file of at most `bytes_max` bytes, or says why not: missing, a folder, unreadable,
/// too large.
Result<std::string> ReadTextFile(const std::string& path, size_t bytes_max);

/// `text` as a path beside `file`: paths inside a file are relative to that file. Absolute ones
/// stay.
std::string PathBeside(const std::string& file, const std::string& text);

}  // namespace dustproof
