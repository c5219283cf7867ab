#include "sim/scenario/hal_calls.h"

namespace dustproof {
namespace {

// A test holds them against hil/shim/lockstep.
constexpr const char* kNames[] = {"battery.latest",
                                  "battery.power_off",
                                  "buttons.read",
                                  "cleaning.set",
                                  "clock.now_us",
                                  "clock.sleep_until_us",
                                  "clock.sleep_us",
                                  "diagnostics.data_ready",
                                  "diagnostics.map",
                                  "diagnostics.pose",
                                  "diagnostics.state",
                                  "dock.latest",
                                  "drive.set_pwm",
                                  "drive.set_velocity",
                                  "drive.velocity_m_s_max",
                                  "flash.erase",
                                  "flash.info",
                                  "flash.program",
                                  "flash.read",
                                  "hazard.latest",
                                  "hazard.wait_change",
                                  "identity",
                                  "identity.mac",
                                  "imu.latest",
                                  "imu.read",
                                  "indicators.beep",
                                  "indicators.set_led",
                                  "lidar.info",
                                  "lidar.read",
                                  "lidar.set_enabled",
                                  "log.write",
                                  "odometry.info",
                                  "odometry.latest",
                                  "odometry.read",
                                  "random.fill",
                                  "rtc.utc_us",
                                  "socket.accept",
                                  "socket.bind",
                                  "socket.close",
                                  "socket.connect",
                                  "socket.join_group",
                                  "socket.open",
                                  "socket.receive",
                                  "socket.receive_from",
                                  "socket.resolve",
                                  "socket.send",
                                  "socket.send_to",
                                  "socket.wait",
                                  "system.reboot",
                                  "system.reset_cause",
                                  "task.create",
                                  "task.current_name",
                                  "task.mailbox_create",
                                  "task.mailbox_receive",
                                  "task.mailbox_send",
                                  "task.yield",
                                  "uart.read",
                                  "uart.write",
                                  "wifi.address",
                                  "wifi.join",
                                  "wifi.rssi_dbm",
                                  "wifi.scan",
                                  "wifi.start_hotspot",
                                  "wifi.state",
                                  "wifi.stop"};

}  // namespace

const std::vector<std::string>& HalCallNames() {
  static const std::vector<std::string> kWords(std::begin(kNames), std::end(kNames));
  return kWords;
}

}  // namespace dustproof
