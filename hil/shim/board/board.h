/* The inside of the board's shim: the HAL of hil/hal over a link. README.md tells how it works.
 *
 * In lockstep one thread of the firmware runs at a time: the one that has the turn. It gives the
 * turn away where it waits, by `board_ask`, and gets it back there with the answer. In real time
 * threads run as they like, and a thread of the shim hears the host.
 */
#ifndef DUSTPROOF_BOARD_H
#define DUSTPROOF_BOARD_H

#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>

#include "hil/hal/dp_hal.h"
#include "hil/wire/call.h"

#define BOARD_TASKS_MAX 64

/* A task of the firmware, or a thread of its own. */
typedef struct board_task {
  uint32_t number; /* For the host; `main` is 1. */
  char name[32];
  void (*entry)(void* argument);
  void* argument;
  sem_t turn; /* Posted when it gets the turn. */
  dustproof_wire_Result result;
  struct board_task* next_waiter; /* In the list of all who are parked, in the order of their coming. */
  const void* waits_for;
} board_task;

/* The last samples that no task has read, oldest first. */
#define BOARD_RING(sample) \
  struct {                 \
    sample kept[64];       \
    size_t first, count;   \
  }

/* What firmware may read without asking: what grants said. */
typedef struct board_state {
  dustproof_wire_Welcome welcome;
  bool real_time;
  bool own_network; /* Whose sockets are let be: somebody else watches them. */
  uint64_t welcome_ns; /* That time when the session began. */
  uint64_t now_ns; /* Simulated time since the beginning of the run, as the host said it last. */
  dp_odometry_sample odometry;
  dp_imu_sample imu;
  dp_hazard_sample hazard;
  dp_dock_sample dock;
  dp_battery_sample battery;
  BOARD_RING(dp_odometry_sample) unread_odometry;
  BOARD_RING(dp_imu_sample) unread_imu;
  bool has_odometry, has_imu, has_hazard, has_dock, has_battery;
} board_state;

extern board_state board;

/* Around reads of what grants change: in real time they come at any moment. */
void board_lock(void);
void board_unlock(void);
/* Time since the beginning of the run: what was granted, or this board's own clock in real time. */
uint64_t board_now_ns(void);
/* Real time: one task of the HAL runs at a time there too, as the HAL promises, and hands over where it waits. Threads of
 * the firmware's own are not held. `board_let_go` tells whether the calling task had the turn to give. */
bool board_let_go(void);
bool board_may_let_go(void);
void board_take_back(bool had_turn);
/* Waits by `call`, while others run. */
#define BOARD_WAIT(call)                         \
  ({                                             \
    const bool had_turn = board_let_go();        \
    const __typeof__(call) board_answer = (call); \
    board_take_back(had_turn);                   \
    board_answer;                                \
  })
/* Sleeps by this board's own clock. Real time only. */
void board_sleep_until_ns(uint64_t until_ns);

/* Samples of the wire as the HAL gives them. */
dp_odometry_sample board_odometry(const dustproof_wire_OdometrySample* from);
dp_imu_sample board_imu(const dustproof_wire_ImuSample* from);
dp_hazard_sample board_hazard(const dustproof_wire_HazardSample* from);
dp_dock_sample board_dock(const dustproof_wire_DockSample* from);
dp_battery_sample board_battery(const dustproof_wire_BatterySample* from);

/* Connects to the host, says who we are, and waits for its welcome. Ends the process with a
 * message where that fails. */
void board_connect(const dp_firmware_t* firmware);
/* Whether there is a session. */
bool board_is_on(void);
/* The calling thread's task; NULL for threads that are none of the firmware's. In real time every
 * thread that asks becomes one. */
board_task* board_self(void);
/* Makes the calling thread the first task, which has the turn. */
void board_begin_main(void);

/* Whether the calling thread has the turn; and a signal to the one that has it. */
bool board_has_turn(void);
void board_signal_turn(int signal);

/* A call as it is written down. */
typedef wire_call board_call;

/* Tells the host, with the next thing that is asked. */
void board_tell(const board_call* call);
/* Asks the host and waits for the answer; other tasks run meanwhile. The result is the caller's
 * until its next call. */
const dustproof_wire_Result* board_ask(const board_call* call);

#define BOARD_INTEGERS(...) WIRE_INTEGERS(__VA_ARGS__)
#define BOARD_REALS(...) WIRE_REALS(__VA_ARGS__)

/* A new task or thread, in the host's table; NULL where there is no room. It runs when it first
 * gets the turn. */
board_task* board_task_new(const char* name);
void board_task_free(board_task* task);
/* In the thread of a new task, before its first line: waits for its first turn. */
void board_task_begin(board_task* task);
/* The calling task has returned: gives the turn away for good. */
void board_task_end(void);
bool board_start_thread(board_task* task, size_t stack_bytes);

/* Waits until another says board_unpark_one of `thing`: true, or until `timeout_us` is over: false. */
bool board_park(const void* thing, uint64_t timeout_us);
/* Waits by a call of its own, which the same ends. */
const dustproof_wire_Result* board_wait_for(const void* thing, const board_call* call);
/* Lets the first, or all, that wait for `thing` go on. */
void board_unpark_one(const void* thing);
void board_unpark_all(const void* thing);

/* Threads begun between these, and what they call, are the shim's and libraries' own. */
void board_enter(void);
void board_leave(void);
bool board_is_inside(void);

/* A way past the HAL: told to the run. Returns -1, with errno. */
int board_refuse(const char* what);
/* From here on the calling thread, and those that it begins, make no system call that is such a way. */
void board_trap_calls(void);

/* Ends the process: the firmware can't go on. Safe in a signal handler. */
_Noreturn void board_fault(const char* what, const char* detail);
void board_catch_faults(void);
/* Fills `out` with the next bytes of the stream behind getrandom (0) or rand (1). */
void board_library_random(void* out, size_t bytes, int stream);

/* The link: whole messages. */
void board_link_open(const char* address);
void board_link_send(const void* data, size_t bytes);
/* Waits. *data is freed by the caller. */
size_t board_link_receive(uint8_t** data);
/* The same without waiting: false where nothing is there. */
bool board_link_poll(uint8_t** data, size_t* bytes);
/* Waits until there may be something to poll, beside other uses of the link; false after `timeout_ms`. */
bool board_link_wait(int timeout_ms);
/* Whether a message has come within this time; it is still there. */
bool board_link_has_message(int timeout_ms);

#endif
