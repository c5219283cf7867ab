#include <pybind11/stl.h>

#include <optional>
#include <tuple>

#include "bindings/bind.h"
#include "bindings/raise.h"
#include "bindings/text.h"
#include "hil/audit/policy.h"
#include "sim/config/config.h"
#include "sim/plan/json.h"
#include "sim/plan/load_home.h"
#include "sim/scenario/robot_config.h"
#include "sim/scenario/scenario.h"

namespace py = pybind11;

// Configuration files cross as trees of plain Python values in the shape of the file's schema. The
// schema comes from the structs' own `Describe`, so what Python reads and writes is what the
// structs read; the package's dataclasses are generated from it.
namespace dustproof {
namespace {

using Type = SchemaNode::Type;

const char* ToWord(Type type) {
  constexpr const char* kWords[] = {"number", "integer", "bool",  "text", "duration",
                                    "choice", "list",    "tuple", "map",  "dictionary"};
  return kWords[static_cast<size_t>(type)];
}

py::dict ToPython(const SchemaNode& node) {
  py::list children;
  for (const SchemaNode& child : node.children) children.append(ToPython(child));
  py::dict dict;
  dict["key"] = node.key;
  dict["type"] = ToWord(node.type);
  dict["doc"] = node.doc;
  dict["required"] = node.required;
  dict["optional"] = node.optional;
  dict["default_json"] = node.default_json;
  dict["choices"] = node.choices;
  dict["count"] = node.count_min.value_or(0);
  dict["children"] = children;
  return dict;
}

const SchemaNode* ChildOf(const SchemaNode& map, const std::string& key) {
  for (const SchemaNode& child : map.children) {
    if (child.key == key) return &child;
  }
  return nullptr;
}

// A value that its struct has read without complaint.
py::object ToPython(const ConfigNode& node, const SchemaNode& schema) {
  switch (schema.type) {
    case Type::kNumber:
      return py::float_(ParseNumber(node.text).value());
    case Type::kInteger:
      return py::int_(ParseInteger(node.text).value());
    case Type::kBool:
      return py::bool_(node.text == "true");
    case Type::kDuration:
      return py::float_(Seconds(ParseDuration(node.text).value().nanoseconds()));
    case Type::kText:
    case Type::kChoice:
      return Text(node.text);
    case Type::kList:
    case Type::kTuple: {
      py::list items;
      for (const ConfigNode& item : node.items) items.append(ToPython(item, schema.children.at(0)));
      return schema.type == Type::kTuple ? py::object(py::tuple(items)) : py::object(items);
    }
    case Type::kMap:
      break;
    case Type::kDictionary: {
      py::dict dict;
      for (const ConfigNode::Entry& entry : node.entries)
        dict[Text(entry.key)] = ToPython(entry.value, schema.children.at(0));
      return dict;
    }
  }
  if (node.kind != ConfigNode::Kind::kMap) return py::none();  // The word that stands for nothing.
  py::dict map;
  for (const ConfigNode::Entry& entry : node.entries) {
    if (const SchemaNode* child = ChildOf(schema, entry.key))
      map[Text(entry.key)] = ToPython(entry.value, *child);
  }
  return map;
}

// A kind of file: its schema, and what reads it with every rule.
struct ConfigKind {
  const char* name;
  SchemaNode (*schema)();
  Result<void> (*check)(const std::string& text, const std::string& file_name,
                        const HomeOptions& options);
};

template <typename T>
Result<void> Checked(const Result<T>& result) {
  return result ? Result<void>() : result.error();
}

constexpr ConfigKind kKinds[] = {
    {"scenario", ScenarioSchema,
     [](const std::string& text, const std::string& file, const HomeOptions&) {
       return Checked(ParseScenario(text, file));
     }},
    {"home", HomeSchema,
     [](const std::string& text, const std::string& file, const HomeOptions& options) {
       return Checked(ParseHome(text, file, options));
     }},
    {"robot", RobotSchema,
     [](const std::string& text, const std::string& file, const HomeOptions&) {
       return Checked(ParseRobotConfig(text, file));
     }},
    {"policy", PolicySchema,
     [](const std::string& text, const std::string& file, const HomeOptions&) {
       return Checked(ParsePolicy(text, file));
     }}};

const ConfigKind& KindNamed(const std::string& name) {
  for (const ConfigKind& kind : kKinds) {
    if (name == kind.name) return kind;
  }
  throw py::value_error("no such kind of file: " + name);
}

py::dict ReadAs(const std::string& kind_name, const FileText& given, const std::string& file_name,
                double robot_radius_m, double robot_height_m) {
  const ConfigKind& kind = KindNamed(kind_name);
  const std::string text = BytesOf(given);
  OrRaise(kind.check(text, file_name,
                     {.robot_radius_m = robot_radius_m, .robot_height_m = robot_height_m}));
  return py::dict(ToPython(OrRaise(ParseYaml(text, file_name)), kind.schema()));
}

std::optional<std::tuple<int, int, std::string>> FindScalar(const FileText& given, const std::vector<std::string>& keys) {
  const ConfigNode root = OrRaise(ParseYaml(BytesOf(given), ""));
  const ConfigNode* node = &root;
  for (const std::string& key : keys) {
    const ConfigNode::Entry* entry = node->Find(key);
    if (entry == nullptr) return std::nullopt;
    node = &entry->value;
  }
  if (node->kind != ConfigNode::Kind::kScalar) return std::nullopt;
  return std::tuple(node->line, node->column, node->text);
}

}  // namespace

void BindConfig(py::module_& m) {
  const HomeOptions home;
  m.def(
      "config_schema", [](const std::string& kind) { return ToPython(KindNamed(kind).schema()); },
      py::arg("kind"), "What a file of that kind may hold, as nested dictionaries.");
  m.def("read_config", ReadAs, py::arg("kind"), py::arg("text"), py::arg("file_name"),
        py::arg("robot_radius_m") = home.robot_radius_m,
        py::arg("robot_height_m") = home.robot_height_m,
        "Checks a file's text by every rule; returns what it holds by key, durations in seconds.");
  m.def(
      "read_text_file",
      [](const std::string& path) { return py::bytes(OrRaise(ReadTextFile(path, 8 << 20))); },
      py::arg("path"), "The bytes of a file, or what is wrong with it.");
  m.def(
      "find_scalar", FindScalar, py::arg("text"), py::arg("keys"),
      "Line and column, from 1, and the characters of the value under these keys, one map inside the other; None where there is none.");
  m.def(
      "plan_json",
      [](const std::string& path, double robot_radius_m, double robot_height_m) {
        const HomeOptions options{.robot_radius_m = robot_radius_m,
                                  .robot_height_m = robot_height_m};
        return ToJson(OrRaise(WithoutGil([&] { return LoadHome(path, options); })));
      },
      py::arg("path"), py::arg("robot_radius_m") = home.robot_radius_m,
      py::arg("robot_height_m") = home.robot_height_m,
      "The geometry of a home or a map_server map, as JSON.");
  m.def(
      "format_duration",
      [](int64_t nanoseconds) { return FormatDuration(SimDuration::Nanoseconds(nanoseconds)); },
      py::arg("nanoseconds"), "As a configuration file has it: 1h30min, 0s.");
  m.def(
      "suggest_word",
      [](const std::string& word, const std::vector<std::string>& known) {
        return SuggestWord(word, known);
      },
      py::arg("word"), py::arg("known"), "The closest of `known` to a mistyped word, or ''.");
}

}  // namespace dustproof
