#pragma once

#include <array>
#include <string>
#include <vector>

#include "sim/config/node.h"
#include "sim/plan/load_home.h"

/// Shared by the loaders of sim/plan; nobody else includes it.
namespace dustproof {

struct PoseFields {
  std::array<double, 2> at{};
  double yaw_deg = 0;
  SourceLocation where;
  void Describe(Fields& f);
  Pose2 ToPose() const;
};

struct RoomFields {
  std::string name;
  FloorMaterial floor = FloorMaterial::kHard;
  std::vector<std::array<double, 2>> polygon;
  SourceLocation where;
  void Describe(Fields& f);
  Room ToRoom() const;
};

/// A map_server map whose YAML is `root`, with its sidecar.
Result<FloorPlan> ReadMapHome(const ConfigNode& root, const std::string& path,
                              const HomeOptions& options);

}  // namespace dustproof
