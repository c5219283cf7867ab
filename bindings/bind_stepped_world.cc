#include <pybind11/stl.h>

#include <array>
#include <atomic>
#include <cmath>
#include <memory>
#include <optional>
#include <string>
#include <tuple>

#include "bindings/arrays.h"
#include "bindings/bind.h"
#include "bindings/raise.h"
#include "bindings/stepped_world.h"
#include "bindings/text.h"
#include "sim/plan/load_home.h"

namespace py = pybind11;

namespace dustproof {
namespace {

// Longer than anybody steps at once, and far from the end of the clock.
constexpr double kLongestStep_s = 86400 * 60;
// How long Ctrl-C waits, in simulated time.
constexpr SimDuration kSlice = SimDuration::Seconds(1);

/// What Python holds: a world until it is closed. Stepping lets other threads of Python run; one of
/// them that comes to the same world meanwhile is refused.
class WorldHandle {
 public:
  explicit WorldHandle(std::unique_ptr<SteppedWorld> world) : world_(std::move(world)) {}

  /// The world for as long as this lives.
  class Use {
   public:
    explicit Use(WorldHandle& handle) : handle_(handle) {
      if (handle_.busy_.exchange(true))
        throw std::runtime_error("another thread is in this world: step it from one");
      if (handle_.world_ == nullptr) {
        handle_.busy_ = false;
        throw py::value_error("this world is closed; make a new one");
      }
    }
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;
    ~Use() { handle_.busy_ = false; }
    SteppedWorld* operator->() { return handle_.world_.get(); }

   private:
    WorldHandle& handle_;
  };

  void Close() {
    if (closed()) return;
    { const Use use(*this); }
    world_.reset();
  }
  bool closed() const { return world_ == nullptr; }

 private:
  std::unique_ptr<SteppedWorld> world_;
  std::atomic<bool> busy_ = false;
};

std::unique_ptr<WorldHandle> MakeWorld(const std::string& home_file,
                                       const std::optional<std::string>& home_text,
                                       const std::string& robot_file,
                                       const std::optional<FileText>& robot_text, uint64_t seed,
                                       bool lidar) {
  const RobotConfig robot =
      robot_text ? OrRaise(ParseRobotConfig(BytesOf(*robot_text), robot_file)) : RobotConfig();
  const HomeOptions options{.robot_radius_m = robot.body.radius_m,
                            .robot_height_m = robot.body.height_m};
  const FloorPlan plan = OrRaise(WithoutGil([&] {
    return home_text ? ParseHome(*home_text, home_file, options) : LoadHome(home_file, options);
  }));
  return std::make_unique<WorldHandle>(
      WithoutGil([&] { return std::make_unique<SteppedWorld>(plan, robot, seed, lidar); }));
}

void Step(WorldHandle& handle, double duration_s) {
  if (!(duration_s >= 0 && duration_s <= kLongestStep_s))
    throw py::value_error("duration_s must lie between 0 and 60 days, got " +
                          std::to_string(duration_s));
  WorldHandle::Use world(handle);
  const SimTime end = world->now() + SimDuration::FromSeconds(duration_s);
  while (world->now() < end) {
    {
      const py::gil_scoped_release others_run;
      world->RunUntil(std::min(end, world->now() + kSlice));
    }
    if (PyErr_CheckSignals() != 0) throw py::error_already_set();
  }
}

void Drive(WorldHandle& handle, double left_m_s, double right_m_s) {
  if (!std::isfinite(left_m_s) || !std::isfinite(right_m_s))
    throw py::value_error("wheel speeds must be finite");
  WorldHandle::Use(handle)->Drive(left_m_s, right_m_s);
}

void PutDown(WorldHandle& handle, double x, double y, double yaw) {
  constexpr double kFarthest_m = 1e4;
  if (!(std::abs(x) < kFarthest_m && std::abs(y) < kFarthest_m && std::abs(yaw) < kFarthest_m))
    throw py::value_error("a pose must be finite, in metres and radians");
  WorldHandle::Use(handle)->robot().PutDown({x, y, yaw});
}

// A reading of the robot by name.
template <typename Get>
void Reading(py::class_<WorldHandle>& cls, const char* name, Get get, const char* doc) {
  cls.def(
      name, [get](WorldHandle& handle) { return get(*WorldHandle::Use(handle).operator->()); },
      doc);
}

auto ToTuple(const Vec3& v) { return std::make_tuple(v.x(), v.y(), v.z()); }
template <typename T, size_t N>
auto ToTuple(const std::array<T, N>& values) {
  return std::apply([](auto... v) { return std::make_tuple(v...); }, values);
}

py::ssize_t Size(size_t size) { return static_cast<py::ssize_t>(size); }

template <typename T>
auto TurnView(std::vector<T> LidarTurn::*values) {
  return [values](const py::object& self) {
    const std::vector<T>& of_turn = self.cast<const LidarTurn&>().*values;
    return ViewOf(of_turn, {Size(of_turn.size())}, self);
  };
}

void BindLidarTurn(py::module_& m) {
  py::class_<LidarTurn, std::shared_ptr<LidarTurn>>(
      m, "LidarTurn",
      "One turn of the lidar, frame L. Its arrays are read-only views that keep it alive, "
      "also after its world is closed.")
      .def_property_readonly(
          "start_s", [](const LidarTurn& t) { return Seconds(t.start.nanoseconds()); },
          "When the first beam was taken.")
      .def_readonly("sequence", &LidarTurn::sequence)
      .def_property_readonly("angle_rad", TurnView(&LidarTurn::angle_rad),
                             "Of each beam, -pi to pi, counter-clockwise.")
      .def_property_readonly("range_m", TurnView(&LidarTurn::range_m), "0 = no valid return.")
      .def_property_readonly("quality", TurnView(&LidarTurn::quality),
                             "Strength of the return, 0 to 255.");
}

}  // namespace

void BindSteppedWorld(py::module_& m) {
  BindLidarTurn(m);
  py::class_<WorldHandle> cls(
      m, "SteppedWorld", "A home and a robot without firmware; dustproof.sim.World is for users.");
  cls.def(py::init(&MakeWorld), py::arg("home_file"), py::arg("home_text"), py::arg("robot_file"),
          py::arg("robot_text"), py::arg("seed"), py::arg("lidar"))
      .def("close", &WorldHandle::Close)
      .def_property_readonly("closed", &WorldHandle::closed)
      .def("step", &Step, py::arg("duration_s"))
      .def("drive", &Drive, py::arg("left_m_s"), py::arg("right_m_s"))
      .def("put_down", &PutDown, py::arg("x"), py::arg("y"), py::arg("yaw"));
  Reading(
      cls, "time_s", [](SteppedWorld& w) { return Seconds(w.now().nanoseconds()); },
      "Simulated time.");
  Reading(
      cls, "pose",
      [](SteppedWorld& w) {
        const Pose2 X_WR = w.robot().pose();
        return std::make_tuple(X_WR.x, X_WR.y, X_WR.yaw);
      },
      "X_WR.");
  Reading(
      cls, "scan",
      [](SteppedWorld& w) {
        const auto turn = std::const_pointer_cast<LidarTurn>(w.turn());
        return turn == nullptr ? std::nullopt : std::optional(turn);
      },
      "The newest turn.");
  Reading(
      cls, "bumper", [](SteppedWorld& w) { return ToTuple(w.robot().hazard().bumper); },
      "Left, right.");
  Reading(
      cls, "cliff", [](SteppedWorld& w) { return ToTuple(w.robot().hazard().cliff); },
      "Left to right.");
  Reading(
      cls, "ticks", [](SteppedWorld& w) { return ToTuple(w.robot().odometry().ticks); },
      "Left, right.");
  Reading(
      cls, "gyro_rad_s", [](SteppedWorld& w) { return ToTuple(w.robot().imu().gyro_rad_s); },
      "Of the IMU.");
  Reading(
      cls, "accel_m_s2", [](SteppedWorld& w) { return ToTuple(w.robot().imu().accel_m_s2); },
      "Of the IMU.");
  Reading(
      cls, "battery",
      [](SteppedWorld& w) {
        const BatteryReading& b = w.robot().battery();
        return std::make_tuple(b.voltage_V, b.current_A, b.charge_pct, b.temperature_C, b.charging);
      },
      "Voltage, current, charge, temperature, charging.");
  Reading(
      cls, "wheel_speed_m_s", [](SteppedWorld& w) { return ToTuple(w.robot().wheel_speed_m_s()); },
      "Left, right.");
  Reading(
      cls, "docked", [](SteppedWorld& w) { return w.robot().docked(); }, "On its dock.");
  Reading(
      cls, "collisions", [](SteppedWorld& w) { return w.robot().collisions(); },
      "Presses of the bumper so far.");
  Reading(
      cls, "distance_m", [](SteppedWorld& w) { return w.robot().distance_m(); }, "Driven so far.");
  Reading(
      cls, "state_hash", [](SteppedWorld& w) { return w.StateHash(); },
      "Of everything that moves.");
}

}  // namespace dustproof
