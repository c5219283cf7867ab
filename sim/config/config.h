#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/config/fields.h"
#include "sim/config/node.h"
#include "sim/config/number.h"
#include "sim/config/schema.h"
#include "sim/core/result.h"

/// Configuration files: YAML read into structs, with every problem of a file located and reported
/// in one go.
///
/// The struct is the schema. It names each field once, in `Describe`; its member initialisers are
/// the defaults. The same `Describe` reads a file and prints the schema, so the two can't drift
/// apart. It may live in a `.cc` file.
///
///     struct LidarConfig {
///       double range_m_min = 0.12;
///       double range_m_max = 12;
///       SimDuration warm_up = SimDuration::Seconds(2);
///       void Describe(Fields& f) {
///         f.Number("range_m_min", &range_m_min, {.doc = "Nearest measurable distance.", .min =
///         0}); f.Number("range_m_max", &range_m_max, {.doc = "Farthest measurable distance."});
///         f.Duration("warm_up", &warm_up, {.doc = "From power on to the first scan."});
///         f.Rule({"range_m_max", "range_m_min"}, range_m_max > range_m_min,
///                "must exceed range_m_min (" + FormatNumber(range_m_min) + "), got " +
///                FormatNumber(range_m_max));
///       }
///     };
///     struct RobotConfig {
///       static constexpr const char* kKind = "robot";     // kind: robot
///       static constexpr int kFormatVersion = 1;          // format_version: 1
///       std::string name;
///       LidarConfig lidar;
///       std::vector<BumperConfig> bumpers;
///       void Describe(Fields& f) {
///         f.Text("name", &name, {.required = true});
///         f.Section("lidar", &lidar, {.doc = "The spinning lidar."});
///         f.List("bumpers", &bumpers);
///       }
///     };
///     Result<RobotConfig> robot = LoadConfig<RobotConfig>("robots/vacuum/robot.yaml");
///
/// A field that may be absent without a default is a `std::optional`. Unknown keys are refused with
/// a suggestion. `Describe` also runs on default values (schema mode), so rules in it must not
/// assume that anything was read.
namespace dustproof {

/// Reads a whole document that `LoadYaml` or `ParseYaml` returned. Problems come in the order of
/// the file's lines.
template <typename T>
Result<T> ReadConfig(const ConfigNode& root) {
  T config{};
  std::vector<Diagnostic> problems;
  Fields fields(root, "", &problems);
  if (fields.Header(T::kKind, T::kFormatVersion)) {
    config.Describe(fields);
    fields.Finish();
  }
  if (problems.empty()) return config;
  SortByPlace(&problems);
  return Error::BadInput(std::move(problems));
}

template <typename T>
Result<T> LoadConfig(const std::string& path) {
  Result<ConfigNode> root = LoadYaml(path);
  if (!root) return root.error();
  return ReadConfig<T>(*root);
}

template <typename T>
Result<T> ParseConfig(std::string_view text, const std::string& file_name) {
  Result<ConfigNode> root = ParseYaml(text, file_name);
  if (!root) return root.error();
  return ReadConfig<T>(*root);
}

/// The schema of a file of this struct, for `ToText` and `ToJsonSchema`.
template <typename T>
SchemaNode DescribeConfig() {
  SchemaNode root;
  Fields fields(&root);
  fields.Header(T::kKind, T::kFormatVersion);
  T{}.Describe(fields);
  return root;
}

/// What the file says it is (`kind:`), or empty: for choosing the struct to read it into.
std::string KindOf(const ConfigNode& root);

}  // namespace dustproof
