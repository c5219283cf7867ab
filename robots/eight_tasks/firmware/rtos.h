/* A port of a small real-time kernel's interface to the HAL: tasks with priorities, ticks, queues,
 * semaphores, notifications, in the shape that FreeRTOS has made common. Code that is written for
 * such a kernel compiles against it as it stands.
 *
 * What is as on the kernel: of the tasks that are ready at one instant, the one with the highest
 * priority runs first, and equal ones in the order in which they became ready; a task that makes a
 * higher one ready (gives, sends, notifies) lets it run before it goes on; ticks are milliseconds.
 *
 * What is not modelled: preemption between those points. Nothing interrupts a task that computes,
 * not even the tick: computing takes no simulated time. Hence no time slices, no interrupts (a task
 * that blocks on a sensor takes an interrupt's place), no priority inheritance (nobody is kept
 * waiting by a lower task that cannot run), and critical sections have nothing to do. */
#ifndef EIGHT_TASKS_RTOS_H
#define EIGHT_TASKS_RTOS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint32_t TickType_t;
typedef int BaseType_t;
typedef unsigned int UBaseType_t;
typedef struct rtos_task* TaskHandle_t;
typedef struct rtos_queue* QueueHandle_t;
typedef QueueHandle_t SemaphoreHandle_t;

#define pdTRUE 1
#define pdFALSE 0
#define pdPASS 1
#define pdFAIL 0
#define portMAX_DELAY UINT32_MAX
#define configTICK_RATE_HZ 1000u
#define configMAX_PRIORITIES 8u
#define pdMS_TO_TICKS(ms) ((TickType_t)(ms))
#define taskENTER_CRITICAL() ((void)0)
#define taskEXIT_CRITICAL() ((void)0)

/* Priority 0 is the lowest. `stack_words` counts 4-byte words, as on the chips that such code is
 * written for; frames are larger here, so each stack gets at least 64 KB. */
BaseType_t xTaskCreate(void (*entry)(void*), const char* name, uint32_t stack_words, void* argument,
                       UBaseType_t priority, TaskHandle_t* out);
/* Runs the tasks created so far; returns to nobody. */
void vTaskStartScheduler(void);
void vTaskDelay(TickType_t ticks);
void vTaskDelayUntil(TickType_t* previous, TickType_t period);
TickType_t xTaskGetTickCount(void);
void taskYIELD(void);

QueueHandle_t xQueueCreate(UBaseType_t length, UBaseType_t item_bytes);
BaseType_t xQueueSend(QueueHandle_t queue, const void* item, TickType_t wait);
BaseType_t xQueueReceive(QueueHandle_t queue, void* item, TickType_t wait);
/* For queues of length 1: replaces what is in there. */
BaseType_t xQueueOverwrite(QueueHandle_t queue, const void* item);
BaseType_t xQueuePeek(QueueHandle_t queue, void* item, TickType_t wait);

SemaphoreHandle_t xSemaphoreCreateMutex(void);
SemaphoreHandle_t xSemaphoreCreateBinary(void);
BaseType_t xSemaphoreTake(SemaphoreHandle_t semaphore, TickType_t wait);
BaseType_t xSemaphoreGive(SemaphoreHandle_t semaphore);

BaseType_t xTaskNotifyGive(TaskHandle_t task);
/* Waits for a notification; returns how many there were and clears them. */
uint32_t ulTaskNotifyTake(BaseType_t clear, TickType_t wait);

/* A driver's door: around a HAL call that blocks outside the kernel, for a sensor say. In between
 * the task does not count as ready. */
TaskHandle_t rtos_leave(void);
void rtos_enter(TaskHandle_t self);

#endif
