#include "robots/vacuum/firmware/navigation/navigator.h"

#include "robots/vacuum/firmware/navigation/driver.h"
#include "robots/vacuum/firmware/navigation/hal.h"
#include "robots/vacuum/firmware/navigation/localization.h"
#include "robots/vacuum/firmware/navigation/map_file.h"
#include "robots/vacuum/firmware/navigation/mission.h"
#include "robots/vacuum/firmware/navigation/reporter.h"

namespace vacuum {

namespace {

constexpr size_t kControlStack = 128 * 1024, kSlamStack = 256 * 1024, kMissionStack = 256 * 1024;
constexpr uint64_t kControlPeriodUs = 20'000, kRestPeriodUs = 100'000;
constexpr float kChargeStart_pct = 20;

}  // namespace

const char* ToWord(Activity activity) {
  switch (activity) {
    case Activity::kIdle:
      return "idle";
    case Activity::kExploring:
      return "exploring";
    case Activity::kCleaning:
      return "cleaning";
    case Activity::kReturning:
      return "returning";
    case Activity::kCharging:
      return "charging";
    case Activity::kDocked:
      return "docked";
    case Activity::kError:
      return "error";
    case Activity::kStuck:
      return "stuck";
  }
  return "error";
}

struct Navigator::Impl {
  Hal hal = Hal::Query();
  Localization localization{hal};
  Driver driver{hal, localization};
  DockMemory dock;
  Reporter reporter{hal, localization};
  Mission mission{driver, dock, reporter};
  dp_lidar_turn turn{};

  void ControlLoop() {
    while (true) {
      driver.Step();
      if (driver.awake()) WatchForDock();
      hal.clock->sleep_us(driver.awake() ? kControlPeriodUs : kRestPeriodUs);
    }
  }

  void WatchForDock() {
    dp_dock_sample sample{};
    if (hal.dock->latest(&sample) == DP_OK) dock.Observe(driver.pose(), sample);
  }

  void SlamLoop() {
    while (true) {
      if (hal.lidar->read(&turn, 1'000'000) != DP_OK) continue;
      if (!driver.awake()) continue;
      localization.AddTurn(turn, true);
      reporter.AfterScan(localization.odometry().still_s() < 1);
    }
  }

  // Right after power-on the dock's contacts have not been looked at yet.
  dp_dock_sample FirstDockSample() const {
    dp_dock_sample sample{};
    for (int i = 0; i < 20 && hal.dock->latest(&sample) != DP_OK; ++i) hal.clock->sleep_us(25'000);
    return sample;
  }

  bool LowBattery() const {
    dp_battery_sample battery{};
    return hal.battery->latest(&battery) == DP_OK && battery.charge_pct < kChargeStart_pct;
  }
};

Navigator::Navigator() : impl_(std::make_unique<Impl>()) {}
Navigator::~Navigator() = default;

void Navigator::Start() {
  const auto start = [this](const char* name, void (*entry)(void*), size_t stack_bytes) {
    if (impl_->hal.task->create(name, entry, impl_.get(), stack_bytes) < 0)
      impl_->hal.Log(DP_LOG_ERROR, "no task for navigation");
  };
  start(
      "control", [](void* impl) { static_cast<Impl*>(impl)->ControlLoop(); }, kControlStack);
  start(
      "slam", [](void* impl) { static_cast<Impl*>(impl)->SlamLoop(); }, kSlamStack);
  start(
      "mission", [](void* impl) { static_cast<Impl*>(impl)->mission.Run(); }, kMissionStack);
}

bool Navigator::StartCleaning() {
  if (impl_->LowBattery() || impl_->mission.cleaning()) return impl_->mission.cleaning();
  impl_->mission.Ask(Mission::Request::kClean);
  return true;
}

bool Navigator::ReturnToDock() {
  if (!impl_->dock.seen()) return false;
  impl_->mission.Ask(Mission::Request::kDock);
  return true;
}

void Navigator::Stop() { impl_->mission.Ask(Mission::Request::kStop); }

bool Navigator::in_dock() const { return impl_->FirstDockSample().contact; }

Activity Navigator::activity() const { return impl_->mission.activity(); }
uint32_t Navigator::activity_count() const { return impl_->mission.activity_count(); }
bool Navigator::map_ready() const { return impl_->reporter.map_ready(); }
uint32_t Navigator::finished_cleanings() const { return impl_->mission.finished_cleanings(); }
GridMap Navigator::map() const { return ToGridMap(impl_->localization.map()); }
std::vector<PathPoint> Navigator::path() const { return impl_->reporter.path(); }

void Navigator::EraseMap() {
  Stop();
  impl_->driver.SetAwake(false);  // At once: the scan under way would begin the map anew.
  impl_->localization.Reset();
  impl_->reporter.Forget();
  impl_->dock.Forget();
  impl_->driver.home_M.reset();
}

std::vector<uint8_t> Navigator::SerializeMap() const {
  return Pack({ToGridMap(impl_->localization.map()), impl_->dock.X_MDocked()});
}

bool Navigator::RestoreMap(const std::vector<uint8_t>& bytes) {
  const auto home = Unpack(bytes);
  const dp_dock_sample sample = impl_->FirstDockSample();
  // A known map helps only a robot that knows where on it it stands: in the dock.
  if (!home || !home->X_MDocked || !sample.contact) return false;
  const GridMap& map = home->map;
  impl_->localization.map().Restore(map.width, map.height, map.origin_x_m, map.origin_y_m,
                                    map.cells);
  impl_->localization.SetPose(*home->X_MDocked);
  impl_->localization.slam().SetStarted(true);
  impl_->dock.SetContact(*home->X_MDocked);
  impl_->reporter.SendMap();
  return true;
}

}  // namespace vacuum
