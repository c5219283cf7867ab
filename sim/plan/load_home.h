#pragma once

#include <string>
#include <string_view>

#include "sim/config/schema.h"
#include "sim/core/result.h"
#include "sim/plan/floor_plan.h"

namespace dustproof {

/// The robot that a home must have room for: where an imported map's dock is put and whether a home
/// is any use depend on it.
struct HomeOptions {
  double robot_radius_m = 0.17;
  double robot_height_m = 0.1;
};

/// Loads and checks a home: a YAML home (`kind: home`) or a ROS map_server map (a YAML file with
/// `image:` and no `kind:`). Every problem at once, located in the file.
Result<FloorPlan> LoadHome(const std::string& path, const HomeOptions& options = {});

/// The same for the text of a `kind: home` file.
Result<FloorPlan> ParseHome(std::string_view text, const std::string& file_name,
                            const HomeOptions& options = {});

/// BadInput where the path names a map's image instead of its YAML file.
Result<void> RefuseImage(const std::string& path);

/// `kind: home`, for `dustproof schema`.
SchemaNode HomeSchema();
/// `kind: map_overrides`, the sidecar `<map>.dustproof.yaml`.
SchemaNode MapOverridesSchema();

}  // namespace dustproof
