// The program in which firmware written in Python runs: an interpreter on the board's shim, so that Python's own clocks, sockets,
// chance and locks are the run's. The run starts it as `python_firmware FILE.py CLASS`.
#include <pybind11/embed.h>
#include <pybind11/stl.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "hil/hal/dp_hal.h"

namespace py = pybind11;

namespace {

constexpr int kFaultExit = 86;  // As the shim's own.
constexpr size_t kTracebackLinesMax = 60;
constexpr size_t kReceiveBytesMax = 1 << 20;

struct Hal {
  const dp_clock_v1* clock;
  const dp_log_v1* log;
  const dp_identity_v1* identity;
  const dp_diagnostics_v1* diagnostics;
  const dp_lidar_v1* lidar;
  const dp_odometry_v1* odometry;
  const dp_imu_v1* imu;
  const dp_hazard_v1* hazard;
  const dp_buttons_v1* buttons;
  const dp_dock_v1* dock;
  const dp_drive_v1* drive;
  const dp_cleaning_v1* cleaning;
  const dp_battery_v1* battery;
  const dp_wifi_v1* wifi;
  const dp_socket_v1* socket;
};
Hal hal{};

template <typename Table>
void Find(const Table*& table, const char* name) {
  table = static_cast<const Table*>(dp_hal_query(name, 1));
}

void FindAll() {
  Find(hal.clock, DP_CLOCK), Find(hal.log, DP_LOG), Find(hal.identity, DP_IDENTITY), Find(hal.diagnostics, DP_DIAGNOSTICS);
  Find(hal.lidar, DP_LIDAR), Find(hal.odometry, DP_ODOMETRY), Find(hal.imu, DP_IMU), Find(hal.hazard, DP_HAZARD);
  Find(hal.buttons, DP_BUTTONS), Find(hal.dock, DP_DOCK), Find(hal.drive, DP_DRIVE), Find(hal.cleaning, DP_CLEANING);
  Find(hal.battery, DP_BATTERY), Find(hal.wifi, DP_WIFI), Find(hal.socket, DP_SOCKET);
}

// The table, or RuntimeError where the robot lacks the part.
template <typename Table>
const Table& Need(const Table* table, const char* part) {
  if (table == nullptr) throw std::runtime_error(std::string("this robot has no ") + part);
  return *table;
}

const char* WordOf(int32_t status) {
  switch (status) {
    case DP_ERR_INVALID:
      return "an argument is out of its range";
    case DP_ERR_TIMEOUT:
      return "the time-out passed";
    case DP_ERR_CLOSED:
      return "it is closed";
    case DP_ERR_REFUSED:
      return "refused";
    case DP_ERR_UNREACHABLE:
      return "no network, no route, or no such host";
    case DP_ERR_FULL:
      return "no room";
    case DP_ERR_ABSENT:
      return "this robot lacks the part";
    case DP_ERR_IO:
      return "the device failed";
    default:
      return "not allowed now";
  }
}

// As Python says it: TimeoutError, ConnectionRefusedError, …
int32_t Done(int32_t status, const std::string& what) {
  if (status >= 0) return status;
  PyObject* type = status == DP_ERR_TIMEOUT    ? PyExc_TimeoutError
                   : status == DP_ERR_REFUSED  ? PyExc_ConnectionRefusedError
                   : status == DP_ERR_CLOSED   ? PyExc_ConnectionResetError
                   : status == DP_ERR_INVALID  ? PyExc_ValueError
                                               : PyExc_OSError;
  PyErr_SetString(type, (what + ": " + WordOf(status)).c_str());
  throw py::error_already_set();
}

template <typename T>
py::bytes BytesOf(const T* values, size_t count) {
  return {reinterpret_cast<const char*>(values), count * sizeof(T)};
}

py::object ReadLidar(uint64_t timeout_us) {
  static dp_lidar_turn turn;
  const int status = Need(hal.lidar, "lidar").read(&turn, timeout_us);
  if (status == DP_ERR_TIMEOUT || status == DP_ERR_STATE) return py::none();
  Done(status, "lidar");
  return py::make_tuple(turn.start_us, turn.period_us, turn.sequence, BytesOf(turn.angle_rad, turn.beam_count),
                        BytesOf(turn.range_mm, turn.beam_count), BytesOf(turn.quality, turn.beam_count),
                        BytesOf(turn.offset_us, turn.beam_count));
}

py::object ReadOdometry(uint64_t timeout_us) {
  dp_odometry_sample s;
  const int status = Need(hal.odometry, "odometry").read(&s, timeout_us);
  if (status == DP_ERR_TIMEOUT) return py::none();
  Done(status, "odometry");
  return py::make_tuple(s.time_us, s.left_ticks, s.right_ticks, s.wheel_drop_left, s.wheel_drop_right);
}

py::object ReadImu() {
  dp_imu_sample s;
  const int status = Need(hal.imu, "inertial sensor").read(&s, 0);
  if (status == DP_ERR_TIMEOUT) return py::none();
  Done(status, "imu");
  return py::make_tuple(s.time_us, std::to_array(s.gyro_rad_s), std::to_array(s.accel_m_s2));
}

py::object Hazard() {
  dp_hazard_sample s;
  if (hal.hazard == nullptr || hal.hazard->latest(&s) != DP_OK) return py::none();
  return py::make_tuple(s.bumper_left, s.bumper_right, (s.cliff & DP_CLIFF_LEFT) != 0, (s.cliff & DP_CLIFF_FRONT_LEFT) != 0,
                        (s.cliff & DP_CLIFF_FRONT_RIGHT) != 0, (s.cliff & DP_CLIFF_RIGHT) != 0);
}

py::object ReadButton() {
  dp_button_event e;
  if (hal.buttons == nullptr || hal.buttons->read(&e, 0) != DP_OK) return py::none();
  return py::make_tuple(static_cast<int>(e.button), e.held_ms);
}

py::object Dock() {
  dp_dock_sample s;
  if (hal.dock == nullptr || hal.dock->latest(&s) != DP_OK) return py::none();
  return py::make_tuple(s.time_us, s.contact, s.beacon_seen, s.bearing_rad, s.beacon_left, s.beacon_right);
}

py::object Battery() {
  dp_battery_sample s;
  if (hal.battery == nullptr || hal.battery->latest(&s) != DP_OK) return py::none();
  return py::make_tuple(s.time_us, s.voltage_v, s.current_a, s.charge_pct, s.temperature_c, s.charging);
}

void Clean(float main_brush, float side_brush, float fan) {
  const dp_cleaning_v1& cleaning = Need(hal.cleaning, "cleaning motors");
  Done(cleaning.set_main_brush(main_brush), "main_brush");
  Done(cleaning.set_side_brush(side_brush), "side_brush");
  Done(cleaning.set_fan(fan), "fan");
}

py::list ScanWifi() {
  std::array<dp_wifi_network, 32> networks;
  const int32_t count = Done(Need(hal.wifi, "Wi-Fi").scan(networks.data(), networks.size()), "scan");
  py::list list;
  for (int32_t i = 0; i < count; ++i) {
    const dp_wifi_network& n = networks[static_cast<size_t>(i)];
    list.append(py::make_tuple(std::string(n.ssid), n.rssi_dbm, static_cast<int>(n.channel), n.encrypted));
  }
  return list;
}

uint32_t Resolve(const std::string& host, uint64_t timeout_us) {
  uint32_t address = 0;
  if (Done(Need(hal.socket, "network").resolve(host.c_str(), &address, 1, timeout_us), host) < 1) Done(DP_ERR_UNREACHABLE, host);
  return address;
}

int32_t Connect(const std::string& host, uint16_t port, uint64_t timeout_us) {
  const dp_socket_v1& sockets = Need(hal.socket, "network");
  const uint32_t address = Resolve(host, timeout_us);
  const std::string where = host + ":" + std::to_string(port);
  const int32_t socket = Done(sockets.open(DP_SOCKET_TCP), where);
  const int32_t status = sockets.connect(socket, {address, port}, timeout_us);
  if (status != DP_OK) sockets.close(socket);
  Done(status, where);
  return socket;
}

void Send(int32_t socket, const std::string& data, uint64_t timeout_us) {
  for (size_t sent = 0; sent < data.size();) {
    const int32_t count = Done(hal.socket->send(socket, data.data() + sent, data.size() - sent, timeout_us), "send");
    if (count == 0) Done(DP_ERR_TIMEOUT, "send");
    sent += static_cast<size_t>(count);
  }
}

py::bytes Receive(int32_t socket, size_t bytes, uint64_t timeout_us) {
  std::string buffer(std::min(bytes, kReceiveBytesMax), '\0');
  buffer.resize(static_cast<size_t>(Done(hal.socket->receive(socket, buffer.data(), buffer.size(), timeout_us), "recv")));
  return {buffer};
}

void SendDatagram(const std::string& host, uint16_t port, const std::string& data, uint64_t timeout_us) {
  const dp_socket_v1& sockets = Need(hal.socket, "network");
  const uint32_t address = Resolve(host, timeout_us);
  const int32_t socket = Done(sockets.open(DP_SOCKET_UDP), host);
  const int32_t status = sockets.send_to(socket, {address, port}, data.data(), data.size());
  sockets.close(socket);
  Done(status, host);
}

// What is said to the harness alone may be absent.
void SayState(const std::string& word) {
  if (hal.diagnostics != nullptr) hal.diagnostics->state(word.c_str());
}
void SayPose(double x_m, double y_m, double yaw_rad) {
  if (hal.diagnostics != nullptr) hal.diagnostics->pose(x_m, y_m, yaw_rad);
}
void SayDataReady(const std::string& category) {
  if (hal.diagnostics != nullptr) hal.diagnostics->data_ready(category.c_str());
}

}  // namespace

PYBIND11_EMBEDDED_MODULE(_dustproof_hal, m) {
  FindAll();
  m.def("now_us", [] { return hal.clock->now_us(); });
  m.def("sleep_us", [](uint64_t us) { hal.clock->sleep_us(us); });
  m.def("log", [](int level, const std::string& text) { hal.log->write(static_cast<dp_log_level>(level), text.c_str()); });
  m.def("enable_lidar", [](bool on) { Done(Need(hal.lidar, "lidar").set_enabled(on), "lidar"); });
  m.def("read_lidar", &ReadLidar);
  m.def("read_odometry", &ReadOdometry);
  m.def("read_imu", &ReadImu);
  m.def("hazard", &Hazard);
  m.def("read_button", &ReadButton);
  m.def("dock", &Dock);
  m.def("battery", &Battery);
  m.def("odometry_info", [] {
    const dp_odometry_info info = Need(hal.odometry, "odometry").info();
    return std::make_tuple(info.ticks_per_m, info.track_width_m);
  });
  m.def("drive", [](float left, float right) { Done(Need(hal.drive, "drive").set_velocity(left, right), "drive"); });
  m.def("clean", &Clean);
  m.def("scan_wifi", &ScanWifi);
  m.def("join_wifi", [](const std::string& ssid, const std::string& password, uint64_t timeout_us) {
    Done(Need(hal.wifi, "Wi-Fi").join(ssid.c_str(), password.c_str(), nullptr, timeout_us), ssid);
  });
  m.def("leave_wifi", [] { Done(Need(hal.wifi, "Wi-Fi").stop(), "Wi-Fi"); });
  m.def("connect", &Connect);
  m.def("send", &Send);
  m.def("receive", &Receive);
  m.def("close", [](int32_t socket) { hal.socket->close(socket); });
  m.def("send_datagram", &SendDatagram);
  m.def("robot_id", [] { return std::string(hal.identity->robot_id()); });
  m.def("trust_anchor_pem", [] { return std::string(hal.identity->trust_anchor_pem()); });
  m.def("say_state", &SayState);
  m.def("say_pose", &SayPose);
  m.def("say_data_ready", &SayDataReady);
}

namespace {

// As the run started us: the file, and the class or "".
const std::vector<std::string>& Arguments() {
  static const std::vector<std::string> arguments = [] {
    std::ifstream file("/proc/self/cmdline", std::ios::binary);
    const std::string all{std::istreambuf_iterator<char>(file), {}};
    std::vector<std::string> words;
    for (size_t begin = 0, end; (end = all.find('\0', begin)) != std::string::npos; begin = end + 1)
      words.push_back(all.substr(begin, end - begin));
    words.resize(std::max<size_t>(words.size(), 3));
    return words;
  }();
  return arguments;
}

const char* FirmwareName() {
  static const std::string name = std::filesystem::path(Arguments()[1]).stem();
  return name.c_str();
}

// The package lies beside us: BUILD/python for BUILD/lib/firmware, PREFIX/lib/python3/dist-packages for
// PREFIX/lib/dustproof/firmware.
std::vector<std::string> PackageFolders() {
  std::error_code ignored;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path();
  return {self.parent_path().parent_path() / "python", self.parent_path().parent_path() / "python3" / "dist-packages"};
}

// The shim's way to tell the run why the firmware ends, with more lines than one.
[[noreturn]] void EndByException(const std::string& what, const std::vector<std::string>& lines) {
  std::string text = "dustproof-fault uncaught_exception: " + what + "\n";
  for (const std::string& line : lines) text += "dustproof-more " + line + "\n";
  for (size_t done = 0; done < text.size();) {
    const ssize_t count = write(STDERR_FILENO, text.data() + done, text.size() - done);
    if (count <= 0) break;
    done += static_cast<size_t>(count);
  }
  _exit(kFaultExit);
}

std::vector<std::string> LinesOf(const std::string& text) {
  std::vector<std::string> lines;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

void RunFirmware() {
  try {
    py::list path = py::module_::import("sys").attr("path");
    for (const std::string& folder : PackageFolders())
      if (std::filesystem::is_directory(folder)) path.insert(0, folder);
    py::module_::import("dustproof.firmware").attr("_host")(Arguments()[1], Arguments()[2]);
  } catch (py::error_already_set& error) {
    if (error.matches(PyExc_SystemExit)) return;  // It has ended by its own wish.
    const py::list formatted = py::module_::import("traceback").attr("format_exception")(error.type(), error.value(), error.trace());
    std::string text;
    for (const py::handle part : formatted) text += part.cast<std::string>();
    std::vector<std::string> lines = LinesOf(text);
    if (lines.size() > kTracebackLinesMax) lines.erase(lines.begin() + 1, lines.end() - kTracebackLinesMax);  // The innermost calls say most.
    const std::vector<std::string> message = LinesOf(py::str(error.value()));
    EndByException(py::str(error.type().attr("__name__")).cast<std::string>() + (message.empty() ? "" : ": " + message[0]), lines);
  }
}

void Main() {
  // One thread: NumPy's algebra would start more.
  for (const char* name : {"OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"}) setenv(name, "1", 1);
  PyConfig config;
  PyConfig_InitIsolatedConfig(&config);
  config.use_hash_seed = 1;  // 0: the order of sets of texts is the same each time.
  config.hash_seed = 0;
  config.write_bytecode = 0;
  config.buffered_stdio = 0;
  config.install_signal_handlers = 0;  // The shim has them.
  PyConfig_SetString(&config, &config.program_name, L"/usr/bin/python3");
  const PyStatus status = Py_InitializeFromConfig(&config);
  PyConfig_Clear(&config);
  if (PyStatus_Exception(status)) EndByException(status.err_msg != nullptr ? status.err_msg : "Python does not start", {});
  RunFirmware();
}

}  // namespace

extern "C" const dp_firmware_t dp_firmware;
const dp_firmware_t dp_firmware = {DP_HAL_VERSION, FirmwareName(), "1.0.0", Main};
