/* A robot of eight tasks with priorities, as it would be written for a small real-time kernel: it
 * sees the kernel's interface (rtos.h) and the drivers, which are the HAL. It drives about, keeps
 * away from walls by its lidar and from edges by its cliff sensors, stops when its battery runs low
 * or its button is pressed, and has no network.
 *
 *   7 safety     stops the motors when a bumper or cliff sensor says so
 *   6 motors     ramps the wheels to the wanted speed, every 20 ms
 *   5 odometry   adds up the wheels' ticks
 *   4 lidar      keeps the nearest distance ahead
 *   3 behaviour  decides where to go
 *   2 buttons    starts and stops it
 *   2 battery    watches the charge
 *   1 reports    logs once in ten seconds */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "hil/hal/dp_hal.h"
#include "robots/eight_tasks/firmware/rtos.h"

struct wheels {
  float left_m_s, right_m_s;
};

struct hazard_note {
  bool left, right, cliff;
};

static const dp_hazard_v1* hazard;
static const dp_drive_v1* drive;
static const dp_odometry_v1* odometry;
static const dp_lidar_v1* lidar;
static const dp_buttons_v1* buttons;
static const dp_battery_v1* battery;
static const dp_log_v1* log_port;

static QueueHandle_t wanted_wheels; /* Of one: the newest counts. */
static QueueHandle_t hazards;
static SemaphoreHandle_t state_lock;
static TaskHandle_t behaviour_task;

/* Under state_lock. */
static struct {
  float driven_m, ahead_m;
  int bumps;
  bool active, battery_low;
} state = {.ahead_m = 10, .active = true};

static void command(float left_m_s, float right_m_s) {
  const struct wheels wheels = {left_m_s, right_m_s};
  xQueueOverwrite(wanted_wheels, &wheels);
}

static void safety_task(void* unused) {
  (void)unused;
  dp_hazard_sample seen = {0}, now;
  for (;;) {
    TaskHandle_t self = rtos_leave();
    const dp_status status = hazard->wait_change(&seen, &now, 100000);
    rtos_enter(self);
    if (status != DP_OK) continue;
    const bool cliff = now.cliff != 0 && seen.cliff == 0;
    const bool bump =
        (now.bumper_left && !seen.bumper_left) || (now.bumper_right && !seen.bumper_right);
    seen = now;
    if (!bump && !cliff) continue;
    command(0, 0);
    const struct hazard_note note = {now.bumper_left, now.bumper_right, cliff};
    xQueueSend(hazards, &note, 0);
  }
}

static float ramp(float now, float wanted) {
  const float step = 0.02f; /* 1 m/s², every 20 ms. */
  if (wanted > now + step) return now + step;
  if (wanted < now - step) return now - step;
  return wanted;
}

static void motor_task(void* unused) {
  (void)unused;
  struct wheels wanted = {0, 0}, now = {0, 0};
  TickType_t woken = xTaskGetTickCount();
  for (;;) {
    xQueuePeek(wanted_wheels, &wanted, 0);
    now.left_m_s = ramp(now.left_m_s, wanted.left_m_s);
    now.right_m_s = ramp(now.right_m_s, wanted.right_m_s);
    drive->set_velocity(now.left_m_s, now.right_m_s);
    vTaskDelayUntil(&woken, pdMS_TO_TICKS(20));
  }
}

static void odometry_task(void* unused) {
  (void)unused;
  const float ticks_per_m = odometry->info().ticks_per_m;
  dp_odometry_sample before = {0}, now;
  bool first = true;
  for (;;) {
    TaskHandle_t self = rtos_leave();
    const dp_status status = odometry->read(&now, 1000000);
    rtos_enter(self);
    if (status != DP_OK) continue;
    const int16_t left = (int16_t)(uint16_t)(now.left_ticks - before.left_ticks);
    const int16_t right = (int16_t)(uint16_t)(now.right_ticks - before.right_ticks);
    before = now;
    if (!first && xSemaphoreTake(state_lock, pdMS_TO_TICKS(50))) {
      state.driven_m += fabsf((float)(left + right) / 2 / ticks_per_m);
      xSemaphoreGive(state_lock);
    }
    first = false;
  }
}

static void lidar_task(void* unused) {
  (void)unused;
  static dp_lidar_turn turn;
  lidar->set_enabled(true);
  for (;;) {
    TaskHandle_t self = rtos_leave();
    const dp_status status = lidar->read(&turn, 2000000);
    rtos_enter(self);
    if (status != DP_OK) continue;
    float nearest_m = 10;
    for (int i = 0; i < turn.beam_count; ++i) {
      const float range_m = (float)turn.range_mm[i] * 0.001f;
      if (turn.range_mm[i] != 0 && fabsf(turn.angle_rad[i]) < 0.4f && range_m < nearest_m)
        nearest_m = range_m;
    }
    if (xSemaphoreTake(state_lock, pdMS_TO_TICKS(50))) {
      state.ahead_m = nearest_m;
      xSemaphoreGive(state_lock);
    }
  }
}

/* Backs off from what was met, and turns away from its side. */
static void recover(const struct hazard_note* note, unsigned turns) {
  command(-0.15f, -0.15f);
  vTaskDelay(pdMS_TO_TICKS(note->cliff ? 1200 : 700));
  const float side = note->left && !note->right ? 1.0f : -1.0f;
  command(0.15f * side, -0.15f * side);
  vTaskDelay(pdMS_TO_TICKS(700 + 250 * (turns % 4)));
  xSemaphoreTake(state_lock, portMAX_DELAY);
  ++state.bumps;
  xSemaphoreGive(state_lock);
}

static void behaviour_task_main(void* unused) {
  (void)unused;
  unsigned turns = 0;
  command(-0.2f, -0.2f); /* Off the dock, backwards. */
  vTaskDelay(pdMS_TO_TICKS(2500));
  command(0.15f, -0.15f);
  vTaskDelay(pdMS_TO_TICKS(2400));
  for (;;) {
    struct hazard_note note;
    if (xQueueReceive(hazards, &note, pdMS_TO_TICKS(100))) recover(&note, ++turns);
    xSemaphoreTake(state_lock, portMAX_DELAY);
    const bool may_drive = state.active && !state.battery_low;
    const float ahead_m = state.ahead_m;
    xSemaphoreGive(state_lock);
    if (!may_drive) {
      command(0, 0);
      ulTaskNotifyTake(pdTRUE, portMAX_DELAY); /* Until a button or the battery says otherwise. */
    } else if (ahead_m < 0.45f) {
      command(0.12f, -0.12f);
    } else {
      command(0.25f, 0.25f);
    }
  }
}

static void button_task(void* unused) {
  (void)unused;
  for (;;) {
    dp_button_event event;
    TaskHandle_t self = rtos_leave();
    const dp_status status = buttons->read(&event, DP_FOREVER);
    rtos_enter(self);
    if (status != DP_OK || event.button != DP_BUTTON_HOME) continue;
    xSemaphoreTake(state_lock, portMAX_DELAY);
    state.active = !state.active;
    xSemaphoreGive(state_lock);
    xTaskNotifyGive(behaviour_task);
  }
}

static void battery_task(void* unused) {
  (void)unused;
  for (;;) {
    vTaskDelay(pdMS_TO_TICKS(1000));
    dp_battery_sample sample;
    if (battery->latest(&sample) != DP_OK) continue;
    xSemaphoreTake(state_lock, portMAX_DELAY);
    const bool was_low = state.battery_low;
    state.battery_low = sample.charge_pct < 15;
    const bool changed = was_low != state.battery_low;
    xSemaphoreGive(state_lock);
    if (changed) xTaskNotifyGive(behaviour_task);
  }
}

static void report_task(void* unused) {
  (void)unused;
  for (;;) {
    vTaskDelay(pdMS_TO_TICKS(10000));
    xSemaphoreTake(state_lock, portMAX_DELAY);
    char line[96];
    snprintf(line, sizeof line, "driven %.2f m, %d bumps, %s", (double)state.driven_m, state.bumps,
             state.active ? "active" : "stopped");
    xSemaphoreGive(state_lock);
    log_port->write(DP_LOG_INFO, line);
  }
}

static void run(void) {
  hazard = dp_hal_query(DP_HAZARD, 1);
  drive = dp_hal_query(DP_DRIVE, 1);
  odometry = dp_hal_query(DP_ODOMETRY, 1);
  lidar = dp_hal_query(DP_LIDAR, 1);
  buttons = dp_hal_query(DP_BUTTONS, 1);
  battery = dp_hal_query(DP_BATTERY, 1);
  log_port = dp_hal_query(DP_LOG, 1);
  wanted_wheels = xQueueCreate(1, sizeof(struct wheels));
  hazards = xQueueCreate(4, sizeof(struct hazard_note));
  state_lock = xSemaphoreCreateMutex();
  xTaskCreate(safety_task, "safety", 512, NULL, 7, NULL);
  xTaskCreate(motor_task, "motors", 512, NULL, 6, NULL);
  xTaskCreate(odometry_task, "odometry", 512, NULL, 5, NULL);
  xTaskCreate(lidar_task, "lidar", 2048, NULL, 4, NULL);
  xTaskCreate(behaviour_task_main, "behaviour", 1024, NULL, 3, &behaviour_task);
  xTaskCreate(button_task, "buttons", 512, NULL, 2, NULL);
  xTaskCreate(battery_task, "battery", 512, NULL, 2, NULL);
  xTaskCreate(report_task, "reports", 1024, NULL, 1, NULL);
  vTaskStartScheduler();
}

const dp_firmware_t dp_firmware = {DP_HAL_VERSION, "eight_tasks", "1.0.0", run};
