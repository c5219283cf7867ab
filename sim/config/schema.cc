#include "sim/config/schema.h"

#include <nlohmann/json.hpp>

#include "sim/config/number.h"

namespace dustproof {
namespace {

using Json = nlohmann::ordered_json;
using Type = SchemaNode::Type;

const char* JsonType(Type type) {
  switch (type) {
    case Type::kNumber:
      return "number";
    case Type::kInteger:
      return "integer";
    case Type::kBool:
      return "boolean";
    case Type::kText:
    case Type::kDuration:
    case Type::kChoice:
      return "string";
    case Type::kList:
    case Type::kTuple:
      return "array";
    case Type::kMap:
    case Type::kDictionary:
      return "object";
  }
  return "string";
}

Json ToJson(const SchemaNode& node) {
  Json json;
  if (node.type == Type::kMap && !node.choices.empty()) {
    SchemaNode map = node;
    map.choices.clear(), map.default_json.clear(), map.doc.clear();
    if (!node.doc.empty()) json["description"] = node.doc;
    json["default"] = Json::parse(node.default_json);
    json["oneOf"] = {{{"enum", node.choices}}, ToJson(map)};
    return json;
  }
  json["type"] = JsonType(node.type);
  if (!node.doc.empty()) json["description"] = node.doc;
  if (!node.default_json.empty()) json["default"] = Json::parse(node.default_json);
  if (node.min) json[node.min_is_exclusive ? "exclusiveMinimum" : "minimum"] = *node.min;
  if (node.max) json[node.max_is_exclusive ? "exclusiveMaximum" : "maximum"] = *node.max;
  if (node.type == Type::kDuration) json["pattern"] = "^([0-9]+(\\.[0-9]+)?(d|h|min|s|ms|us|ns))+$";
  if (!node.choices.empty()) json["enum"] = node.choices;
  if (node.type == Type::kDictionary) json["additionalProperties"] = ToJson(node.children.at(0));
  if (node.type == Type::kList || node.type == Type::kTuple)
    json["items"] = ToJson(node.children.at(0));
  if (node.count_min) json["minItems"] = *node.count_min;
  if (node.type == Type::kTuple) json["maxItems"] = *node.count_min;
  if (node.type == Type::kMap) {
    Json properties = Json::object(), required = Json::array();
    for (const SchemaNode& child : node.children) {
      properties[child.key] = ToJson(child);
      if (child.required) required.push_back(child.key);
    }
    json["properties"] = properties;
    if (!required.empty()) json["required"] = required;
    json["additionalProperties"] = false;
  }
  return json;
}

std::string TypeName(const SchemaNode& node) {
  switch (node.type) {
    case Type::kNumber:
      return "number";
    case Type::kInteger:
      return "whole number";
    case Type::kBool:
      return "true or false";
    case Type::kText:
      return "text";
    case Type::kDuration:
      return "duration (200ms, 5s, 20min, 1h30min)";
    case Type::kChoice: {
      std::string words;
      for (const std::string& choice : node.choices) words += (words.empty() ? "" : " | ") + choice;
      return words;
    }
    case Type::kTuple:
      return "[" + std::to_string(*node.count_min) + " numbers]";
    case Type::kMap:
      return node.choices.empty() ? "map" : node.choices.front() + " | map";
    case Type::kList:
      return "list of " + TypeName(node.children.at(0));
    case Type::kDictionary:
      return "map from names to " + TypeName(node.children.at(0));
  }
  return "";
}

std::string Range(const SchemaNode& node) {
  std::string text;
  if (node.min && node.max && *node.min == *node.max) return " = " + FormatNumber(*node.min);
  if (node.min) text += (node.min_is_exclusive ? " > " : " >= ") + FormatNumber(*node.min);
  if (node.max)
    text += (text.empty() ? "" : ",") + std::string(node.max_is_exclusive ? " < " : " <= ") +
            FormatNumber(*node.max);
  return text;
}

void AppendText(const SchemaNode& map, const std::string& indent, std::string* out) {
  for (const SchemaNode& field : map.children) {
    *out += indent + field.key + ": " + TypeName(field) + Range(field);
    if (field.required) *out += ", required";
    if (!field.default_json.empty()) *out += ", default " + field.default_json;
    if (!field.doc.empty()) *out += "  # " + field.doc;
    *out += "\n";
    const SchemaNode* nested = &field;
    while (nested->type == Type::kList || nested->type == Type::kDictionary)
      nested = &nested->children.at(0);
    if (nested->type == Type::kMap) AppendText(*nested, indent + "  ", out);
  }
}

}  // namespace

std::string ToJsonSchema(const SchemaNode& root, const std::string& title) {
  Json json;
  json["$schema"] = "https://json-schema.org/draft/2020-12/schema";
  json["title"] = title;
  json.update(ToJson(root));
  return json.dump(2) + "\n";
}

std::string ToText(const SchemaNode& root) {
  std::string text;
  AppendText(root, "", &text);
  return text;
}

}  // namespace dustproof
