#pragma once

#include <string>
#include <vector>

#include "sim/config/schema.h"
#include "sim/core/result.h"

namespace dustproof {

/// Checks one YAML file of any kind: a scenario (with the home, robot, policy and firmware that it
/// names), a home, a robot, a policy, a map's overrides, or a map_server map. Returns what it is,
/// e.g. "scenario", or every problem.
Result<std::string> CheckFile(const std::string& path);

/// What `dustproof schema` can print: a name and its schema.
struct NamedSchema {
  std::string kind;
  SchemaNode schema;
};
std::vector<NamedSchema> AllSchemas();

}  // namespace dustproof
