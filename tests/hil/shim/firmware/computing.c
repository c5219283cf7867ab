/* Firmware of the shim's tests for time that computing takes: the robot's model name says which
 * behaviour to show. Lines go to the log. */
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "hil/hal/dp_hal.h"

static const dp_clock_v1* hal_clock;
static const dp_task_v1* hal_task;
static const dp_log_v1* hal_log;

static void say(const char* format, ...) {
  char line[256];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  hal_log->write(DP_LOG_INFO, line);
}

static unsigned long long now_us(void) { return (unsigned long long)hal_clock->now_us(); }

static void start(const char* name, void (*entry)(void*)) {
  hal_task->create(name, entry, (void*)(uintptr_t)name, 65536);
}

/* Rests 10 ms and tells the time, twice. */
static void worker(void* name) {
  for (int i = 0; i < 2; ++i) {
    hal_clock->sleep_us(10000);
    say("%s at %llu", (const char*)name, now_us());
  }
}

static void workers(void) {
  start("a", worker);
  start("b", worker);
}

/* Each turn's number, and when it was dealt with. */
static void read_turns(void) {
  static dp_lidar_turn turn;
  const dp_lidar_v1* lidar = dp_hal_query(DP_LIDAR, 1);
  while (lidar->read(&turn, 2000000) == DP_OK)
    say("turn %llu at %llu", (unsigned long long)turn.start_us, now_us());
}

static void rest_once(void* unused) {
  (void)unused;
  hal_clock->sleep_us(10000);
}

static void ends_busy(void) { rest_once(NULL); }

static void ends_busy_beside_another(void) {
  start("brief", rest_once);
  start("a", worker);
}

/* Spans: over a rest of 1 ms with the call before it, and of a call that takes no time itself. */
static void measure(void* name) {
  const uint64_t begin_us = hal_clock->now_us();
  hal_clock->sleep_us(1000);
  const uint64_t rested_us = hal_clock->now_us();
  const uint64_t asked_us = hal_clock->now_us();
  say("%s %llu %llu", (const char*)name, (unsigned long long)(rested_us - begin_us),
      (unsigned long long)(asked_us - rested_us));
}

static void spans(void) {
  start("other", measure);
  measure("main");
}

/* The flash does one thing at a time: the second task waits for it, then for its own erase. */
static void eraser(void* name) {
  ((const dp_flash_v1*)dp_hal_query(DP_FLASH, 1))->erase(0);
  say("%s at %llu", (const char*)name, now_us());
}

static void erasers(void) {
  start("a", eraser);
  start("b", eraser);
}

/* The other waits for ever for what this one sends once it has computed. */
static dp_handle answer_box;

static void thinker(void* unused) {
  (void)unused;
  hal_clock->sleep_us(10000);
  const int answer = 42;
  hal_task->mailbox_send(answer_box, &answer, DP_FOREVER);
}

static void ask(void) {
  answer_box = (dp_handle)hal_task->mailbox_create(sizeof(int), 1);
  start("thinker", thinker);
  int answer = 0;
  hal_task->mailbox_receive(answer_box, &answer, DP_FOREVER);
  say("%d at %llu", answer, now_us());
}

/* Dies while another computes. */
static int* volatile nowhere;

static void die_beside(void) {
  start("thinker", thinker);
  hal_clock->sleep_us(500000);
  *nowhere = 1;
}

static void firmware_main(void) {
  hal_clock = dp_hal_query(DP_CLOCK, 1);
  hal_task = dp_hal_query(DP_TASK, 1);
  hal_log = dp_hal_query(DP_LOG, 1);
  const dp_identity_v1* identity = dp_hal_query(DP_IDENTITY, 1);
  static const struct {
    const char* name;
    void (*run)(void);
  } behaviours[] = {{"workers", workers},
                    {"read_turns", read_turns},
                    {"ends_busy", ends_busy},
                    {"ends_busy_beside_another", ends_busy_beside_another},
                    {"spans", spans},
                    {"erasers", erasers},
                    {"ask", ask},
                    {"die_beside", die_beside}};
  for (size_t i = 0; i < sizeof behaviours / sizeof behaviours[0]; ++i) {
    if (strcmp(identity->model(), behaviours[i].name) != 0) continue;
    behaviours[i].run();
    return; /* At once: what is asked of the HAL behind it computes. */
  }
}

const dp_firmware_t dp_firmware = {DP_HAL_VERSION, "computing", "1.0", firmware_main};
