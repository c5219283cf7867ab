#include "robots/eight_tasks/firmware/rtos.h"

#include <string.h>

#include "hil/hal/dp_hal.h"

enum { kTasksMax = 16, kQueuesMax = 32, kQueueBytesMax = 1024, kStackBytesMin = 65536 };

struct rtos_task {
  void (*entry)(void*);
  void* argument;
  const char* name;
  UBaseType_t priority;
  size_t stack_bytes;
  dp_handle wake; /* A mailbox of one: what a waiting task sleeps on. */
  bool ready;
  uint32_t ready_order; /* Who became ready first goes first among equals. */
  const void* waiting_on;
  uint32_t notified;
};

struct rtos_queue {
  UBaseType_t length, item_bytes, count, first;
  uint8_t items[kQueueBytesMax];
};

static struct rtos_task tasks[kTasksMax];
static int task_count;
static struct rtos_queue queues[kQueuesMax];
static int queue_count;
static uint32_t ready_count;
static struct rtos_task* running;

static const dp_clock_v1* hal_clock;
static const dp_task_v1* hal_task;

/* ---- Who runs. */

static bool goes_before(const struct rtos_task* a, const struct rtos_task* b) {
  if (a->priority != b->priority) return a->priority > b->priority;
  return (int32_t)(a->ready_order - b->ready_order) < 0;
}

static bool is_first(const struct rtos_task* self) {
  for (int i = 0; i < task_count; ++i) {
    if (tasks[i].ready && &tasks[i] != self && goes_before(&tasks[i], self)) return false;
  }
  return true;
}

static void make_ready(struct rtos_task* task) {
  if (task->ready) return;
  task->ready = true;
  task->ready_order = ++ready_count;
}

/* Waits for its turn among the tasks that are ready at this instant. The HAL hands over in the
 * order of waking; a yield lets everybody who wakes now line up, and those ahead run until they
 * block. */
static void take_turn(struct rtos_task* self) {
  make_ready(self);
  do {
    hal_task->yield();
  } while (!is_first(self));
  running = self;
}

/* Sleeps until woken (true) or for `wait_us` (false). A wake-up may be left over from before:
 * whoever waits for something looks whether it is so. */
static bool block(const void* on, uint64_t wait_us) {
  struct rtos_task* self = running;
  uint8_t token;
  self->waiting_on = on;
  self->ready = false;
  const dp_status status = hal_task->mailbox_receive(self->wake, &token, wait_us);
  self->waiting_on = NULL;
  take_turn(self);
  return status == DP_OK;
}

/* Wakes the first of those who wait for something; it runs at once where its priority is higher. */
static void wake(const void* what) {
  static const uint8_t token = 0;
  struct rtos_task* first = NULL;
  for (int i = 0; i < task_count; ++i) {
    struct rtos_task* task = &tasks[i];
    if (task->waiting_on == what && (first == NULL || task->priority > first->priority))
      first = task;
  }
  if (first == NULL) return;
  first->waiting_on = NULL;
  make_ready(first);
  hal_task->mailbox_send(first->wake, &token, 0);
  if (first->priority > running->priority) take_turn(running);
}

TaskHandle_t rtos_leave(void) {
  running->ready = false;
  return running;
}

void rtos_enter(TaskHandle_t self) { take_turn(self); }

static void start(void* self) {
  struct rtos_task* task = self;
  take_turn(task);
  task->entry(task->argument);
  task->ready = false;
}

BaseType_t xTaskCreate(void (*entry)(void*), const char* name, uint32_t stack_words, void* argument,
                       UBaseType_t priority, TaskHandle_t* out) {
  if (task_count == kTasksMax || priority >= configMAX_PRIORITIES) return pdFAIL;
  struct rtos_task* task = &tasks[task_count++];
  const size_t asked = (size_t)stack_words * 4;
  *task = (struct rtos_task){.entry = entry,
                             .argument = argument,
                             .name = name,
                             .priority = priority,
                             .stack_bytes = asked > kStackBytesMin ? asked : kStackBytesMin};
  if (out != NULL) *out = task;
  return pdPASS;
}

void vTaskStartScheduler(void) {
  hal_clock = dp_hal_query(DP_CLOCK, 1);
  hal_task = dp_hal_query(DP_TASK, 1);
  for (int i = 0; i < task_count; ++i) {
    tasks[i].wake = (dp_handle)hal_task->mailbox_create(1, 1);
    hal_task->create(tasks[i].name, start, &tasks[i], tasks[i].stack_bytes);
  }
}

/* ---- Time. */

TickType_t xTaskGetTickCount(void) { return (TickType_t)(hal_clock->now_us() / 1000); }

static void sleep_until_us(uint64_t until_us) {
  struct rtos_task* self = rtos_leave();
  hal_clock->sleep_until_us(until_us);
  take_turn(self);
}

void vTaskDelay(TickType_t ticks) {
  if (ticks == 0) {
    taskYIELD();
    return;
  }
  sleep_until_us(hal_clock->now_us() + (uint64_t)ticks * 1000);
}

void vTaskDelayUntil(TickType_t* previous, TickType_t period) {
  *previous += period;
  sleep_until_us((uint64_t)*previous * 1000);
}

/* Behind everybody of the same priority. */
void taskYIELD(void) {
  running->ready = false;
  take_turn(running);
}

/* Tries, and waits for `on` between two tries. */
static BaseType_t wait_for(bool (*attempt)(void*), void* what, const void* on, TickType_t wait) {
  const uint64_t begin_us = hal_clock->now_us();
  while (!attempt(what)) {
    const uint64_t gone_us = hal_clock->now_us() - begin_us, wait_us = (uint64_t)wait * 1000;
    if (wait != portMAX_DELAY && gone_us >= wait_us) return pdFAIL;
    block(on, wait == portMAX_DELAY ? DP_FOREVER : wait_us - gone_us);
  }
  return pdPASS;
}

/* ---- Queues and semaphores. */

QueueHandle_t xQueueCreate(UBaseType_t length, UBaseType_t item_bytes) {
  if (queue_count == kQueuesMax || length == 0 || length * item_bytes > kQueueBytesMax) return NULL;
  struct rtos_queue* queue = &queues[queue_count++];
  *queue = (struct rtos_queue){.length = length, .item_bytes = item_bytes};
  return queue;
}

struct transfer {
  struct rtos_queue* queue;
  const void* in;
  void* out;
  bool keep;
};

static bool try_send(void* what) {
  const struct transfer* t = what;
  struct rtos_queue* q = t->queue;
  if (q->count == q->length) return false;
  const UBaseType_t at = (q->first + q->count) % q->length;
  if (q->item_bytes > 0) memcpy(q->items + at * q->item_bytes, t->in, q->item_bytes);
  ++q->count;
  wake(q);
  return true;
}

static bool try_receive(void* what) {
  const struct transfer* t = what;
  struct rtos_queue* q = t->queue;
  if (q->count == 0) return false;
  if (q->item_bytes > 0) memcpy(t->out, q->items + q->first * q->item_bytes, q->item_bytes);
  if (t->keep) return true;
  q->first = (q->first + 1) % q->length;
  --q->count;
  wake(q);
  return true;
}

BaseType_t xQueueSend(QueueHandle_t queue, const void* item, TickType_t wait) {
  struct transfer t = {.queue = queue, .in = item};
  return wait_for(try_send, &t, queue, wait);
}

BaseType_t xQueueReceive(QueueHandle_t queue, void* item, TickType_t wait) {
  struct transfer t = {.queue = queue, .out = item};
  return wait_for(try_receive, &t, queue, wait);
}

BaseType_t xQueuePeek(QueueHandle_t queue, void* item, TickType_t wait) {
  struct transfer t = {.queue = queue, .out = item, .keep = true};
  return wait_for(try_receive, &t, queue, wait);
}

BaseType_t xQueueOverwrite(QueueHandle_t queue, const void* item) {
  queue->count = 0;
  return xQueueSend(queue, item, 0);
}

SemaphoreHandle_t xSemaphoreCreateBinary(void) { return xQueueCreate(1, 0); }

SemaphoreHandle_t xSemaphoreCreateMutex(void) {
  SemaphoreHandle_t mutex = xSemaphoreCreateBinary();
  if (mutex != NULL) mutex->count = 1;
  return mutex;
}

BaseType_t xSemaphoreTake(SemaphoreHandle_t semaphore, TickType_t wait) {
  return xQueueReceive(semaphore, NULL, wait);
}

BaseType_t xSemaphoreGive(SemaphoreHandle_t semaphore) { return xQueueSend(semaphore, NULL, 0); }

/* ---- Notifications. */

BaseType_t xTaskNotifyGive(TaskHandle_t task) {
  ++task->notified;
  wake(&task->notified);
  return pdPASS;
}

static bool is_notified(void* self) { return ((struct rtos_task*)self)->notified > 0; }

uint32_t ulTaskNotifyTake(BaseType_t clear, TickType_t wait) {
  struct rtos_task* self = running;
  if (wait_for(is_notified, self, &self->notified, wait) != pdPASS) return 0;
  const uint32_t count = self->notified;
  self->notified = clear ? 0 : count - 1;
  return count;
}
