#include <yaml-cpp/emitter.h>
#include <yaml-cpp/emittermanip.h>

#include <algorithm>

#include "sim/config/node.h"
#include "sim/config/number.h"

namespace dustproof {
namespace {

constexpr size_t kLineMax = 140;

bool HoldsCollections(const ConfigNode& node) {
  const auto is = [](const ConfigNode& value) { return value.kind == ConfigNode::Kind::kList || value.kind == ConfigNode::Kind::kMap; };
  return std::any_of(node.items.begin(), node.items.end(), is) ||
         std::any_of(node.entries.begin(), node.entries.end(), [&](const ConfigNode::Entry& e) { return is(e.value); });
}

size_t LengthInOneLine(const ConfigNode& node) {
  size_t length = node.text.size() + 2;
  for (const ConfigNode& item : node.items) length += LengthInOneLine(item);
  for (const ConfigNode::Entry& entry : node.entries) length += entry.key.size() + 2 + LengthInOneLine(entry.value);
  return length;
}

// Points of a polygon and the like may stand in one line; maps within maps may not.
bool StandsInOneLine(const ConfigNode& node) {
  const bool of_lists = node.kind == ConfigNode::Kind::kList && std::none_of(node.items.begin(), node.items.end(), HoldsCollections) &&
                        std::all_of(node.items.begin(), node.items.end(), [](const ConfigNode& i) { return i.kind == ConfigNode::Kind::kList; });
  const bool plain = !HoldsCollections(node) || of_lists ||
                     (node.kind == ConfigNode::Kind::kMap && std::all_of(node.entries.begin(), node.entries.end(), [](const ConfigNode::Entry& e) {
                        return e.value.kind != ConfigNode::Kind::kMap && (e.value.kind != ConfigNode::Kind::kList || StandsInOneLine(e.value));
                      }));
  return plain && LengthInOneLine(node) <= kLineMax;
}

void Write(const ConfigNode& node, YAML::Emitter& out) {
  switch (node.kind) {
    case ConfigNode::Kind::kNull:
      out << YAML::Null;
      return;
    case ConfigNode::Kind::kScalar:
      if (node.quoted) out << YAML::DoubleQuoted;
      out << node.text;
      return;
    case ConfigNode::Kind::kList:
      if (StandsInOneLine(node)) out << YAML::Flow;
      out << YAML::BeginSeq;
      for (const ConfigNode& item : node.items) Write(item, out);
      out << YAML::EndSeq;
      return;
    case ConfigNode::Kind::kMap:
      break;
  }
  if (StandsInOneLine(node)) out << YAML::Flow;
  out << YAML::BeginMap;
  for (const ConfigNode::Entry& entry : node.entries) {
    out << YAML::Key << entry.key << YAML::Value;
    Write(entry.value, out);
  }
  out << YAML::EndMap;
}

}  // namespace

ConfigNode ScalarNode(std::string text) {
  ConfigNode node;
  node.kind = ConfigNode::Kind::kScalar;
  node.text = std::move(text);
  return node;
}

ConfigNode TextNode(const std::string& text) {
  ConfigNode node = ScalarNode(text);
  const bool is_word = !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return (c < 0x80 && std::isalnum(c)) || c == '_' || c == '-' || c == '.' || c == '/' || c == ' ';
  });
  node.quoted = !is_word || ParseNumber(text) || text == "true" || text == "false" || text == "null" || text.front() == ' ' || text.back() == ' ' || text.front() == '-';
  return node;
}

ConfigNode ListNode(std::vector<ConfigNode> items) {
  ConfigNode node;
  node.kind = ConfigNode::Kind::kList;
  node.items = std::move(items);
  return node;
}

ConfigNode MapNode(std::vector<std::pair<std::string, ConfigNode>> entries) {
  ConfigNode node;
  node.kind = ConfigNode::Kind::kMap;
  for (auto& [key, value] : entries) node.entries.push_back({key, 0, 0, std::move(value)});
  return node;
}

void SetEntry(ConfigNode* map, const std::string& key, ConfigNode value) {
  for (ConfigNode::Entry& entry : map->entries) {
    if (entry.key == key) return void(entry.value = std::move(value));
  }
  map->entries.push_back({key, 0, 0, std::move(value)});
}

std::string ToYaml(const ConfigNode& root) {
  YAML::Emitter out;
  out.SetIndent(2);
  out << YAML::BeginMap;  // Never in one line.
  for (const ConfigNode::Entry& entry : root.entries) {
    out << YAML::Key << entry.key << YAML::Value;
    Write(entry.value, out);
  }
  out << YAML::EndMap;
  return std::string(out.c_str()) + "\n";
}

}  // namespace dustproof
