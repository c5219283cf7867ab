/* Firmware of the bridge's tests: joins the Wi-Fi, says hello to a server, drives for two seconds,
 * and leaves marks on console and flash. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "hil/hal/dp_hal.h"

static const dp_clock_v1* hal_clock;
static const dp_log_v1* hal_log;

static void say(const char* format, ...) {
  char line[256];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  hal_log->write(DP_LOG_INFO, line);
}

static void greet_server(void) {
  const dp_wifi_v1* wifi = dp_hal_query(DP_WIFI, 1);
  const dp_socket_v1* sock = dp_hal_query(DP_SOCKET, 1);
  dp_wifi_network networks[8];
  const int32_t found = wifi->scan(networks, 8);
  say("scan %d %s", found, found > 0 ? networks[0].ssid : "");
  say("wrong password %d", wifi->join("home", "no such password", "robot", 10000000));
  say("join %d", wifi->join("home", "correct horse", "robot", 10000000));
  uint32_t address = 0;
  say("resolve %d", sock->resolve("greetings.example", &address, 1, 5000000));
  const dp_endpoint to = {address, 7};
  const int32_t handle = sock->open(DP_SOCKET_TCP);
  say("connect %d", sock->connect(handle, to, 5000000));
  say("send %d", sock->send(handle, "hello", 5, 1000000));
  char reply[32] = {0};
  const int32_t bytes = sock->receive(handle, reply, sizeof reply - 1, 5000000);
  say("receive %d %s", bytes, reply);
  sock->close(handle);
}

static void drive(void) {
  const dp_drive_v1* wheels = dp_hal_query(DP_DRIVE, 1);
  const dp_odometry_v1* odometry = dp_hal_query(DP_ODOMETRY, 1);
  dp_odometry_sample before, after;
  odometry->latest(&before);
  for (int i = 0; i < 20; ++i) {
    wheels->set_velocity(0.2f, 0.2f);
    hal_clock->sleep_us(100000);
  }
  wheels->set_velocity(0, 0);
  hal_clock->sleep_us(1000000);
  odometry->latest(&after);
  const float ticks = (uint16_t)(after.left_ticks - before.left_ticks);
  say("odometry says %.0f cm", 100 * ticks / odometry->info().ticks_per_m);
}

static void look_ahead(void) {
  const dp_lidar_v1* lidar = dp_hal_query(DP_LIDAR, 1);
  static dp_lidar_turn turn;
  lidar->set_enabled(true);
  const dp_status status = lidar->read(&turn, 3000000);
  int ahead = 0;
  for (int i = 1; i < turn.beam_count; ++i) {
    const float a = turn.angle_rad[i] < 0 ? -turn.angle_rad[i] : turn.angle_rad[i];
    const float b = turn.angle_rad[ahead] < 0 ? -turn.angle_rad[ahead] : turn.angle_rad[ahead];
    if (a < b) ahead = i;
  }
  say("lidar %d %d beams, %d dm ahead", status, turn.beam_count, (turn.range_mm[ahead] + 50) / 100);
  lidar->set_enabled(false);
}

static void firmware_main(void) {
  hal_clock = dp_hal_query(DP_CLOCK, 1);
  hal_log = dp_hal_query(DP_LOG, 1);
  const dp_diagnostics_v1* diagnostics = dp_hal_query(DP_DIAGNOSTICS, 1);
  const dp_system_v1* hal_system = dp_hal_query(DP_SYSTEM, 1);
  if (hal_system->reset_cause() == DP_RESET_BROWNOUT) say("back after a brown-out");
  diagnostics->state("on_an_errand");
  ((const dp_uart_v1*)dp_hal_query(DP_UART, 1))->write("boot ok\n", 8);
  ((const dp_flash_v1*)dp_hal_query(DP_FLASH, 1))->program(4096, "a secret", 8);
  look_ahead();
  drive();
  greet_server();
  diagnostics->data_ready("wifi_ssid");
  diagnostics->state("idle");
  for (;;) hal_clock->sleep_us(1000000);
}

const dp_firmware_t dp_firmware = {DP_HAL_VERSION, "errand", "1.0", firmware_main};
