/* Firmware of the shim's tests: the robot's model name says which behaviour to show. Lines go to
 * the log. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "hil/hal/dp_hal.h"

static const dp_clock_v1* hal_clock;
static const dp_task_v1* hal_task;
static const dp_log_v1* hal_log;
static const dp_system_v1* hal_system;
static const dp_identity_v1* hal_identity;

static void say(const char* format, ...) {
  char line[256];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  hal_log->write(DP_LOG_INFO, line);
}

static unsigned long long now_us(void) { return (unsigned long long)hal_clock->now_us(); }

/* Two tasks hand a number to and fro; each log line shows who had it. */
static dp_handle to_pong, to_ping;

static void pong(void* unused) {
  (void)unused;
  int value;
  while (hal_task->mailbox_receive(to_pong, &value, DP_FOREVER) == DP_OK && value < 4) {
    say("pong %d", value++);
    hal_task->mailbox_send(to_ping, &value, DP_FOREVER);
  }
}

static void ping_pong(void) {
  to_pong = (dp_handle)hal_task->mailbox_create(sizeof(int), 1);
  to_ping = (dp_handle)hal_task->mailbox_create(sizeof(int), 1);
  hal_task->create("pong", pong, NULL, 16384);
  int value = 0;
  while (value < 4) {
    say("ping %d", value++);
    hal_task->mailbox_send(to_pong, &value, DP_FOREVER);
    hal_task->mailbox_receive(to_ping, &value, DP_FOREVER);
  }
  hal_task->mailbox_send(to_pong, &value, DP_FOREVER);
}

static void sleeper(void* argument) {
  hal_clock->sleep_us((uint64_t)(uintptr_t)argument);
  say("%s woke at %llu", hal_task->current_name(), now_us());
}

static void sleep_order(void) {
  hal_task->create("late", sleeper, (void*)3000, 32768);
  hal_task->create("first", sleeper, (void*)1000, 32768);
  hal_task->create("second", sleeper, (void*)1000, 32768);
  hal_clock->sleep_until_us(2000);
  say("main woke at %llu", now_us());
}

static void timeouts(void) {
  const dp_handle box = (dp_handle)hal_task->mailbox_create(8, 1);
  char message[8] = "abcdefg";
  int status = hal_task->mailbox_receive(box, message, 0);
  say("receive %d at %llu", status, now_us());
  status = hal_task->mailbox_receive(box, message, 1500);
  say("receive %d at %llu", status, now_us());
  status = hal_task->mailbox_send(box, message, 0);
  say("send %d at %llu", status, now_us());
  status = hal_task->mailbox_send(box, message, 500);
  say("send %d at %llu", status, now_us());
  const dp_odometry_v1* odometry = dp_hal_query(DP_ODOMETRY, 1);
  dp_odometry_sample sample;
  say("latest %d", odometry->latest(&sample));
  status = odometry->read(&sample, 10000);
  say("read %d at %llu", status, now_us());
}

/* Prints every answer that is not DP_ERR_INVALID to a call with a bad argument. */
static void check(const char* call, int answer) {
  if (answer != DP_ERR_INVALID) say("%s gave %d", call, answer);
}

static void entry(void* unused) { (void)unused; }

static void bad_arguments(void) {
  char byte = 0;
  dp_odometry_sample odometry_sample;
  check("create null name", hal_task->create(NULL, entry, NULL, 16384));
  check("create long name",
        hal_task->create("0123456789012345678901234567890123456789", entry, NULL, 16384));
  check("create no entry", hal_task->create("x", NULL, NULL, 16384));
  check("create small stack", hal_task->create("x", entry, NULL, 100));
  check("create wild stack", hal_task->create("x", entry, NULL, SIZE_MAX));
  check("mailbox of nothing", hal_task->mailbox_create(0, 1));
  check("mailbox of wild size", hal_task->mailbox_create(SIZE_MAX, SIZE_MAX));
  check("send to no mailbox", hal_task->mailbox_send(0, &byte, 0));
  check("send to wild mailbox", hal_task->mailbox_send(0xFFFFFFFF, &byte, 0));
  check("receive null",
        hal_task->mailbox_receive((dp_handle)hal_task->mailbox_create(1, 1), NULL, 0));
  const dp_odometry_v1* odometry = dp_hal_query(DP_ODOMETRY, 1);
  check("odometry null", odometry->read(NULL, 0));
  check("latest null", odometry->latest(NULL));
  const dp_imu_v1* imu = dp_hal_query(DP_IMU, 1);
  check("imu null", imu->read(NULL, DP_FOREVER));
  const dp_hazard_v1* hazard = dp_hal_query(DP_HAZARD, 1);
  check("hazard null", hazard->wait_change(NULL, NULL, 0));
  const dp_flash_v1* flash = dp_hal_query(DP_FLASH, 1);
  check("flash beyond", flash->read(8192, &byte, 1));
  check("flash wild", flash->read(4000, &byte, SIZE_MAX));
  check("flash null", flash->read(0, NULL, 1));
  check("program across pages", flash->program(250, "01234567890", 10));
  check("erase inside", flash->erase(17));
  check("erase beyond", flash->erase(8192));
  const dp_drive_v1* drive = dp_hal_query(DP_DRIVE, 1);
  check("pwm 2", drive->set_pwm(2, 0));
  check("pwm nan", drive->set_pwm(0, 0.0f / 0.0f));
  check("velocity nan", drive->set_velocity(0.0f / 0.0f, 0));
  const dp_socket_v1* sock = dp_hal_query(DP_SOCKET, 1);
  dp_endpoint to = {1, 1};
  check("open 7", sock->open((dp_socket_kind)7));
  check("connect none", sock->connect(99, to, 0));
  check("send none", sock->send(-1, &byte, 1, 0));
  check("receive none", sock->receive(0, &byte, 1, 0));
  check("close none", sock->close(3));
  check("resolve null", sock->resolve(NULL, NULL, 1, 0));
  const int32_t tcp = sock->open(DP_SOCKET_TCP);
  check("send null", sock->send(tcp, NULL, 5, 0));
  check("send wild", sock->send(tcp, &byte, SIZE_MAX, 0));
  check("send_to on tcp", sock->send_to(tcp, to, &byte, 1));
  const int32_t udp = sock->open(DP_SOCKET_UDP);
  check("group that is none", sock->join_group(udp, 1));
  check("datagram too long", sock->send_to(udp, to, &byte, 1473));
  const dp_uart_v1* uart = dp_hal_query(DP_UART, 1);
  check("uart wild", uart->write(&byte, SIZE_MAX));
  check("uart null", uart->read(NULL, 1, 0));
  hal_log->write(DP_LOG_INFO, NULL);
  ((const dp_random_v1*)dp_hal_query(DP_RANDOM, 1))->fill(NULL, 10);
  ((const dp_random_v1*)dp_hal_query(DP_RANDOM, 1))->fill(&byte, SIZE_MAX);
  ((const dp_diagnostics_v1*)dp_hal_query(DP_DIAGNOSTICS, 1))->map(1 << 30, 1 << 30, 1, 0, 0, NULL);
  ((const dp_diagnostics_v1*)dp_hal_query(DP_DIAGNOSTICS, 1))->state(NULL);
  say("camera %s, clock 2 %s, null %s", dp_hal_query(DP_CAMERA, 1) ? "there" : "absent",
      dp_hal_query(DP_CLOCK, 2) ? "there" : "absent", dp_hal_query(NULL, 1) ? "there" : "absent");
  check("latest before a sample",
        odometry->latest(&odometry_sample) == DP_ERR_STATE ? DP_ERR_INVALID : 1);
}

/* RAM is lost in a reset, flash is not. */
static int ram_counter = 7;
static char ram_zeroed[64];
static int* ram_pointer = &ram_counter;

static void reboot(void) {
  const dp_flash_v1* flash = dp_hal_query(DP_FLASH, 1);
  unsigned char boots = 0;
  flash->read(0, &boots, 1);
  say("boot cause %d, ram %d '%s' %d, flash %02x, at %llu", hal_system->reset_cause(), ram_counter,
      ram_zeroed, ram_pointer == &ram_counter, boots, now_us());
  ram_counter = 99;
  ram_pointer = NULL;
  strcpy(ram_zeroed, "not lost");
  hal_clock->sleep_us(250000);
  if (boots == 0xFF)
    boots = 0xFE;
  else if (boots == 0xFE)
    boots = 0xFC;
  else
    return;
  flash->program(0, &boots, 1);
  hal_system->reboot();
  say("reboot returned");
}

static void flash_cut_task(void* unused) {
  (void)unused;
  ((const dp_flash_v1*)dp_hal_query(DP_FLASH, 1))->erase(4096);
  say("erase returned");
}

static void flash_cut(void) {
  if (hal_system->reset_cause() == DP_RESET_SOFTWARE) return;
  hal_task->create("eraser", flash_cut_task, NULL, 16384);
  hal_clock->sleep_us(10000);
  hal_system->reboot();
}

static void power_off(void) {
  say("boot cause %d", hal_system->reset_cause());
  ((const dp_battery_v1*)dp_hal_query(DP_BATTERY, 1))->power_off();
  say("power_off returned");
}

static void sensors(void) {
  const dp_odometry_v1* odometry = dp_hal_query(DP_ODOMETRY, 1);
  const dp_hazard_v1* hazard = dp_hal_query(DP_HAZARD, 1);
  dp_odometry_sample sample;
  for (int i = 0; i < 3 && odometry->read(&sample, DP_FOREVER) == DP_OK; ++i) {
    say("odometry %d taken %llu read %llu", sample.left_ticks, (unsigned long long)sample.time_us,
        now_us());
  }
  dp_hazard_sample seen;
  memset(&seen, 0, sizeof seen);
  const dp_status status = hazard->wait_change(&seen, &seen, DP_FOREVER);
  say("hazard %d left %d at %llu", status, seen.bumper_left, now_us());
}

static void clocks(void) {
  struct timespec monotonic;
  clock_gettime(CLOCK_MONOTONIC, &monotonic);
  hal_clock->sleep_us(2500000);
  struct timespec later;
  clock_gettime(CLOCK_MONOTONIC, &later);
  const long long went_ms =
      (later.tv_sec - monotonic.tv_sec) * 1000LL + (later.tv_nsec - monotonic.tv_nsec) / 1000000;
  say("time %lld, monotonic went %lld ms, rtc %lld", (long long)time(NULL), went_ms,
      (long long)((const dp_rtc_v1*)dp_hal_query(DP_RTC, 1))->utc_us());
}

static void sockets(void) {
  const dp_socket_v1* sock = dp_hal_query(DP_SOCKET, 1);
  uint32_t address = 0;
  int answer = sock->resolve("cloud.example", &address, 1, DP_FOREVER);
  say("resolve %d %08x at %llu", answer, address, now_us());
  const int32_t handle = sock->open(DP_SOCKET_TCP);
  const dp_endpoint to = {address, 443};
  char reply[16] = {0};
  say("early send %d", sock->send(handle, "x", 1, 0));
  answer = sock->connect(handle, to, 1000000);
  say("connect %d at %llu", answer, now_us());
  say("connect again %d", sock->connect(handle, to, 1000000));
  say("send %d", sock->send(handle, "hello", 5, 1000000));
  answer = sock->receive(handle, reply, 15, 1000000);
  say("receive %d '%s' at %llu", answer, reply, now_us());
  answer = sock->receive(handle, reply, 15, 200000);
  say("receive %d at %llu", answer, now_us());
  say("close %d", sock->close(handle));
  say("close again %d", sock->close(handle));
}

static void patient_connect(void) {
  const dp_socket_v1* sock = dp_hal_query(DP_SOCKET, 1);
  const int32_t handle = sock->open(DP_SOCKET_TCP);
  const uint64_t times_us[] = {0, 40000, DP_FOREVER};
  for (int i = 0; i < 3; ++i) {
    const int answer = sock->connect(handle, (dp_endpoint){0x0A000001, 443}, times_us[i]);
    say("connect %d at %llu", answer, now_us());
  }
  say("send %d", sock->send(handle, "hello", 5, 0));
}

static void bad_call_forever(void) {
  const dp_socket_v1* sock = dp_hal_query(DP_SOCKET, 1);
  for (int i = 0; i < 5000; ++i) sock->close(12345);
}

static int yields_a, yields_b;

static void yielder(void* unused) {
  (void)unused;
  for (; yields_b < 1000000; ++yields_b) hal_task->yield();
}

static void switches(void) {
  hal_task->create("other", yielder, NULL, 131072);
  for (; yields_a < 1000000; ++yields_a) hal_task->yield();
  say("yielded %d and %d", yields_a, yields_b);
}

static void firmware_main(void) {
  hal_clock = dp_hal_query(DP_CLOCK, 1);
  hal_task = dp_hal_query(DP_TASK, 1);
  hal_log = dp_hal_query(DP_LOG, 1);
  hal_system = dp_hal_query(DP_SYSTEM, 1);
  hal_identity = dp_hal_query(DP_IDENTITY, 1);
  static const struct {
    const char* name;
    void (*run)(void);
  } behaviours[] = {{"ping_pong", ping_pong}, {"sleep_order", sleep_order},
                    {"timeouts", timeouts},   {"bad_arguments", bad_arguments},
                    {"reboot", reboot},       {"flash_cut", flash_cut},
                    {"power_off", power_off}, {"sensors", sensors},
                    {"clocks", clocks},       {"sockets", sockets},
                    {"switches", switches},   {"bad_call_forever", bad_call_forever},
                    {"patient_connect", patient_connect}};
  for (size_t i = 0; i < sizeof behaviours / sizeof behaviours[0]; ++i) {
    if (strcmp(hal_identity->model(), behaviours[i].name) == 0) behaviours[i].run();
  }
}

const dp_firmware_t dp_firmware = {DP_HAL_VERSION, "tasks", "1.0", firmware_main};
