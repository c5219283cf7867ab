/* Firmware that makes HAL calls with arguments of every wrong kind, drawn from the seed in the
 * robot's model name ("wild 7"). After each call that answers, a line: the call's name and its
 * answer. What it passes can be refused by looking at it alone: lengths that lie are either
 * harmless or far beyond any buffer. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hil/hal/dp_hal.h"

static const dp_clock_v1* hal_clock;
static const dp_task_v1* hal_task;
static const dp_log_v1* hal_log;
static const dp_random_v1* hal_random;
static const dp_diagnostics_v1* hal_diagnostics;
static const dp_lidar_v1* hal_lidar;
static const dp_odometry_v1* hal_odometry;
static const dp_imu_v1* hal_imu;
static const dp_hazard_v1* hal_hazard;
static const dp_buttons_v1* hal_buttons;
static const dp_dock_v1* hal_dock;
static const dp_drive_v1* hal_drive;
static const dp_cleaning_v1* hal_cleaning;
static const dp_indicators_v1* hal_indicators;
static const dp_battery_v1* hal_battery;
static const dp_flash_v1* hal_flash;
static const dp_wifi_v1* hal_wifi;
static const dp_socket_v1* hal_socket;
static const dp_uart_v1* hal_uart;

static uint64_t random_state;

static uint32_t draw(uint32_t count) {
  random_state = random_state * 6364136223846793005ULL + 1442695040888963407ULL;
  return (uint32_t)(random_state >> 33) % count;
}

#define PICK(array) ((array)[draw(sizeof(array) / sizeof((array)[0]))])

/* Big enough for whatever a call writes at a length that is not refused. */
static unsigned char space[2][65536];
static char long_text[2000];

static void* any_pointer(void) { return draw(4) == 0 ? NULL : space[draw(2)]; }
static size_t any_length(void) {
  const size_t lengths[] = {0,
                            1,
                            7,
                            256,
                            257,
                            1472,
                            1473,
                            4096,
                            65536,
                            (size_t)1 << 31,
                            (size_t)1 << 40,
                            SIZE_MAX / 2,
                            SIZE_MAX - 1,
                            SIZE_MAX};
  return PICK(lengths);
}
static const char* any_text(void) {
  const char* texts[] = {NULL,     "", "word", "cloud.example", "a name of thirty-three characters",
                         long_text};
  return PICK(texts);
}
static uint64_t any_wait(void) {
  const uint64_t waits[] = {0, 1, 150000};
  return PICK(waits);
}
static double any_number(void) {
  const double numbers[] = {0, -1, 0.5, 1, 1.001, 1e308, -1e308, INFINITY, -INFINITY, NAN};
  return PICK(numbers);
}
static uint32_t any_address(void) {
  const uint32_t addresses[] = {0, 1, 255, 256, 4095, 4096, 8191, 8192, 0x7FFFFFFF, 0xFFFFFFFF};
  return PICK(addresses);
}
/* Handles of sockets and mailboxes, dead ones too. */
static int32_t handles[64];
static size_t handle_count;
static void keep(int32_t handle) {
  if (handle > 0) handles[handle_count++ % 64] = handle;
}
static int32_t any_handle(void) {
  const int32_t numbers[] = {0, -1, 1, 99, 0x10000, 0x100FF, INT32_MAX, INT32_MIN};
  return draw(3) == 0 ? PICK(numbers) : PICK(handles);
}
static dp_endpoint any_endpoint(void) {
  const dp_endpoint to = {any_address(), (uint16_t)draw(3)};
  return to;
}

static void answered(const char* call, int32_t answer) {
  char line[64];
  snprintf(line, sizeof line, "%s %d", call, (int)answer);
  hal_log->write(DP_LOG_INFO, line);
}

static void short_task(void* unused) {
  (void)unused;
  hal_clock->sleep_us(10);
}

static void call_system(void) {
  switch (draw(9)) {
    case 0: {
      void (*entries[])(void*) = {NULL, short_task};
      const size_t stacks[] = {0, 16383, 16384, 65536, 8388609, SIZE_MAX};
      const char* name = any_text();
      answered("task.create", hal_task->create(name, PICK(entries), NULL, PICK(stacks)));
      break;
    }
    case 1: {
      const int32_t handle = hal_task->mailbox_create(any_length(), any_length());
      answered("task.mailbox_create", handle);
      keep(handle);
      break;
    }
    case 2:
      answered("task.mailbox_send",
               hal_task->mailbox_send((dp_handle)any_handle(), any_pointer(), any_wait()));
      break;
    case 3:
      answered("task.mailbox_receive",
               hal_task->mailbox_receive((dp_handle)any_handle(), any_pointer(), any_wait()));
      break;
    case 4:
      hal_log->write((dp_log_level)any_handle(), any_text());
      break;
    case 5:
      hal_random->fill(any_pointer(), any_length());
      break;
    case 6:
      hal_diagnostics->pose(any_number(), any_number(), any_number());
      break;
    case 7: {
      const int32_t sides[] = {0, -1, 1, 100, 65536, INT32_MAX, INT32_MIN};
      hal_diagnostics->map(PICK(sides), PICK(sides) == 100 ? 100 : 1 << 30, any_number(),
                           any_number(), any_number(), any_pointer());
      break;
    }
    default:
      draw(2) ? hal_diagnostics->state(any_text()) : hal_diagnostics->data_ready(any_text());
  }
}

static void call_sensors(void) {
  switch (draw(10)) {
    case 0:
      answered("lidar.read", hal_lidar->read(any_pointer(), any_wait()));
      break;
    case 1:
      answered("odometry.read", hal_odometry->read(any_pointer(), any_wait()));
      break;
    case 2:
      answered("odometry.latest", hal_odometry->latest(any_pointer()));
      break;
    case 3:
      answered("imu.read", hal_imu->read(any_pointer(), any_wait()));
      break;
    case 4:
      answered("imu.latest", hal_imu->latest(any_pointer()));
      break;
    case 5:
      answered("hazard.latest", hal_hazard->latest(any_pointer()));
      break;
    case 6:
      answered("hazard.wait_change",
               hal_hazard->wait_change(any_pointer(), any_pointer(), any_wait()));
      break;
    case 7:
      answered("buttons.read", hal_buttons->read(any_pointer(), any_wait()));
      break;
    case 8:
      answered("dock.latest", hal_dock->latest(any_pointer()));
      break;
    default:
      answered("battery.latest", hal_battery->latest(any_pointer()));
  }
}

static void call_actuators(void) {
  switch (draw(6)) {
    case 0:
      answered("drive.set_velocity",
               hal_drive->set_velocity((float)any_number(), (float)any_number()));
      break;
    case 1:
      answered("drive.set_pwm", hal_drive->set_pwm((float)any_number(), (float)any_number()));
      break;
    case 2:
      answered("cleaning.set", hal_cleaning->set_fan((float)any_number()));
      break;
    case 3:
      answered("indicators.set_led", hal_indicators->set_led((uint8_t)draw(6), any_address()));
      break;
    case 4:
      answered("indicators.beep", hal_indicators->beep((uint16_t)draw(65536), 1));
      break;
    default:
      answered("lidar.set_enabled", hal_lidar->set_enabled(draw(2) != 0));
  }
}

static void call_flash(void) {
  switch (draw(3)) {
    case 0:
      answered("flash.read", hal_flash->read(any_address(), any_pointer(), any_length()));
      break;
    case 1:
      answered("flash.program", hal_flash->program(any_address(), any_pointer(), any_length()));
      break;
    default:
      answered("flash.erase", hal_flash->erase(any_address()));
  }
}

static void call_wifi(void) {
  switch (draw(4)) {
    case 0: {
      const size_t rooms[] = {0, 1, 100};
      answered("wifi.scan", hal_wifi->scan(any_pointer(), PICK(rooms)));
      break;
    }
    case 1:
      answered("wifi.join", hal_wifi->join(any_text(), any_text(), any_text(), any_wait()));
      break;
    case 2:
      answered("wifi.start_hotspot", hal_wifi->start_hotspot(any_text(), any_text()));
      break;
    default:
      answered("wifi.stop", hal_wifi->stop());
  }
}

static void call_socket(void) {
  switch (draw(12)) {
    case 0: {
      const size_t rooms[] = {0, 1, 4096, 4097, SIZE_MAX};
      answered("socket.resolve",
               hal_socket->resolve(any_text(), any_pointer(), PICK(rooms), any_wait()));
      break;
    }
    case 1:
    case 2: {
      const int32_t kinds[] = {0, 1, 1, 2, 2, 7, -1, INT32_MIN};
      const int32_t handle = hal_socket->open((dp_socket_kind)PICK(kinds));
      answered("socket.open", handle);
      keep(handle);
      break;
    }
    case 3:
      answered("socket.connect", hal_socket->connect(any_handle(), any_endpoint(), any_wait()));
      break;
    case 4:
      answered("socket.bind", hal_socket->bind(any_handle(), (uint16_t)draw(3)));
      break;
    case 5: {
      const int32_t handle = hal_socket->accept(any_handle(), any_pointer(), any_wait());
      answered("socket.accept", handle);
      keep(handle);
      break;
    }
    case 6:
      answered("socket.send",
               hal_socket->send(any_handle(), any_pointer(), any_length(), any_wait()));
      break;
    case 7:
      answered("socket.receive",
               hal_socket->receive(any_handle(), any_pointer(), any_length(), any_wait()));
      break;
    case 8:
      answered("socket.send_to",
               hal_socket->send_to(any_handle(), any_endpoint(), any_pointer(), any_length()));
      break;
    case 9:
      answered("socket.receive_from",
               hal_socket->receive_from(any_handle(), any_pointer(), any_pointer(), any_length(),
                                        any_wait()));
      break;
    case 10:
      answered("socket.join_group", hal_socket->join_group(any_handle(), any_address()));
      break;
    default:
      answered("socket.close", hal_socket->close(any_handle()));
  }
}

static void call_uart(void) {
  if (draw(2)) {
    answered("uart.write", hal_uart->write(any_pointer(), any_length()));
  } else {
    answered("uart.read", hal_uart->read(any_pointer(), any_length(), any_wait()));
  }
}

static void make_calls(int count) {
  void (*groups[])(void) = {call_system, call_sensors, call_actuators, call_flash,
                            call_wifi,   call_socket,  call_socket,    call_uart};
  for (int i = 0; i < count; ++i) PICK(groups)();
}

static void other_task(void* unused) {
  (void)unused;
  make_calls(300);
}

static const void* query(const char* name) {
  const void* found = dp_hal_query(name, 1);
  if (found == NULL) hal_log->write(DP_LOG_ERROR, name);
  return found;
}

static void firmware_main(void) {
  hal_log = dp_hal_query(DP_LOG, 1);
  hal_clock = query(DP_CLOCK);
  hal_task = query(DP_TASK);
  hal_random = query(DP_RANDOM);
  hal_diagnostics = query(DP_DIAGNOSTICS);
  hal_lidar = query(DP_LIDAR);
  hal_odometry = query(DP_ODOMETRY);
  hal_imu = query(DP_IMU);
  hal_hazard = query(DP_HAZARD);
  hal_buttons = query(DP_BUTTONS);
  hal_dock = query(DP_DOCK);
  hal_drive = query(DP_DRIVE);
  hal_cleaning = query(DP_CLEANING);
  hal_indicators = query(DP_INDICATORS);
  hal_battery = query(DP_BATTERY);
  hal_flash = query(DP_FLASH);
  hal_wifi = query(DP_WIFI);
  hal_socket = query(DP_SOCKET);
  hal_uart = query(DP_UART);
  memset(long_text, 'x', sizeof long_text - 1);
  const char* model = ((const dp_identity_v1*)query(DP_IDENTITY))->model();
  random_state = strtoull(model + 5, NULL, 10);
  if (strncmp(model, "wild ", 5) == 0) make_calls(300);
  if (strncmp(model, "many ", 5) == 0) {
    const dp_system_v1* hal_system = query(DP_SYSTEM);
    random_state += (uint64_t)hal_system->reset_cause();
    for (int i = 0; i < 4; ++i) hal_task->create("other", other_task, NULL, 65536);
    hal_clock->sleep_us(3000000);
    if (hal_system->reset_cause() == DP_RESET_POWER_ON) hal_system->reboot();
  }
  hal_log->write(DP_LOG_INFO, "done");
}

const dp_firmware_t dp_firmware = {DP_HAL_VERSION, "wild_calls", "1.0", firmware_main};
