#pragma once

#include <cstdio>
#include <cstring>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "hil/shim/lockstep/lockstep.h"
#include "hil/shim/lockstep/virtual_time.h"

namespace dustproof {

/// Keeps log lines, and writes them through to a file for a run that may die.
class LogKeeper final : public FirmwareListener {
 public:
  void OnBoot(dp_reset_cause) override { ++boots; }
  void OnLog(dp_log_level, std::string_view, std::string_view text) override {
    lines.emplace_back(text);
    if (copy_to >= 0) dprintf(copy_to, "%s\n", lines.back().c_str());
  }
  void OnPose(double, double, double) override {}
  void OnMap(const BelievedMap&) override { ++maps; }
  void OnState(std::string_view) override {}
  void OnDataReady(std::string_view) override {}
  void OnDeadlineMissed(std::string_view task, SimDuration) override {
    lines.push_back(std::string(task) + " is late");
  }
  std::vector<std::string> lines;
  int boots = 0;
  int maps = 0;
  int copy_to = -1;
};

/// Two blocks of flash. A cut erase is counted.
class SmallFlash final : public FlashDevice {
 public:
  dp_flash_info info() const override { return {8192, 4096, 256, 100}; }
  void Read(uint32_t address, std::span<std::byte> out) override {
    std::memcpy(out.data(), &bytes[address], out.size());
  }
  dp_status Program(uint32_t address, std::span<const std::byte> data) override {
    for (size_t i = 0; i < data.size(); ++i) bytes[address + i] &= data[i];
    return DP_OK;
  }
  dp_status Erase(uint32_t address) override {
    std::memset(&bytes[address], 0xFF, 4096);
    return DP_OK;
  }
  void ProgramCut(uint32_t, std::span<const std::byte>, double share) override { Cut(share); }
  void EraseCut(uint32_t, double share) override { Cut(share); }
  void Cut(double share) {
    ++cuts;
    progress = share;
  }
  std::vector<std::byte> bytes = std::vector<std::byte>(8192, std::byte{0xFF});
  int cuts = 0;
  double progress = -1;
};

class NoDrive final : public DriveDevice {
 public:
  double velocity_m_s_max() const override { return 0.3; }
  void SetVelocity(double left, double) override { left_m_s = left; }
  void SetPwm(double, double) override {}
  double left_m_s = 0;
};

class NoLidar final : public LidarDevice {
 public:
  dp_lidar_info info() const override { return {}; }
  void SetEnabled(bool) override {}
};

class NoCleaning final : public CleaningDevice {
 public:
  void SetDuty(CleaningMotor, double) override {}
};

class NoIndicators final : public IndicatorDevice {
 public:
  void SetLed(int, uint32_t) override {}
  void Beep(int, SimDuration) override {}
};

/// Finds a network and never gets into it.
class DeafWifi final : public WifiDevice {
 public:
  std::vector<dp_wifi_network> Scan() override { return {dp_wifi_network{}}; }
  void StartJoin(std::string_view, std::string_view, std::string_view) override {}
  dp_status PollJoin() override { return DP_ERR_TIMEOUT; }
  void CancelJoin() override {}
  dp_status StartHotspot(std::string_view, std::string_view) override { return DP_OK; }
  void Stop() override {}
  void PowerLost() override {}
  dp_wifi_state state() const override { return DP_WIFI_OFF; }
  uint32_t address() const override { return 0; }
  int rssi_dbm() const override { return -60; }
};

class NoUart final : public UartDevice {
 public:
  void Write(std::span<const std::byte> data) override {
    written.append(reinterpret_cast<const char*>(data.data()), data.size());
  }
  size_t Read(std::span<std::byte>) override { return 0; }
  void SetReadyHandler(std::function<void()>) override {}
  std::string written;
};

/// A network on which everything takes 100 ms: look-ups, connections, and the echo of what is sent.
class EchoNetwork : public SocketDevice {
 public:
  explicit EchoNetwork(EventQueue& queue) : queue_(queue) {}
  void SetReadyHandler(std::function<void()> handler) override { ready_ = std::move(handler); }
  int32_t Open(dp_socket_kind) override { return ++opened_; }
  dp_status StartConnect(int32_t, dp_endpoint) override {
    return Later([this] { connected_ = true; }), DP_OK;
  }
  dp_status PollConnect(int32_t) override { return connected_ ? DP_OK : DP_ERR_TIMEOUT; }
  dp_status Bind(int32_t, uint16_t) override { return DP_OK; }
  int32_t Accept(int32_t, dp_endpoint&) override { return DP_ERR_TIMEOUT; }
  int32_t Send(int32_t, std::span<const std::byte> data) override {
    Later([this, copy = std::vector<std::byte>(data.begin(), data.end())] { echo_ = copy; });
    return static_cast<int32_t>(data.size());
  }
  int32_t Receive(int32_t, std::span<std::byte> out) override {
    if (echo_.empty()) return DP_ERR_TIMEOUT;
    const size_t count = std::min(echo_.size(), out.size());
    std::memcpy(out.data(), echo_.data(), count);
    echo_.clear();
    return static_cast<int32_t>(count);
  }
  int32_t SendTo(int32_t, dp_endpoint, std::span<const std::byte> data) override {
    return static_cast<int32_t>(data.size());
  }
  int32_t ReceiveFrom(int32_t, dp_endpoint&, std::span<std::byte>) override {
    return DP_ERR_TIMEOUT;
  }
  dp_status JoinGroup(int32_t, uint32_t) override { return DP_OK; }
  void Close(int32_t) override {}
  int32_t StartLookup(std::string_view) override {
    return Later([this] { looked_up_ = true; }), 1;
  }
  int32_t PollLookup(int32_t, std::span<uint32_t> out) override {
    if (!looked_up_) return DP_ERR_TIMEOUT;
    out[0] = 0x0A000001;
    return 1;
  }
  void CancelLookup(int32_t) override {}
  void PowerLost() override { connected_ = looked_up_ = false; }

 private:
  void Later(std::function<void()> what) {
    queue_.ScheduleAfter(SimDuration::Milliseconds(100), EventSource::kNetwork, [this, what] {
      what();
      ready_();
    });
  }
  EventQueue& queue_;
  std::function<void()> ready_;
  std::vector<std::byte> echo_;
  int32_t opened_ = 0;
  bool connected_ = false;
  bool looked_up_ = false;
};

/// A robot without a world, for one firmware with one behaviour.
class Bench {
 public:
  Bench(const std::string& firmware, const std::string& behaviour, uint64_t seed = 1,
        const ComputeTable& compute = {});
  /// Runs the queue up to a time from the beginning.
  void RunUntil(double s) { queue.RunUntil(SimTime::Zero() + SimDuration::FromSeconds(s)); }

  static std::string Path(const std::string& firmware);
  static constexpr WallTime kStart =
      WallTime::FromUnixSeconds(1'772'442'000);  // 2026-03-02T09:00:00Z.

  EventQueue queue;
  LogKeeper log;
  SmallFlash flash;
  NoDrive drive;
  NoLidar lidar;
  NoCleaning cleaning;
  NoIndicators indicators;
  DeafWifi wifi;
  NoUart uart;
  EchoNetwork network{queue};
  dp_odometry_info odometry{4464, 0.233f};
  std::unique_ptr<VirtualTime> virtual_time;
  std::unique_ptr<Lockstep> host;
};

}  // namespace dustproof
