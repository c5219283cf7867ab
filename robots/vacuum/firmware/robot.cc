#include "robots/vacuum/firmware/robot.h"

#include "robots/vacuum/firmware/cloud/map_file.h"

namespace vacuum {
namespace {

constexpr size_t kCloudStackBytes = 256 * 1024;
constexpr size_t kButtonsStackBytes = 128 * 1024;
constexpr uint64_t kWatchPeriodUs = Seconds(0.25);
constexpr uint64_t kMapUploadPeriodUs = Seconds(60);
constexpr uint64_t kMapSavePeriodUs = Seconds(180);
constexpr uint32_t kResetHoldMs = 5000;
constexpr int kRestCount = 8;  // Looks at the activity, two seconds.

bool Moves(Activity activity) {
  return activity == Activity::kExploring || activity == Activity::kCleaning ||
         activity == Activity::kReturning;
}

uint32_t ActivityColour(Activity activity) {
  switch (activity) {
    case Activity::kExploring:
    case Activity::kCleaning:
      return 0x00FF40;
    case Activity::kReturning:
      return 0x4060FF;
    case Activity::kCharging:
      return 0xFFA000;
    case Activity::kError:
    case Activity::kStuck:
      return 0xFF0000;
    case Activity::kIdle:
    case Activity::kDocked:
      return 0x202020;
  }
  return 0;
}

uint32_t NetworkColour(NetworkState state) {
  switch (state) {
    case NetworkState::kOff:
      return 0;
    case NetworkState::kSetup:
      return 0xFFFFFF;
    case NetworkState::kConnecting:
      return 0xFFA000;
    case NetworkState::kOnline:
      return 0x4060FF;
  }
  return 0;
}

}  // namespace

Robot::Robot(const Platform& hal, const char* version)
    : hal_(hal),
      settings_(hal_),
      hooks_(MakeCloudHooks({hal_, settings_, navigator_, outbox_})),
      gate_(settings_, *hooks_),
      actions_(hal_, navigator_, settings_, outbox_),
      cloud_({hal_, settings_, gate_, navigator_, outbox_, *hooks_, actions_, version}) {}

void Robot::Start() {
  settings_.Open();
  hal_.DataReady("robot_id");
  hal_.DataReady("robot_mac");
  hal_.DataReady("robot_status");
  if (settings_.current().provisioned()) {
    hal_.DataReady("wifi_ssid");
    hal_.DataReady("wifi_password");
  }
  if (const auto map = settings_.LoadMap()) {
    hal_.Info(navigator_.RestoreMap(*map) ? "the map of the last cleaning was read"
                                          : "the stored map can't be used");
  }
  navigator_.Start();
  hal_.task->create(
      "cloud", [](void* self) { static_cast<Robot*>(self)->cloud_.Run(); }, this, kCloudStackBytes);
  if (hal_.buttons != nullptr) {
    hal_.task->create(
        "buttons", [](void* self) { static_cast<Robot*>(self)->ServeButtons(); }, this,
        kButtonsStackBytes);
  }
  actions_.GoOn();
}

void Robot::ServeButtons() {
  for (;;) {
    dp_button_event event;
    if (hal_.buttons->read(&event, DP_FOREVER) != DP_OK) {
      hal_.clock->sleep_us(Seconds(1));
      continue;
    }
    const char* refused = nullptr;
    if (event.button == DP_BUTTON_CLEAN) {
      refused = actions_.cleaning() ? actions_.Stop() : actions_.Clean();
    } else if (event.button == DP_BUTTON_HOME) {
      refused = actions_.Dock();
    } else if (event.button == DP_BUTTON_RESET && event.held_ms >= kResetHoldMs) {
      refused = actions_.FactoryReset();
    }
    if (refused != nullptr && hal_.indicators != nullptr) hal_.indicators->beep(400, 300);
  }
}

void Robot::Watch() {
  for (;;) {
    WatchOnce();
    hal_.clock->sleep_us(kWatchPeriodUs);
  }
}

void Robot::WatchOnce() {
  const uint64_t now_us = hal_.clock->now_us();
  if (navigator_.map_ready() && !map_announced_) {
    map_announced_ = true;
    hal_.DataReady("home_map");
    hal_.DataReady("robot_path");
  }
  WatchTask();
  if (MapDue(now_us)) QueueMap();
  if (!gate_.Allows(Payload::kMap)) map_queued_ = false;
  const bool finished = navigator_.finished_cleanings() != finished_seen_;
  finished_seen_ = navigator_.finished_cleanings();
  if (finished || (Moves(navigator_.activity()) && navigator_.map_ready() &&
                   now_us >= map_saved_us_ + kMapSavePeriodUs)) {
    SaveMap();
  }
  if (finished && hal_.indicators != nullptr) hal_.indicators->beep(1800, 400);
  ShowLights();
}

// A task is over once the robot has rested for a while: between two activities it may for an
// instant.
void Robot::WatchTask() {
  const bool moves = Moves(navigator_.activity());
  if (moves && !moved_) settings_.SetUnderWay(true);
  moved_ = moves;
  rest_count_ = moves || !settings_.current().under_way ? 0 : rest_count_ + 1;
  if (rest_count_ == kRestCount) settings_.SetUnderWay(false);
}

// The cloud gets the map when it is asked for first, then as it grows, and once more when the
// cleaning is over.
bool Robot::MapDue(uint64_t now_us) const {
  if (!navigator_.map_ready() || !gate_.Allows(Payload::kMap)) return false;
  if (!map_queued_ || navigator_.finished_cleanings() != finished_seen_) return true;
  return Moves(navigator_.activity()) && now_us >= map_queued_us_ + kMapUploadPeriodUs;
}

void Robot::QueueMap() {
  Bytes file = WriteMapFile(navigator_.map(), navigator_.path());
  if (file.empty()) return;
  outbox_.QueueMap(std::move(file));
  map_queued_ = true;
  map_queued_us_ = hal_.clock->now_us();
}

void Robot::SaveMap() {
  map_saved_us_ = hal_.clock->now_us();
  const bool saved = settings_.SaveMap(
      [this] { return navigator_.map_ready() ? navigator_.SerializeMap() : Bytes(); });
  if (!saved && navigator_.map_ready()) hal_.Warn("the map could not be stored");
}

void Robot::ShowLights() {
  if (hal_.indicators == nullptr) return;
  hal_.indicators->set_led(0, ActivityColour(navigator_.activity()));
  hal_.indicators->set_led(1, NetworkColour(cloud_.state()));
}

}  // namespace vacuum
