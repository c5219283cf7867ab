#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <vector>

#include "sim/core/frames.h"

namespace dustproof {

/// How a surface answers a lidar's infrared light.
struct SurfaceOptics {
  double reflectivity = 0.7;  ///< Share of the light scattered back, 0–1. White wall 0.8, wood 0.4,
                              ///< black fabric 0.04.
  double transmission = 0;  ///< Share that goes straight on, 0–1. Window glass 0.9.
};

using SurfaceId = uint16_t;

struct Ray {
  Vec3 p_W = Vec3::Zero();
  Vec3 direction_W = Vec3::UnitX();  ///< Unit.
};

struct RayHit {
  double range_m = std::numeric_limits<double>::infinity();
  double cos_incidence = 0;  ///< Of the angle to the surface's normal, 0 (grazing) to 1.
  SurfaceId surface = 0;
  bool hit() const { return range_m < std::numeric_limits<double>::infinity(); }
};

/// Everything light can meet, as triangles. Embree inside, on the calling thread alone.
///
/// Embree finds the triangle; the range is then worked out here in double precision from the
/// triangle's plane, since Embree's reciprocals differ between makes of CPU in their last bits.
class RaycastScene {
 public:
  RaycastScene();
  ~RaycastScene();
  RaycastScene(RaycastScene&&) noexcept;
  RaycastScene& operator=(RaycastScene&&) noexcept;

  SurfaceId AddSurface(const SurfaceOptics& optics);
  const SurfaceOptics& surface(SurfaceId id) const;

  void AddBox(const Pose3& X_WB, const Vec3& size_m, SurfaceId surface);
  /// An upright prism over a convex outline, given counter-clockwise.
  void AddPrism(std::span<const Vec2> outline_W, double z_min_m, double z_max_m, SurfaceId surface);
  void AddCylinder(const Vec2& p_W, double radius_m, double z_min_m, double z_max_m,
                   SurfaceId surface);
  void AddTriangles(std::span<const Vec3> vertices_W,
                    std::span<const std::array<uint32_t, 3>> triangles, SurfaceId surface);
  /// Makes what was added visible to rays; once, after the last Add.
  void Commit();

  /// Nearest hits within `range_m_max`, in the order of the rays. `hits` must be as long as `rays`.
  /// @pre committed
  void Cast(std::span<const Ray> rays, double range_m_max, std::span<RayHit> hits) const;
  RayHit Cast(const Ray& ray, double range_m_max) const;
  /// Whether anything that isn't transparent stands between two points.
  bool Blocked(const Vec3& p_WA_W, const Vec3& p_WB_W) const;

  size_t triangle_count() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace dustproof
