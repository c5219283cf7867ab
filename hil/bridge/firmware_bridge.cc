#include "hil/bridge/firmware_bridge.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace dustproof {
namespace {

const char* ToWord(dp_reset_cause cause) {
  switch (cause) {
    case DP_RESET_POWER_ON:
      return "power_on";
    case DP_RESET_SOFTWARE:
      return "software";
    case DP_RESET_BROWNOUT:
      return "brownout";
    case DP_RESET_WATCHDOG:
      return "watchdog";
  }
  return "unknown";
}

}  // namespace

FirmwareBridge::FirmwareBridge(const World& world, const RobotIdentity& identity,
                               const FlashSpec& flash, const Seed& seed,
                               std::function<std::string()> consents)
    : world_(world),
      identity_(identity),
      consents_(std::move(consents)),
      body_(world.queue, world.robot),
      network_(world.network, world.cpu_share),
      flash_(flash, seed) {
  world_.robot->AddListener(&body_);
  world_.robot->AddListener(&power_watch_);
}

FirmwareBridge::~FirmwareBridge() = default;

Devices FirmwareBridge::devices() {
  Devices devices;
  devices.lidar = &body_;
  devices.odometry = &body_.odometry_info();
  devices.drive = &body_;
  devices.cleaning = &body_;
  devices.indicators = &body_;
  devices.flash = &flash_;
  if (world_.network != nullptr) {
    devices.wifi = &network_;
    devices.sockets = &network_;
  }
  devices.uart = this;
  devices.listener = this;
  devices.identity = identity_;
  return devices;
}

void FirmwareBridge::Attach(Lockstep* host) {
  host_ = host;
  body_.SetInbox(host == nullptr ? nullptr : &host->sensors());
}

void FirmwareBridge::CheckPower() {
  if (host_ == nullptr || world_.robot->browned_out() == browned_out_) return;
  if (!browned_out_) {
    browned_out_ = true;
    Note("brownout", "");
    if (supplied_) SwitchOff();
  } else {
    browned_out_ = false;
    if (supplied_) SwitchOn(DP_RESET_BROWNOUT);
  }
}

void FirmwareBridge::CutPower(const std::string& why) {
  if (host_ == nullptr || !supplied_) return;
  supplied_ = false;
  Note("power_cut", why);
  if (!browned_out_) SwitchOff();
}

void FirmwareBridge::RestorePower(dp_reset_cause cause) {
  if (host_ == nullptr || supplied_) return;
  supplied_ = true;
  if (!browned_out_) SwitchOn(cause);
}

void FirmwareBridge::SwitchOff() {
  host_->PowerCut();
  on_supply_(false);
  world_.robot->PowerOff();
}

void FirmwareBridge::SwitchOn(dp_reset_cause cause) {
  host_->PowerOn(cause);
  on_supply_(true);
}

void FirmwareBridge::EmitFlash(const std::string& cause) {
  Emission emission = NewEmission(EmissionKind::kFlashAtRest, Direction::kFromRobot);
  emission.party = {
      .key = "device", .organisation = "", .role = "device", .region = "", .host = "flash"};
  const auto image = flash_.chip().image();
  emission.payload.assign(image.begin(), image.end());
  world_.sink->Write(emission);
  Note("flash_recorded", cause);
}

void FirmwareBridge::AddToHash(Hasher& hasher) const {
  flash_.chip().AddToHash(hasher);
  hasher.Add(uart_bytes_);
  if (host_ != nullptr) {
    hasher.Add(host_->switch_count());
    hasher.Add(host_->state());
  }
}

void FirmwareBridge::OnBoot(dp_reset_cause cause) {
  world_.robot->PowerOn();
  activity_.clear();
  Note("boot", ToWord(cause));
}

void FirmwareBridge::OnPowerOff() {
  world_.robot->PowerOff();
  Note("power_off", "");
}

void FirmwareBridge::OnLog(dp_log_level level, std::string_view task, std::string_view text) {
  world_.sink->Write(
      LogLine{world_.queue->now(), static_cast<int>(level), std::string(task), std::string(text)});
}

void FirmwareBridge::OnPose(double x_m, double y_m, double yaw_rad) {
  world_.sink->Write(PoseSample{world_.queue->now(), "M", {x_m, y_m, yaw_rad}});
}

void FirmwareBridge::OnMap(const BelievedMap& map) {
  world_.sink->Write(MapSample{world_.queue->now(),
                               map.width,
                               map.height,
                               map.resolution_m,
                               map.origin_x_m,
                               map.origin_y_m,
                               {map.cells.begin(), map.cells.end()}});
}

void FirmwareBridge::OnState(std::string_view word) {
  finished_cleanings_ += word == "cleaning_finished";
  if (word == activity_) return;
  activity_ = word;
  Note("state", activity_);
}

void FirmwareBridge::OnDataReady(std::string_view category) {
  Note("data_ready", std::string(category));
}

void FirmwareBridge::OnOutsideAttempt(std::string_view what) {
  Note("outside_attempt", std::string(what));
}

void FirmwareBridge::OnUnwatched(std::string_view way) { Note("unwatched", std::string(way)); }

void FirmwareBridge::OnLinkRefusal(std::string_view what) { Note("link_refusal", std::string(what)); }

void FirmwareBridge::OnDeadlineMissed(std::string_view task, SimDuration) {
  Note("deadline_missed", std::string(task));
}

void FirmwareBridge::Write(std::span<const std::byte> data) {
  Emission emission = NewEmission(EmissionKind::kUart, Direction::kFromRobot);
  emission.party = {.key = "uart",
                    .organisation = "whoever opens the robot",
                    .role = "public",
                    .region = "",
                    .host = "pads"};
  emission.stream_offset = uart_bytes_;
  emission.payload.assign(data.begin(), data.end());
  uart_bytes_ += data.size();
  world_.sink->Write(emission);
}

size_t FirmwareBridge::Read(std::span<std::byte> out) {
  const size_t count = std::min(out.size(), typed_.size());
  std::memcpy(out.data(), typed_.data(), count);
  typed_.erase(0, count);
  return count;
}

void FirmwareBridge::SetReadyHandler(std::function<void()> handler) {
  typing_ = std::move(handler);
}

void FirmwareBridge::TypeIntoUart(std::string_view text) {
  typed_ += text;
  if (typing_) typing_();
}

void FirmwareBridge::Note(const std::string& name, const std::string& detail) {
  world_.sink->Write(RunEvent{world_.queue->now(), "firmware", name, detail});
}

Emission FirmwareBridge::NewEmission(EmissionKind kind, Direction direction) const {
  Emission emission;
  emission.time = world_.queue->now();
  emission.emitter = "robot";
  emission.kind = kind;
  emission.direction = direction;
  emission.consents = consents_ ? consents_() : std::string();
  return emission;
}

}  // namespace dustproof
