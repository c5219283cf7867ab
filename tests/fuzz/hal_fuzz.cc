// Firmware that makes HAL calls with any arguments, in tasks that disturb each other, through resets
// and after the HAL is gone. Each wrong call gets an error code and a line in the log. What it says of
// its buffers' lengths is true, or beyond any buffer: the sanitizer sees every byte too many.
#include "hil/hal/dp_hal.h"

#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "hil/shim/lockstep/internal/hal_state.h"
#include "tests/fuzz/fuzz_input.h"
#include "tests/hil/shim/bench.h"

namespace dustproof::internal {
namespace {

constexpr int kBootsMax = 3;

/// Somebody calls the robot each time that it has listened in vain twice.
class CallingNetwork final : public EchoNetwork {
 public:
  using EchoNetwork::EchoNetwork;
  int32_t Accept(int32_t listener, dp_endpoint& peer) override {
    peer = {0x0A000002, 40000};
    return ++asked_ % 3 == 0 ? Open(DP_SOCKET_TCP) : EchoNetwork::Accept(listener, peer);
  }

 private:
  int asked_ = 0;
};

/// Remembers which call was refused last; after a hundred of one call the HAL is silent about it.
class RefusalKeeper final : public FirmwareListener {
 public:
  void OnBoot(dp_reset_cause) override {}
  void OnLog(dp_log_level, std::string_view, std::string_view text) override {
    constexpr std::string_view kHead = "HAL ";
    const size_t end = text.find(" refused: ");
    if (!text.starts_with(kHead) || end == std::string_view::npos) return;
    last_ = text.substr(kHead.size(), end - kHead.size());
    ++counts_[last_];
  }
  void OnPose(double x_m, double y_m, double yaw_rad) override {
    DP_CHECK(std::isfinite(x_m) && std::isfinite(y_m) && std::isfinite(yaw_rad));
  }
  void OnMap(const BelievedMap& map) override {
    DP_CHECK(map.cells.size() == size_t(map.width) * size_t(map.height));
    Touch(std::as_bytes(map.cells));
  }
  void OnState(std::string_view word) override { Touch(std::as_bytes(std::span(word))); }
  void OnDataReady(std::string_view word) override { Touch(std::as_bytes(std::span(word))); }

  /// Whether the call that has just answered was the one refused last. Asked once for each.
  bool SaidOf(const std::string& call) {
    return counts_[call] >= 100 || std::exchange(last_, "") == call;
  }

 private:
  /// Reads all of it, for the sanitizer's eyes.
  static void Touch(std::span<const std::byte> bytes) {
    const std::vector<std::byte> copy(bytes.begin(), bytes.end());
  }
  std::string last_;
  std::map<std::string, int> counts_;
};

/// Memory that firmware owns, each piece exactly as long as it says.
class Memory {
 public:
  std::byte* Take(size_t bytes) {
    pieces_.push_back(std::make_unique<std::byte[]>(bytes));
    return pieces_.back().get();
  }
  void Clear() { pieces_.clear(); }

 private:
  std::vector<std::unique_ptr<std::byte[]>> pieces_;  // A task that is reset frees nothing.
};

template <typename Interface>
const Interface* Query(const char* name) {
  return static_cast<const Interface*>(FindInterface(name, 1));
}

class Firmware {
 public:
  Firmware(fuzz::Input& input, RefusalKeeper& refusals) : input_(input), refusals_(refusals) {}

  /// Looks the interfaces up, as firmware does once.
  void Boot() {
    clock_ = Query<dp_clock_v1>(DP_CLOCK);
    task_ = Query<dp_task_v1>(DP_TASK);
    log_ = Query<dp_log_v1>(DP_LOG);
    random_ = Query<dp_random_v1>(DP_RANDOM);
    identity_ = Query<dp_identity_v1>(DP_IDENTITY);
    system_ = Query<dp_system_v1>(DP_SYSTEM);
    diagnostics_ = Query<dp_diagnostics_v1>(DP_DIAGNOSTICS);
    lidar_ = Query<dp_lidar_v1>(DP_LIDAR);
    odometry_ = Query<dp_odometry_v1>(DP_ODOMETRY);
    imu_ = Query<dp_imu_v1>(DP_IMU);
    hazard_ = Query<dp_hazard_v1>(DP_HAZARD);
    buttons_ = Query<dp_buttons_v1>(DP_BUTTONS);
    dock_ = Query<dp_dock_v1>(DP_DOCK);
    battery_ = Query<dp_battery_v1>(DP_BATTERY);
    drive_ = Query<dp_drive_v1>(DP_DRIVE);
    cleaning_ = Query<dp_cleaning_v1>(DP_CLEANING);
    indicators_ = Query<dp_indicators_v1>(DP_INDICATORS);
    flash_ = Query<dp_flash_v1>(DP_FLASH);
    wifi_ = Query<dp_wifi_v1>(DP_WIFI);
    socket_ = Query<dp_socket_v1>(DP_SOCKET);
    uart_ = Query<dp_uart_v1>(DP_UART);
    rtc_ = Query<dp_rtc_v1>(DP_RTC);
    mailbox_bytes_.clear();
  }

  static void Main(void* firmware) { static_cast<Firmware*>(firmware)->MakeCalls(); }

  void MakeCalls() {
    while (!input_.empty()) MakeCall();
  }

  /// The HAL is gone: from now on every call is one too many.
  void Outlive(fuzz::Input& calls) {
    hal_is_gone_ = true;
    input_ = calls;
    MakeCalls();
  }

 private:
  struct Buffer {
    void* at = nullptr;
    size_t bytes = 0;
    bool wild = false;  ///< No call may go through with it.
  };

  // Arguments.

  Buffer AnyBuffer() {
    static constexpr size_t kWild[] = {(64u << 20) + 1, size_t{1} << 31,  size_t{1} << 40,
                                       SIZE_MAX / 2,    SIZE_MAX - 0xFFF, SIZE_MAX};
    static constexpr size_t kTrue[] = {0, 1, 2, 6, 255, 256, 257, 1472, 1473, 4096, 8192, 65536};
    const uint8_t how = input_.Byte();
    if (how >= 0xF0) return {memory_.Take(1), kWild[how % std::size(kWild)], true};
    const size_t bytes = kTrue[how % std::size(kTrue)];
    if (how >= 0xD0) return {nullptr, bytes, bytes > 0};
    return {memory_.Take(bytes), bytes};
  }

  template <typename T>
  T* AnyOut() {
    if (input_.Byte() % 8 == 0) return nullptr;
    return reinterpret_cast<T*>(memory_.Take(sizeof(T)));
  }

  /// Null, a word, or a text without an end of just so many bytes that it is refused at its length.
  const char* AnyText(size_t refused_bytes) {
    static constexpr size_t kLengths[] = {0, 1, 7, 8, 31, 32, 33, 63, 64, 65, 253, 254, 1023, 2000};
    const uint8_t how = input_.Byte();
    if (how >= 0xF0) return nullptr;
    const bool endless = how >= 0xD0;
    const size_t bytes = endless ? refused_bytes : kLengths[how % std::size(kLengths)];
    char* text = reinterpret_cast<char*>(memory_.Take(bytes + (endless ? 0 : 1)));
    std::memset(text, how % 2 ? 'x' : 0xC3, bytes);
    return text;
  }

  uint64_t AnyWait() {
    static constexpr uint64_t kWaits[] = {0, 0, 1, 1000, 150000, 10'000'000, DP_FOREVER - 1,
                                          DP_FOREVER};
    return kWaits[input_.Byte() % std::size(kWaits)];
  }

  double AnyNumber() {
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    static constexpr double kNumbers[] = {0,     -1,        0.5,        1,       1.001, 1e308,
                                          -1e308, kInfinity, -kInfinity, NAN};
    return kNumbers[input_.Byte() % std::size(kNumbers)];
  }

  uint32_t AnyAddress() {
    static constexpr uint32_t kAddresses[] = {0,    1,    255,  256,        4095,       4096,
                                              8191, 8192, 7936, 0xE0000001, 0x7FFFFFFF, UINT32_MAX};
    return kAddresses[input_.Byte() % std::size(kAddresses)];
  }

  int32_t AnyHandle() {
    static constexpr int32_t kNumbers[] = {0, -1, 1, 99, 0x10000, 0x100FF, INT32_MAX, INT32_MIN};
    const uint8_t how = input_.Byte();
    if (handles_.empty() || how >= 0xE0) return kNumbers[how % std::size(kNumbers)];
    return handles_[handles_.size() - 1 - how % std::min<size_t>(handles_.size(), 8)];
  }

  dp_endpoint AnyEndpoint() { return {AnyAddress(), static_cast<uint16_t>(input_.Byte() % 3)}; }

  /// C lets an enum be any number.
  template <typename Enum>
  __attribute__((no_sanitize("undefined"))) Enum AnyEnum(std::initializer_list<int32_t> numbers) {
    const int32_t number = numbers.begin()[input_.Byte() % numbers.size()];
    Enum value;
    std::memcpy(&value, &number, sizeof value);
    return value;
  }

  // Answers.

  int32_t Answered(const char* call, int32_t answer, bool wrong = false) {
    DP_CHECK(answer >= DP_ERR_STATE, call, answer);
    DP_CHECK(!hal_is_gone_ || answer == DP_ERR_STATE, call, answer);
    DP_CHECK(!wrong || answer < 0, call, answer);
    if (answer == DP_ERR_INVALID) DP_CHECK(refusals_.SaidOf(call), call);
    return answer;
  }

  void Keep(int32_t handle) {
    if (handle > 0) handles_.push_back(handle);
  }

  // Calls.

  void MakeCall() {
    switch (input_.Byte() % 12) {
      case 0:
        return CallClockAndSystem();
      case 1:
      case 2:
        return CallTasks();
      case 3:
        return CallDiagnostics();
      case 4:
        return CallSensors();
      case 5:
        return CallActuators();
      case 6:
      case 7:
        return CallFlash();
      case 8:
        return CallWifi();
      default:
        return CallSocketsAndUart();
    }
  }

  void CallClockAndSystem() {
    switch (input_.Byte() % 16) {
      case 0:
      case 1:
        return clock_->sleep_us(AnyWait());
      case 2:
        return clock_->sleep_until_us(AnyWait());
      case 3:
        return task_->yield();
      case 4: {
        const Buffer buffer = AnyBuffer();
        return random_->fill(buffer.at, buffer.bytes);
      }
      case 5:
        DP_CHECK(identity_->robot_id() != nullptr && identity_->mac() != nullptr);
        DP_CHECK(task_->current_name() != nullptr);
        return;
      case 6:
        return log_->write(AnyEnum<dp_log_level>({10, 40, 0, -1, INT32_MAX}), AnyText(1023));
      case 7:
        system_->reset_cause();
        rtc_->utc_us();
        clock_->now_us();
        return;
      case 8:
        return system_->reboot();
      case 9:
        return battery_->power_off();
      default: {
        const char* name = AnyText(32);
        FindInterface(name, input_.Byte());
        return log_->write(DP_LOG_INFO, "a line");
      }
    }
  }

  void CallTasks() {
    switch (input_.Byte() % 6) {
      case 0: {
        void (*entry)(void*) = input_.Byte() % 8 == 0 ? nullptr : &Main;
        static constexpr size_t kStacks[] = {65536, 65536, 0, 16383, 8388609, SIZE_MAX};
        const char* name = AnyText(32);
        const size_t stack_bytes = kStacks[input_.Byte() % std::size(kStacks)];
        Answered("task.create", task_->create(name, entry, this, stack_bytes),
                 name == nullptr || entry == nullptr || stack_bytes != 65536);
        return;
      }
      case 1: {
        static constexpr size_t kMessages[] = {1, 8, 65536, 0, 65537, SIZE_MAX};
        static constexpr size_t kCapacities[] = {1, 2, 4096, 0, 4097, SIZE_MAX};
        const size_t bytes = kMessages[input_.Byte() % std::size(kMessages)];
        const size_t capacity = kCapacities[input_.Byte() % std::size(kCapacities)];
        const int32_t handle = Answered("task.mailbox_create",
                                        task_->mailbox_create(bytes, capacity),
                                        bytes - 1 > 65535 || capacity - 1 > 4095);
        if (handle > 0) mailbox_bytes_[static_cast<dp_handle>(handle)] = bytes;
        return Keep(handle);
      }
      default: {
        const bool sends = input_.Byte() % 2 == 0;
        const auto handle = static_cast<dp_handle>(AnyHandle());
        const auto known = mailbox_bytes_.find(handle);
        void* message = input_.Byte() % 8 == 0
                            ? nullptr
                            : memory_.Take(known == mailbox_bytes_.end() ? 1 : known->second);
        const bool wrong = known == mailbox_bytes_.end() || message == nullptr;
        if (sends) {
          Answered("task.mailbox_send", task_->mailbox_send(handle, message, AnyWait()), wrong);
        } else {
          Answered("task.mailbox_receive", task_->mailbox_receive(handle, message, AnyWait()),
                   wrong);
        }
      }
    }
  }

  void CallDiagnostics() {
    switch (input_.Byte() % 4) {
      case 0:
        return diagnostics_->pose(AnyNumber(), AnyNumber(), AnyNumber());
      case 1: {
        static constexpr int32_t kSides[] = {1, 3, 100, 0, -1, 1 << 24, INT32_MAX, INT32_MIN};
        const int32_t width = kSides[input_.Byte() % std::size(kSides)];
        const int32_t height = kSides[input_.Byte() % std::size(kSides)];
        const int64_t cells = int64_t{width} * height;
        const bool true_size = width > 0 && height > 0 && cells <= 10000;
        // A size beyond this has to be refused by itself; in between lie those that firmware may have.
        if (!true_size && width > 0 && height > 0 && cells <= 1 << 24) return;
        const auto* at = reinterpret_cast<const int8_t*>(
            memory_.Take(true_size ? static_cast<size_t>(cells) : 1));
        return diagnostics_->map(width, height, AnyNumber(), AnyNumber(), AnyNumber(),
                                 input_.Byte() % 8 == 0 ? nullptr : at);
      }
      case 2:
        return diagnostics_->state(AnyText(64));
      default:
        return diagnostics_->data_ready(AnyText(64));
    }
  }

  template <typename Sample>
  void Read(const char* call, dp_status (*read)(Sample*, uint64_t)) {
    auto* out = AnyOut<Sample>();
    Answered(call, read(out, AnyWait()), out == nullptr);
  }
  template <typename Sample>
  void Latest(const char* call, dp_status (*latest)(Sample*)) {
    auto* out = AnyOut<Sample>();
    Answered(call, latest(out), out == nullptr);
  }

  void CallSensors() {
    switch (input_.Byte() % 10) {
      case 0:
        return Read("lidar.read", lidar_->read);
      case 1:
        return Read("odometry.read", odometry_->read);
      case 2:
        return Latest("odometry.latest", odometry_->latest);
      case 3:
        return Read("imu.read", imu_->read);
      case 4:
        return Latest("imu.latest", imu_->latest);
      case 5:
        return Latest("hazard.latest", hazard_->latest);
      case 6: {
        const auto* seen = AnyOut<dp_hazard_sample>();
        auto* out = AnyOut<dp_hazard_sample>();
        Answered("hazard.wait_change", hazard_->wait_change(seen, out, AnyWait()),
                 seen == nullptr || out == nullptr);
        return;
      }
      case 7:
        return Read("buttons.read", buttons_->read);
      case 8:
        return Latest("dock.latest", dock_->latest);
      default:
        return Latest("battery.latest", battery_->latest);
    }
  }

  void CallActuators() {
    const auto left = static_cast<float>(AnyNumber()), right = static_cast<float>(AnyNumber());
    switch (input_.Byte() % 7) {
      case 0:
        Answered("drive.set_velocity", drive_->set_velocity(left, right),
                 !std::isfinite(left) || !std::isfinite(right));
        return;
      case 1:
        Answered("drive.set_pwm", drive_->set_pwm(left, right),
                 !(std::abs(left) <= 1) || !(std::abs(right) <= 1));
        return;
      case 2:
        Answered("cleaning.set", cleaning_->set_fan(left), !(left >= 0 && left <= 1));
        return;
      case 3: {
        const uint8_t index = input_.Byte() % 6;
        Answered("indicators.set_led", indicators_->set_led(index, AnyAddress()), index > 3);
        return;
      }
      case 4:
        Answered("indicators.beep", indicators_->beep(input_.Word(), input_.Word()));
        return;
      case 5:
        drive_->velocity_m_s_max();
        odometry_->info();
        lidar_->info();
        return;
      default:
        Answered("lidar.set_enabled", lidar_->set_enabled(input_.Byte() % 2 != 0));
    }
  }

  void CallFlash() {
    const uint32_t address = AnyAddress();
    switch (input_.Byte() % 4) {
      case 0: {
        const Buffer out = AnyBuffer();
        Answered("flash.read", flash_->read(address, out.at, out.bytes),
                 out.wild || address + out.bytes > 8192);
        return;
      }
      case 1: {
        const Buffer data = AnyBuffer();
        Answered("flash.program", flash_->program(address, data.at, data.bytes),
                 data.wild || address % 256 + data.bytes > 256);
        return;
      }
      case 2:
        Answered("flash.erase", flash_->erase(address), address % 4096 != 0 || address >= 8192);
        return;
      default:
        flash_->info();
    }
  }

  void CallWifi() {
    switch (input_.Byte() % 6) {
      case 0: {
        const size_t room = input_.Byte() % 3;
        auto* out = reinterpret_cast<dp_wifi_network*>(memory_.Take(room * sizeof(dp_wifi_network)));
        if (input_.Byte() % 8 == 0) out = nullptr;
        Answered("wifi.scan", wifi_->scan(out, room), out == nullptr && room > 0);
        return;
      }
      case 1:
      case 2: {
        const char *ssid = AnyText(33), *password = AnyText(65), *host_name = AnyText(254);
        Answered("wifi.join", wifi_->join(ssid, password, host_name, AnyWait()), ssid == nullptr);
        return;
      }
      case 3: {
        const char *ssid = AnyText(33), *passphrase = AnyText(64);
        Answered("wifi.start_hotspot", wifi_->start_hotspot(ssid, passphrase), ssid == nullptr);
        return;
      }
      case 4:
        wifi_->state();
        wifi_->address();
        wifi_->rssi_dbm();
        return;
      default:
        Answered("wifi.stop", wifi_->stop());
    }
  }

  void CallSocketsAndUart() {
    switch (input_.Byte() % 16) {
      case 0: {
        static constexpr size_t kRooms[] = {1, 2, 0, 4097, SIZE_MAX};
        const size_t room = kRooms[input_.Byte() % std::size(kRooms)];
        auto* out = reinterpret_cast<uint32_t*>(memory_.Take(room <= 2 ? room * 4 : 4));
        if (input_.Byte() % 8 == 0) out = nullptr;
        const char* host = AnyText(254);
        Answered("socket.resolve", socket_->resolve(host, out, room, AnyWait()),
                 host == nullptr || out == nullptr || room - 1 > 1);
        return;
      }
      case 1:
      case 2:
        return Keep(Answered("socket.open",
                             socket_->open(AnyEnum<dp_socket_kind>({1, 1, 2, 7, -1, INT32_MIN}))));
      case 3:
      case 4: {
        const int32_t handle = AnyHandle();
        const dp_endpoint to = AnyEndpoint();
        Answered("socket.connect", socket_->connect(handle, to, AnyWait()), to.port == 0);
        return;
      }
      case 5: {
        const int32_t handle = AnyHandle();
        Answered("socket.bind", socket_->bind(handle, input_.Byte() % 3));
        return;
      }
      case 6: {
        const int32_t handle = AnyHandle();
        auto* peer = AnyOut<dp_endpoint>();
        return Keep(Answered("socket.accept", socket_->accept(handle, peer, AnyWait())));
      }
      case 7: {
        const int32_t handle = AnyHandle();
        const Buffer data = AnyBuffer();
        Answered("socket.send", socket_->send(handle, data.at, data.bytes, AnyWait()), data.wild);
        return;
      }
      case 8: {
        const int32_t handle = AnyHandle();
        const Buffer out = AnyBuffer();
        Answered("socket.receive", socket_->receive(handle, out.at, out.bytes, AnyWait()),
                 out.wild || out.bytes == 0);
        return;
      }
      case 9: {
        const int32_t handle = AnyHandle();
        const dp_endpoint to = AnyEndpoint();
        const Buffer data = AnyBuffer();
        Answered("socket.send_to", socket_->send_to(handle, to, data.at, data.bytes),
                 data.wild || data.bytes > 1472 || to.port == 0);
        return;
      }
      case 10: {
        const int32_t handle = AnyHandle();
        auto* from = AnyOut<dp_endpoint>();
        const Buffer out = AnyBuffer();
        Answered("socket.receive_from",
                 socket_->receive_from(handle, from, out.at, out.bytes, AnyWait()),
                 out.wild || out.bytes == 0);
        return;
      }
      case 11: {
        const int32_t handle = AnyHandle();
        Answered("socket.join_group", socket_->join_group(handle, AnyAddress()));
        return;
      }
      case 12:
      case 13: {
        const int32_t handle = AnyHandle();
        if (Answered("socket.close", socket_->close(handle)) != DP_OK) return;
        Answered("socket.close", socket_->close(handle), true);
        return;
      }
      case 14: {
        const Buffer data = AnyBuffer();
        Answered("uart.write", uart_->write(data.at, data.bytes), data.wild);
        return;
      }
      default: {
        const Buffer out = AnyBuffer();
        Answered("uart.read", uart_->read(out.at, out.bytes, AnyWait()),
                 out.wild || out.bytes == 0);
      }
    }
  }

  fuzz::Input& input_;
  RefusalKeeper& refusals_;
  Memory memory_;
  bool hal_is_gone_ = false;
  std::vector<int32_t> handles_;  // Dead ones too.
  std::map<dp_handle, size_t> mailbox_bytes_;

  const dp_clock_v1* clock_ = nullptr;
  const dp_task_v1* task_ = nullptr;
  const dp_log_v1* log_ = nullptr;
  const dp_random_v1* random_ = nullptr;
  const dp_identity_v1* identity_ = nullptr;
  const dp_system_v1* system_ = nullptr;
  const dp_diagnostics_v1* diagnostics_ = nullptr;
  const dp_lidar_v1* lidar_ = nullptr;
  const dp_odometry_v1* odometry_ = nullptr;
  const dp_imu_v1* imu_ = nullptr;
  const dp_hazard_v1* hazard_ = nullptr;
  const dp_buttons_v1* buttons_ = nullptr;
  const dp_dock_v1* dock_ = nullptr;
  const dp_battery_v1* battery_ = nullptr;
  const dp_drive_v1* drive_ = nullptr;
  const dp_cleaning_v1* cleaning_ = nullptr;
  const dp_indicators_v1* indicators_ = nullptr;
  const dp_flash_v1* flash_ = nullptr;
  const dp_wifi_v1* wifi_ = nullptr;
  const dp_socket_v1* socket_ = nullptr;
  const dp_uart_v1* uart_ = nullptr;
  const dp_rtc_v1* rtc_ = nullptr;
};

/// A robot without a world: power on, samples for a while, a power cut somewhere in between.
class Robot {
 public:
  Robot(Firmware& firmware, RefusalKeeper& refusals, uint8_t how) : firmware_(firmware) {
    Devices devices;
    devices.lidar = &lidar_;
    devices.odometry = &odometry_;
    devices.drive = &drive_;
    devices.cleaning = &cleaning_;
    devices.indicators = &indicators_;
    devices.flash = &flash_;
    devices.wifi = &wifi_;
    devices.sockets = &network_;
    devices.uart = &uart_;
    devices.listener = &refusals;
    hal_ = std::make_unique<HalState>(queue_, devices, WallTime::FromUnixSeconds(1'772'442'000),
                                      Seed(1), nullptr);
    hal_->on_reboot = hal_->on_power_off = [this] { Reset(); };
    Boot();
    for (int i = 1; i <= 20; ++i)
      queue_.ScheduleAfter(SimDuration::Milliseconds(70 * i), EventSource::kFirmware,
                           [this] { PushSamples(); });
    if (how != 0) {
      queue_.ScheduleAfter(SimDuration::Microseconds(317 * how), EventSource::kFirmware,
                           [this] { Reset(); });
    }
  }

  void Run() {
    while (!queue_.empty()) queue_.RunNext();
  }

 private:
  void Boot() {
    firmware_.Boot();
    hal_->scheduler.Spawn("main", &Firmware::Main, &firmware_, 1 << 17);
  }
  void Reset() {
    hal_->scheduler.AbandonAll();
    hal_->ResetParts();
    hal_->booted = queue_.now();
    if (++boots_ < kBootsMax) Boot();
  }
  void PushSamples() {
    const auto now_us = static_cast<uint64_t>(queue_.now().nanoseconds() / 1000);
    SensorInbox& sensors = hal_->sensors;
    const auto push = [&](auto&& sample) {
      sample.time_us = now_us;
      sensors.Push(sample);
    };
    sensors.Push(dp_lidar_turn{});
    push(dp_odometry_sample{});
    push(dp_imu_sample{});
    dp_hazard_sample hazard{};
    hazard.bumper_left = now_us % 20'000 == 0;
    push(hazard);
    push(dp_button_event{});
    push(dp_dock_sample{});
    push(dp_battery_sample{});
  }

  Firmware& firmware_;
  int boots_ = 0;
  EventQueue queue_;
  NoLidar lidar_;
  NoDrive drive_;
  NoCleaning cleaning_;
  NoIndicators indicators_;
  SmallFlash flash_;
  DeafWifi wifi_;
  CallingNetwork network_{queue_};
  NoUart uart_;
  dp_odometry_info odometry_{4464, 0.233f};
  std::unique_ptr<HalState> hal_;
};

}  // namespace
}  // namespace dustproof::internal

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace dustproof;
  using namespace dustproof::internal;
  fuzz::Input input(data, size);
  RefusalKeeper refusals;
  const uint8_t how = input.Byte();
  Firmware firmware(input, refusals);
  {
    Robot robot(firmware, refusals, how);
    robot.Run();
  }
  fuzz::Input again(data, std::min<size_t>(size, 256));
  firmware.Outlive(again);
  return 0;
}
