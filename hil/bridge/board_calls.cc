#include "hil/bridge/board_calls.h"

#include <algorithm>
#include <string>
#include <vector>

#include "hil/bridge/board_samples.h"

namespace dustproof {
namespace {

using Tables = BoardCalls::Tables;

constexpr size_t kReadBytesMax = 65535;  // In one answer: nanopb counts bytes in 16 bits.
constexpr uint64_t kFlashBytesMax = 1 << 26;  // More than there is, to be refused.

// A call's arguments; those that a board left out are 0 and "".
class Arguments {
 public:
  explicit Arguments(const wire::Call& call) : call_(call) {}
  uint64_t Integer(int i) const { return i < call_.integers_size() ? call_.integers(i) : 0; }
  template <typename T>
  T As(int i) const {
    return static_cast<T>(Integer(i));
  }
  double Real(int i) const { return i < call_.reals_size() ? call_.reals(i) : 0; }
  float Float(int i) const { return static_cast<float>(Real(i)); }
  const std::string& data() const { return call_.data(); }
  const char* text() const { return call_.text().c_str(); }
  /// The texts of a call that may do without them, null where bit `i` of integer 0 is not set.
  const char* OptionalText(int i) const {
    if ((Integer(0) >> i & 1) == 0) return nullptr;
    return i == 0 ? text() : i == 1 ? call_.text_2().c_str() : call_.text_3().c_str();
  }
  dp_endpoint Endpoint(int i) const { return {As<uint32_t>(i), As<uint16_t>(i + 1)}; }
  size_t Capacity(int i) const { return static_cast<size_t>(std::min<uint64_t>(Integer(i), kReadBytesMax)); }

 private:
  const wire::Call& call_;
};

using Answer = void (*)(const Tables& hal, const Arguments& in, wire::Result& out);
struct Handler {
  wire::Function function;
  Answer answer;
};

// Fills `capacity` bytes by `read`, which returns how many it gave, and sends those.
template <typename Read>
void AnswerBytes(size_t capacity, wire::Result& out, Read read) {
  std::string& data = *out.mutable_data();
  data.resize(capacity);
  const int32_t count = read(data.data(), capacity);
  data.resize(count > 0 ? std::min(capacity, static_cast<size_t>(count)) : 0);
  out.set_value(count);
}

template <typename Sample, typename Read, typename Put>
void AnswerSample(wire::Result& out, Read read, Put put) {
  Sample sample{};
  const dp_status status = read(sample);
  out.set_value(status);
  if (status == DP_OK) Write(sample, *put(*out.mutable_sample()));
}

constexpr Handler kTaskCalls[] = {
    {wire::TASK_YIELD, [](auto& hal, auto&, auto&) { hal.task->yield(); }},
    {wire::SLEEP_UNTIL, [](auto& hal, auto& in, auto&) { hal.clock->sleep_until_us(in.Integer(0)); }},
    {wire::MAILBOX_CREATE,
     [](auto& hal, auto& in, auto& out) {
       out.set_value(hal.task->mailbox_create(in.Integer(0), in.Integer(1)));
     }},
    {wire::MAILBOX_SEND,
     [](auto& hal, auto& in, auto& out) {
       // The longest message that a mailbox can take: what it takes of a shorter one is zero.
       std::string message = in.data();
       message.resize(std::max<size_t>(message.size(), 65536));
       out.set_value(hal.task->mailbox_send(in.template As<dp_handle>(0), message.data(), in.Integer(1)));
     }},
    {wire::MAILBOX_RECEIVE,
     [](auto& hal, auto& in, auto& out) {
       out.mutable_data()->resize(65536);
       out.set_value(hal.task->mailbox_receive(in.template As<dp_handle>(0), out.mutable_data()->data(), in.Integer(1)));
       out.mutable_data()->resize(out.value() == DP_OK ? std::min<size_t>(in.Integer(2), 65536) : 0);
     }},
    {wire::RANDOM_FILL,
     [](auto& hal, auto& in, auto& out) {
       out.mutable_data()->resize(in.Capacity(0));
       hal.random->fill(out.mutable_data()->data(), out.data().size());
     }},
    {wire::LIBRARY_RANDOM,
     [](auto& hal, auto& in, auto& out) {
       out.mutable_data()->resize(in.Capacity(0));
       (*hal.library)[in.Integer(1) & 1].Fill(
           {reinterpret_cast<std::byte*>(out.mutable_data()->data()), out.data().size()});
     }},
    {wire::LIBRARY_SEED,
     [](auto& hal, auto& in, auto&) {
       (*hal.library)[1] =
           hal.seed->Derive("library.rand").Stream(std::to_string(in.template As<uint32_t>(0)));
     }},
};

constexpr Handler kWordCalls[] = {
    {wire::LOG_WRITE,
     [](auto& hal, auto& in, auto&) { hal.log->write(static_cast<dp_log_level>(in.template As<int32_t>(0)), in.text()); }},
    {wire::DIAGNOSTICS_POSE,
     [](auto& hal, auto& in, auto&) { hal.diagnostics->pose(in.Real(0), in.Real(1), in.Real(2)); }},
    {wire::DIAGNOSTICS_MAP,
     [](auto& hal, auto& in, auto&) {
       const auto width = in.template As<int32_t>(0), height = in.template As<int32_t>(1);
       const bool whole = width > 0 && height > 0 &&
                          static_cast<uint64_t>(width) * static_cast<uint64_t>(height) == in.data().size();
       hal.diagnostics->map(width, height, in.Real(0), in.Real(1), in.Real(2),
                            whole ? reinterpret_cast<const int8_t*>(in.data().data()) : nullptr);
     }},
    {wire::DIAGNOSTICS_STATE, [](auto& hal, auto& in, auto&) { hal.diagnostics->state(in.text()); }},
    {wire::DIAGNOSTICS_DATA_READY, [](auto& hal, auto& in, auto&) { hal.diagnostics->data_ready(in.text()); }},
    {wire::REBOOT, [](auto& hal, auto&, auto&) { hal.system->reboot(); }},
    {wire::POWER_OFF, [](auto& hal, auto&, auto&) { hal.battery->power_off(); }},
};

constexpr Handler kSensorCalls[] = {
    {wire::LIDAR_SET_ENABLED,
     [](auto& hal, auto& in, auto& out) { out.set_value(hal.lidar->set_enabled(in.Integer(0) != 0)); }},
    {wire::LIDAR_READ,
     [](auto& hal, auto& in, auto& out) {
       AnswerSample<dp_lidar_turn>(
           out, [&](auto& sample) { return hal.lidar->read(&sample, in.Integer(0)); },
           [](auto& samples) { return samples.add_lidar(); });
     }},
    {wire::ODOMETRY_READ,
     [](auto& hal, auto& in, auto& out) {
       AnswerSample<dp_odometry_sample>(
           out, [&](auto& sample) { return hal.odometry->read(&sample, in.Integer(0)); },
           [](auto& samples) { return samples.add_odometry(); });
     }},
    {wire::IMU_READ,
     [](auto& hal, auto& in, auto& out) {
       AnswerSample<dp_imu_sample>(
           out, [&](auto& sample) { return hal.imu->read(&sample, in.Integer(0)); },
           [](auto& samples) { return samples.add_imu(); });
     }},
    {wire::BUTTONS_READ,
     [](auto& hal, auto& in, auto& out) {
       AnswerSample<dp_button_event>(
           out, [&](auto& sample) { return hal.buttons->read(&sample, in.Integer(0)); },
           [](auto& samples) { return samples.add_buttons(); });
     }},
    {wire::HAZARD_WAIT_CHANGE,
     [](auto& hal, auto& in, auto& out) {
       const dp_hazard_sample seen = {.time_us = 0,
                                      .bumper_left = in.Integer(0) != 0,
                                      .bumper_right = in.Integer(1) != 0,
                                      .cliff = in.template As<uint8_t>(2),
                                      .over_current_left = in.Integer(3) != 0,
                                      .over_current_right = in.Integer(4) != 0};
       AnswerSample<dp_hazard_sample>(
           out, [&](auto& sample) { return hal.hazard->wait_change(&seen, &sample, in.Integer(5)); },
           [](auto& samples) { return samples.add_hazard(); });
     }},
};

constexpr Handler kActuatorCalls[] = {
    {wire::DRIVE_SET_VELOCITY,
     [](auto& hal, auto& in, auto& out) { out.set_value(hal.drive->set_velocity(in.Float(0), in.Float(1))); }},
    {wire::DRIVE_SET_PWM,
     [](auto& hal, auto& in, auto& out) { out.set_value(hal.drive->set_pwm(in.Float(0), in.Float(1))); }},
    {wire::CLEANING_MAIN_BRUSH,
     [](auto& hal, auto& in, auto& out) { out.set_value(hal.cleaning->set_main_brush(in.Float(0))); }},
    {wire::CLEANING_SIDE_BRUSH,
     [](auto& hal, auto& in, auto& out) { out.set_value(hal.cleaning->set_side_brush(in.Float(0))); }},
    {wire::CLEANING_FAN,
     [](auto& hal, auto& in, auto& out) { out.set_value(hal.cleaning->set_fan(in.Float(0))); }},
    {wire::INDICATORS_LED,
     [](auto& hal, auto& in, auto& out) {
       out.set_value(hal.indicators->set_led(in.template As<uint8_t>(0), in.template As<uint32_t>(1)));
     }},
    {wire::INDICATORS_BEEP,
     [](auto& hal, auto& in, auto& out) {
       out.set_value(hal.indicators->beep(in.template As<uint16_t>(0), in.template As<uint16_t>(1)));
     }},
};

constexpr Handler kStorageCalls[] = {
    {wire::FLASH_READ,
     [](auto& hal, auto& in, auto& out) {
       const size_t bytes = std::min(in.Integer(1), kFlashBytesMax);
       out.mutable_data()->resize(bytes);
       out.set_value(hal.flash->read(in.template As<uint32_t>(0), out.mutable_data()->data(), bytes));
       if (out.value() != DP_OK || bytes > kReadBytesMax) out.clear_data();
     }},
    {wire::FLASH_PROGRAM,
     [](auto& hal, auto& in, auto& out) {
       out.set_value(hal.flash->program(in.template As<uint32_t>(0), in.data().data(), in.data().size()));
     }},
    {wire::FLASH_ERASE,
     [](auto& hal, auto& in, auto& out) { out.set_value(hal.flash->erase(in.template As<uint32_t>(0))); }},
};

constexpr Handler kWifiCalls[] = {
    {wire::WIFI_SCAN,
     [](auto& hal, auto& in, auto& out) {
       std::vector<dp_wifi_network> networks(std::min<uint64_t>(in.Integer(0), 256));
       out.set_value(hal.wifi->scan(networks.data(), networks.size()));
       for (int64_t i = 0; i < out.value(); ++i) Write(networks[static_cast<size_t>(i)], *out.add_networks());
     }},
    {wire::WIFI_JOIN,
     [](auto& hal, auto& in, auto& out) {
       out.set_value(hal.wifi->join(in.OptionalText(0), in.OptionalText(1), in.OptionalText(2), in.Integer(1)));
     }},
    {wire::WIFI_START_HOTSPOT,
     [](auto& hal, auto& in, auto& out) {
       out.set_value(hal.wifi->start_hotspot(in.OptionalText(0), in.OptionalText(1)));
     }},
    {wire::WIFI_STOP, [](auto& hal, auto&, auto& out) { out.set_value(hal.wifi->stop()); }},
    {wire::WIFI_STATE, [](auto& hal, auto&, auto& out) { out.set_value(hal.wifi->state()); }},
    {wire::WIFI_ADDRESS, [](auto& hal, auto&, auto& out) { out.set_value(hal.wifi->address()); }},
    {wire::WIFI_RSSI, [](auto& hal, auto&, auto& out) { out.set_value(hal.wifi->rssi_dbm()); }},
};

constexpr Handler kSocketCalls[] = {
    {wire::SOCKET_RESOLVE,
     [](auto& hal, auto& in, auto& out) {
       std::vector<uint32_t> found(std::min<uint64_t>(in.Integer(0), 256));
       out.set_value(hal.socket->resolve(in.text(), found.data(), found.size(), in.Integer(1)));
       for (int64_t i = 0; i < out.value(); ++i) out.add_integers(found[static_cast<size_t>(i)]);
     }},
    {wire::SOCKET_OPEN,
     [](auto& hal, auto& in, auto& out) {
       out.set_value(hal.socket->open(static_cast<dp_socket_kind>(in.template As<int32_t>(0))));
     }},
    {wire::SOCKET_CONNECT,
     [](auto& hal, auto& in, auto& out) {
       out.set_value(hal.socket->connect(in.template As<int32_t>(0), in.Endpoint(1), in.Integer(3)));
     }},
    {wire::SOCKET_BIND,
     [](auto& hal, auto& in, auto& out) {
       out.set_value(hal.socket->bind(in.template As<int32_t>(0), in.template As<uint16_t>(1)));
     }},
    {wire::SOCKET_ACCEPT,
     [](auto& hal, auto& in, auto& out) {
       dp_endpoint peer{};
       out.set_value(hal.socket->accept(in.template As<int32_t>(0), &peer, in.Integer(1)));
       out.add_integers(peer.address);
       out.add_integers(peer.port);
     }},
    {wire::SOCKET_SEND,
     [](auto& hal, auto& in, auto& out) {
       out.set_value(hal.socket->send(in.template As<int32_t>(0), in.data().data(), in.data().size(), in.Integer(1)));
     }},
    {wire::SOCKET_RECEIVE,
     [](auto& hal, auto& in, auto& out) {
       AnswerBytes(in.Capacity(1), out, [&](char* data, size_t capacity) {
         return hal.socket->receive(in.template As<int32_t>(0), data, capacity, in.Integer(2));
       });
     }},
    {wire::SOCKET_SEND_TO,
     [](auto& hal, auto& in, auto& out) {
       out.set_value(hal.socket->send_to(in.template As<int32_t>(0), in.Endpoint(1), in.data().data(), in.data().size()));
     }},
    {wire::SOCKET_RECEIVE_FROM,
     [](auto& hal, auto& in, auto& out) {
       dp_endpoint from{};
       AnswerBytes(in.Capacity(1), out, [&](char* data, size_t capacity) {
         return hal.socket->receive_from(in.template As<int32_t>(0), &from, data, capacity, in.Integer(2));
       });
       out.add_integers(from.address);
       out.add_integers(from.port);
     }},
    {wire::SOCKET_JOIN_GROUP,
     [](auto& hal, auto& in, auto& out) {
       out.set_value(hal.socket->join_group(in.template As<int32_t>(0), in.template As<uint32_t>(1)));
     }},
    {wire::SOCKET_CLOSE,
     [](auto& hal, auto& in, auto& out) { out.set_value(hal.socket->close(in.template As<int32_t>(0))); }},
    {wire::UART_WRITE,
     [](auto& hal, auto& in, auto& out) { out.set_value(hal.uart->write(in.data().data(), in.data().size())); }},
    {wire::UART_READ,
     [](auto& hal, auto& in, auto& out) {
       AnswerBytes(in.Capacity(0), out,
                   [&](char* data, size_t capacity) { return hal.uart->read(data, capacity, in.Integer(1)); });
     }},
};

Answer FindHandler(wire::Function function) {
  static const std::vector<Answer> by_number = [] {
    std::vector<Answer> handlers(wire::Function_ARRAYSIZE, nullptr);
    const auto add = [&handlers](const auto& group) {
      for (const Handler& handler : group) handlers[handler.function] = handler.answer;
    };
    add(kTaskCalls), add(kWordCalls), add(kSensorCalls), add(kActuatorCalls), add(kStorageCalls), add(kWifiCalls),
        add(kSocketCalls);
    return handlers;
  }();
  return function >= 0 && function < wire::Function_ARRAYSIZE ? by_number[function] : nullptr;
}

// Whether the robot has the part that a function belongs to.
bool HasPart(const Tables& hal, wire::Function function) {
  if (function >= wire::UART_WRITE) return hal.uart != nullptr;
  if (function >= wire::SOCKET_RESOLVE) return hal.socket != nullptr;
  if (function >= wire::WIFI_SCAN) return hal.wifi != nullptr;
  if (function >= wire::FLASH_READ) return hal.flash != nullptr;
  if (function >= wire::INDICATORS_LED) return hal.indicators != nullptr;
  if (function >= wire::CLEANING_MAIN_BRUSH) return hal.cleaning != nullptr;
  if (function >= wire::DRIVE_SET_VELOCITY) return hal.drive != nullptr;
  if (function == wire::HAZARD_WAIT_CHANGE) return hal.hazard != nullptr;
  if (function == wire::BUTTONS_READ) return hal.buttons != nullptr;
  if (function == wire::IMU_READ) return hal.imu != nullptr;
  if (function == wire::ODOMETRY_READ) return hal.odometry != nullptr;
  if (function >= wire::LIDAR_SET_ENABLED) return hal.lidar != nullptr;
  if (function == wire::POWER_OFF) return hal.battery != nullptr;
  if (function >= wire::DIAGNOSTICS_POSE && function <= wire::DIAGNOSTICS_DATA_READY)
    return hal.diagnostics != nullptr;
  return true;
}

template <typename Table>
void Find(const Lockstep& host, const char* name, const Table*& table) {
  table = static_cast<const Table*>(host.Interface(name));
}

Tables FindTables(const Lockstep& host) {
  Tables hal{};
  Find(host, DP_CLOCK, hal.clock), Find(host, DP_TASK, hal.task), Find(host, DP_LOG, hal.log);
  Find(host, DP_RANDOM, hal.random), Find(host, DP_IDENTITY, hal.identity), Find(host, DP_SYSTEM, hal.system);
  Find(host, DP_DIAGNOSTICS, hal.diagnostics), Find(host, DP_LIDAR, hal.lidar), Find(host, DP_ODOMETRY, hal.odometry);
  Find(host, DP_IMU, hal.imu), Find(host, DP_HAZARD, hal.hazard), Find(host, DP_BUTTONS, hal.buttons);
  Find(host, DP_DOCK, hal.dock), Find(host, DP_DRIVE, hal.drive), Find(host, DP_CLEANING, hal.cleaning);
  Find(host, DP_INDICATORS, hal.indicators), Find(host, DP_BATTERY, hal.battery), Find(host, DP_FLASH, hal.flash);
  Find(host, DP_WIFI, hal.wifi), Find(host, DP_SOCKET, hal.socket), Find(host, DP_UART, hal.uart);
  return hal;
}

template <typename Sample, size_t kept, typename Add>
void AddOne(SampleQueue<Sample, kept>& samples, uint64_t since_boot_us, uint64_t& sent, Add add) {
  const Sample* latest = samples.latest();
  if (latest == nullptr || latest->time_us == sent) return;
  sent = latest->time_us;
  Sample shifted = *latest;
  shifted.time_us -= std::min(shifted.time_us, since_boot_us);
  Write(shifted, *add());
}

}  // namespace

BoardCalls::BoardCalls(Lockstep& host, const Seed& library)
    : host_(host),
      seed_(library),
      library_{library.Stream("library.firmware"), library.Derive("library.rand").Stream("1")},
      hal_(FindTables(host)) {
  hal_.library = &library_;
  hal_.seed = &seed_;
}

wire::Result BoardCalls::Answer(const wire::Call& call) {
  wire::Result result;
  result.set_task(call.task());
  const auto answer = FindHandler(call.function());
  if (answer == nullptr) {
    result.set_value(DP_ERR_INVALID);
  } else if (!HasPart(hal_, call.function())) {
    result.set_value(DP_ERR_ABSENT);
  } else {
    int none = 0;
    int& readers = call.function() == wire::ODOMETRY_READ ? odometry_readers_
                   : call.function() == wire::IMU_READ    ? imu_readers_
                                                          : none;
    ++readers;
    answer(hal_, Arguments(call), result);
    --readers;
  }
  return result;
}

wire::Welcome BoardCalls::Welcome() const {
  wire::Welcome welcome;
  welcome.set_lockstep(true);
  welcome.set_start_unix_ns(host_.start().unix_nanoseconds());
  welcome.set_booted_ns(static_cast<uint64_t>(host_.booted().nanoseconds()));
  welcome.set_reset_cause(static_cast<uint32_t>(host_.reset_cause()));
  for (const char* name :
       {DP_CLOCK, DP_TASK, DP_LOG, DP_RANDOM, DP_IDENTITY, DP_SYSTEM, DP_DIAGNOSTICS, DP_LIDAR, DP_ODOMETRY, DP_IMU, DP_HAZARD,
        DP_BUTTONS, DP_DOCK, DP_DRIVE, DP_CLEANING, DP_INDICATORS, DP_BATTERY, DP_FLASH, DP_WIFI, DP_SOCKET, DP_UART, DP_RTC}) {
    if (host_.Interface(name) != nullptr) welcome.add_interfaces(name);
  }
  const Devices& devices = host_.devices();
  Write(devices.identity, *welcome.mutable_identity());
  if (devices.lidar != nullptr) Write(devices.lidar->info(), *welcome.mutable_lidar());
  if (devices.odometry != nullptr) {
    welcome.mutable_odometry()->set_ticks_per_m(devices.odometry->ticks_per_m);
    welcome.mutable_odometry()->set_track_width_m(devices.odometry->track_width_m);
  }
  if (devices.flash != nullptr) Write(devices.flash->info(), *welcome.mutable_flash());
  if (devices.drive != nullptr)
    welcome.set_velocity_m_s_max(static_cast<float>(devices.drive->velocity_m_s_max()));
  return welcome;
}

void BoardCalls::AddLatest(wire::Samples& samples) {
  SensorInbox& inbox = host_.sensors();
  const auto boot_us = static_cast<uint64_t>(host_.booted().nanoseconds() / 1000);
  AddOne(inbox.odometry(), boot_us, sent_.odometry, [&] { return samples.add_odometry(); });
  AddOne(inbox.imu(), boot_us, sent_.imu, [&] { return samples.add_imu(); });
  AddOne(inbox.hazard(), boot_us, sent_.hazard, [&] { return samples.add_hazard(); });
  AddOne(inbox.dock(), boot_us, sent_.dock, [&] { return samples.add_dock(); });
  AddOne(inbox.battery(), boot_us, sent_.battery, [&] { return samples.add_battery(); });
}

void BoardCalls::MoveUnread(wire::Samples& samples) {
  const auto boot_us = static_cast<uint64_t>(host_.booted().nanoseconds() / 1000);
  const auto move = [boot_us](auto& queue, auto sample, auto add) {
    while (queue.Pop(sample)) {
      sample.time_us -= std::min(sample.time_us, boot_us);
      Write(sample, *add());
    }
  };
  if (odometry_readers_ == 0)
    move(host_.sensors().odometry(), dp_odometry_sample{}, [&] { return samples.add_odometry(); });
  if (imu_readers_ == 0)
    move(host_.sensors().imu(), dp_imu_sample{}, [&] { return samples.add_imu(); });
}

void BoardCalls::ForgetBoard() {
  sent_ = {};
  odometry_readers_ = imu_readers_ = 0;
}

}  // namespace dustproof
