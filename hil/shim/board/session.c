/* The session with the host: who we are, calls on their way, and grants of time. */
#include <errno.h>
#include <pb_decode.h>
#include <pb_encode.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "hil/shim/board/real.h"

enum { kSilenceMs = 10000 };

board_state board;

static bool on;
static uint64_t session;
static uint64_t step;
static uint64_t heard_step; /* Of the host's last message; an answer that comes twice counts once. */
static int64_t welcome_clock_ns; /* This machine's clock when the welcome came. */
enum { kAnswerMs = 5000 };
static pthread_mutex_t real_time_lock = PTHREAD_MUTEX_INITIALIZER;

/* Calls of the turn, already as the wire wants them. */
static struct {
  uint8_t* bytes;
  size_t used, size;
} turn;

bool board_is_on(void) { return on; }

/* The turn is the lock, in lockstep. */
void board_lock(void) {
  if (board.real_time) REAL(pthread_mutex_lock)(&real_time_lock);
}

void board_unlock(void) {
  if (board.real_time) REAL(pthread_mutex_unlock)(&real_time_lock);
}

static pthread_mutex_t processor = PTHREAD_MUTEX_INITIALIZER;
static __thread bool has_processor;

static void take_processor(void) {
  REAL(pthread_mutex_lock)(&processor);
  has_processor = true;
}

static bool let_go(void) {
  if (!has_processor) return false;
  has_processor = false;
  REAL(pthread_mutex_unlock)(&processor);
  return true;
}

/* The shim's own locks are taken by who has the turn: it never waits for the turn with one of them. */
bool board_may_let_go(void) { return has_processor && !board_is_inside(); }
bool board_let_go(void) {
  if (!board_may_let_go()) return false;
  board_tell(&(board_call){.function = dustproof_wire_Function_TASK_WAITS}); /* So that the run times what the task computes, and not its rest. */
  return let_go();
}

void board_take_back(bool had_turn) {
  if (had_turn) take_processor();
}

static int64_t clock_ns(void) {
  struct timespec now;
  REAL(clock_gettime)(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000000000LL + now.tv_nsec;
}

uint64_t board_now_ns(void) {
  if (!board.real_time) return board.now_ns;
  return board.welcome_ns + (uint64_t)(clock_ns() - welcome_clock_ns);
}

void board_sleep_until_ns(uint64_t until_ns) {
  if (until_ns <= board_now_ns()) return;
  const int64_t left_ns = (int64_t)(until_ns - board.welcome_ns);
  const int64_t at_ns = left_ns > INT64_MAX / 2 ? INT64_MAX / 2 : left_ns + welcome_clock_ns;
  const struct timespec at = {.tv_sec = at_ns / 1000000000, .tv_nsec = at_ns % 1000000000};
  while (BOARD_WAIT(REAL(clock_nanosleep)(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL)) == EINTR) {
  }
}

static bool append(pb_ostream_t* stream, const uint8_t* data, size_t bytes) {
  (void)stream;
  if (turn.used + bytes > turn.size) {
    const size_t size = (turn.used + bytes) * 2 + 1024;
    uint8_t* larger = realloc(turn.bytes, size);
    if (larger == NULL) board_fault("abort", "no memory for a call");
    turn.bytes = larger;
    turn.size = size;
  }
  memcpy(turn.bytes + turn.used, data, bytes);
  turn.used += bytes;
  return true;
}

static void add_call(const board_call* call) {
  pb_ostream_t to = {.callback = append, .state = NULL, .max_size = SIZE_MAX, .bytes_written = 0};
  if (!wire_add_call(&to, board_self()->number, call)) board_fault("abort", "a call of the HAL could not be written down");
}

/* The fields of a Message before its body, into `head`; returns their length. */
static size_t encode_head(uint8_t* head, size_t size) {
  pb_ostream_t to = pb_ostream_from_buffer(head, size);
  wire_add_head(&to, session, step, board_now_ns());
  return to.bytes_written;
}

static void add_waits(void) {
  pb_ostream_t to = {.callback = append, .state = NULL, .max_size = SIZE_MAX, .bytes_written = 0};
  pb_encode_tag(&to, PB_WT_VARINT, dustproof_wire_Turn_waits_tag);
  pb_encode_varint(&to, 1);
}

static void send_heartbeat(void) {
  uint8_t message[64];
  const size_t head_bytes = encode_head(message, sizeof message);
  pb_ostream_t to = pb_ostream_from_buffer(message + head_bytes, sizeof message - head_bytes);
  pb_encode_tag(&to, PB_WT_STRING, dustproof_wire_Message_heartbeat_tag);
  pb_encode_varint(&to, 0);
  board_link_send(message, head_bytes + to.bytes_written);
}

static void send_turn(void) {
  ++step;
  uint8_t head[64];
  size_t head_bytes = encode_head(head, sizeof head);
  pb_ostream_t to = pb_ostream_from_buffer(head + head_bytes, sizeof head - head_bytes);
  pb_encode_tag(&to, PB_WT_STRING, dustproof_wire_Message_turn_tag);
  pb_encode_varint(&to, turn.used);
  head_bytes += to.bytes_written;
  /* One frame: head and turn. */
  uint8_t* frame = malloc(head_bytes + turn.used);
  if (frame == NULL) board_fault("abort", "no memory for a message");
  memcpy(frame, head, head_bytes);
  memcpy(frame + head_bytes, turn.bytes, turn.used);
  board_link_send(frame, head_bytes + turn.used);
  free(frame);
  turn.used = 0;
}

static void decode(uint8_t* data, size_t bytes, dustproof_wire_Message* message) {
  pb_istream_t from = pb_istream_from_buffer(data, bytes);
  memset(message, 0, sizeof *message);
  if (!pb_decode(&from, dustproof_wire_Message_fields, message)) {
    fprintf(stderr, "dustproof: the run sent what is no message: %s\n", PB_GET_ERROR(&from));
    _Exit(3);
  }
  free(data);
  if (message->has_goodbye) _Exit(0);
  if (message->has_refusal) {
    fprintf(stderr, "dustproof: the run refuses us: %s\n",
            message->refusal.reason == NULL ? "" : message->refusal.reason);
    _Exit(3);
  }
}

/* Whether a message is the run's next word of this session: one that comes twice counts once. */
static bool is_news(const dustproof_wire_Message* message) {
  if (on && (message->session != session || message->step <= heard_step)) return false;
  heard_step = message->step;
  return true;
}

/* The run's next word. */
static void receive(dustproof_wire_Message* message) {
  while (true) {
    uint8_t* data;
    const size_t bytes = board_link_receive(&data);
    decode(data, bytes, message);
    if (is_news(message)) return;
    pb_release(dustproof_wire_Message_fields, message);
  }
}

void board_connect(const dp_firmware_t* firmware) {
  const char* address = getenv("DUSTPROOF_LINK");
  if (address == NULL) {
    fprintf(stderr,
            "%s: this firmware runs under dustproof: `dustproof run SCENARIO --firmware %s`\n",
            program_invocation_name, program_invocation_name);
    _Exit(2);
  }
  board_enter();
  board_link_open(address);
  uint8_t buffer[1024];
  dustproof_wire_Message message = dustproof_wire_Message_init_zero;
  message.version = WIRE_PROTOCOL_VERSION;
  message.step = ++step;
  message.has_hello = true;
  message.hello.hal_version = firmware->hal_version;
  message.hello.firmware_name = (char*)(uintptr_t)firmware->name;
  message.hello.firmware_version = (char*)(uintptr_t)firmware->version;
  message.hello.lockstep = true;
  message.hello.process_id = (uint32_t)getpid();
  pb_ostream_t to = pb_ostream_from_buffer(buffer, sizeof buffer);
  if (!pb_encode(&to, dustproof_wire_Message_fields, &message)) {
    fprintf(stderr, "dustproof: the firmware's name or version is too long\n");
    _Exit(2);
  }
  board_link_send(buffer, to.bytes_written);
  if (!board_link_has_message(kAnswerMs))
    fprintf(stderr, "dustproof: no answer from %s yet: does a run wait there, and does it allow this board's key (`dustproof keys list`)?\n", address);
  do {
    receive(&message);
  } while (!message.has_welcome);
  session = message.session;
  step = 0;
  welcome_clock_ns = clock_ns();
  board.welcome_ns = board.now_ns = message.time_ns;
  board.welcome = message.welcome; /* Kept for good: its pointers are ours. */
  board.real_time = !message.welcome.lockstep;
  board.own_network = message.welcome.own_network;
  on = true;
  board_leave();
}

#define PUSH(ring, sample)                                                        \
  do {                                                                            \
    if ((ring).count == 64) (ring).first = ((ring).first + 1) % 64, --(ring).count; \
    (ring).kept[((ring).first + (ring).count++) % 64] = (sample);                 \
  } while (false)

static void take_unread(const dustproof_wire_Samples* samples) {
  for (size_t i = 0; i < samples->odometry_count; ++i)
    PUSH(board.unread_odometry, board_odometry(&samples->odometry[i]));
  for (size_t i = 0; i < samples->imu_count; ++i) PUSH(board.unread_imu, board_imu(&samples->imu[i]));
}

#define TAKE_LATEST(kind)                                                             \
  if (samples->kind##_count > 0) {                                                    \
    board.kind = board_##kind(&samples->kind[samples->kind##_count - 1]);             \
    board.has_##kind = true;                                                          \
  }

static void take_latest(const dustproof_wire_Samples* samples) {
  TAKE_LATEST(odometry)
  TAKE_LATEST(imu)
  TAKE_LATEST(hazard)
  TAKE_LATEST(dock)
  TAKE_LATEST(battery)
}

static void take_grant(const dustproof_wire_Message* message) {
  board.now_ns = message->time_ns;
  take_latest(&message->grant.latest);
  take_unread(&message->grant.unread);
}


/* Tasks by number. */
static board_task* tasks[BOARD_TASKS_MAX];
static uint32_t next_number = 1;
static __thread board_task* self;
static board_task* volatile holder; /* Of the turn. */
static volatile pthread_t holder_thread;

static void adopt_thread(void);

board_task* board_self(void) {
  if (self == NULL && board.real_time && on && !board_is_own_thread() && !board_is_inside()) adopt_thread();
  return self;
}
bool board_has_turn(void) { return holder == self; }
void board_signal_turn(int signal) { pthread_kill(holder_thread, signal); }

static void take_turn(void) {
  if (board.real_time) take_processor();
  holder = self;
  holder_thread = pthread_self();
}

static board_task* find_task(uint32_t number) {
  for (size_t i = 0; i < BOARD_TASKS_MAX; ++i)
    if (tasks[i] != NULL && tasks[i]->number == number) return tasks[i];
  board_fault("abort", "the run granted time to a task that is none");
}

/* Sends the turn, hears whose the next one is, and gives it to that one. */
static board_task* pass_turn(void) {
  send_turn();
  dustproof_wire_Message message;
  do {
    receive(&message);
  } while (!message.has_grant || message.grant.results_count == 0);
  take_grant(&message);
  board_task* next = find_task(message.grant.results[0].task);
  pb_release(dustproof_wire_Result_fields, &next->result);
  next->result = message.grant.results[0];
  memset(&message.grant.results[0], 0, sizeof message.grant.results[0]);
  pb_release(dustproof_wire_Message_fields, &message);
  return next;
}

static void wait_for_turn(board_task* task) {
  while (sem_wait(&task->turn) != 0) {
  }
}

/* Real time: what the host says, as it comes. */
static void take(dustproof_wire_Message* message) {
  if (message->has_heartbeat) send_heartbeat();
  if (message->has_grant) {
    take_grant(message);
    for (size_t i = 0; i < message->grant.results_count; ++i) {
      dustproof_wire_Result* result = &message->grant.results[i];
      for (size_t k = 0; k < BOARD_TASKS_MAX; ++k) {
        if (tasks[k] == NULL || tasks[k]->number != result->task) continue;
        pb_release(dustproof_wire_Result_fields, &tasks[k]->result);
        tasks[k]->result = *result;
        memset(result, 0, sizeof *result);
        sem_post(&tasks[k]->turn);
        break;
      }
    }
  }
}

/* With the lock. After every use of the link: what it heard meanwhile makes it readable no more. */
static void take_all(void) {
  uint8_t* data;
  size_t bytes;
  while (board_link_poll(&data, &bytes)) {
    dustproof_wire_Message message;
    decode(data, bytes, &message);
    if (is_news(&message)) take(&message);
    pb_release(dustproof_wire_Message_fields, &message);
  }
}

/* With the lock. */
static void say(const board_call* call, bool waits) {
  add_call(call);
  if (waits) add_waits();
  send_turn();
  take_all();
}

void board_tell(const board_call* call) {
  board_enter();
  board_lock();
  if (board.real_time)
    say(call, false);
  else
    add_call(call);
  board_unlock();
  board_leave();
}

/* The run's heartbeat comes ten times a second: one that is gone leaves nothing to do, and whoever starts boards starts us again. */
static void* hear_host(void* argument) {
  (void)argument;
  board_enter();
  do {
    board_lock();
    take_all();
    board_unlock();
  } while (board_link_wait(kSilenceMs));
  fprintf(stderr, "dustproof: the run has said nothing for ten seconds: it is gone\n");
  _Exit(3);
}

static const dustproof_wire_Result* ask_in_real_time(const board_call* call) {
  board_enter();
  board_task* task = self;
  board_lock();
  say(call, true);
  board_unlock();
  const bool had_turn = let_go();
  wait_for_turn(task);
  board_take_back(had_turn);
  board_leave();
  return &task->result;
}

const dustproof_wire_Result* board_ask(const board_call* call) {
  if (board.real_time) return ask_in_real_time(call);
  board_enter();
  board_task* task = self;
  add_call(call);
  board_task* next = pass_turn();
  if (next != task) {
    sem_post(&next->turn);
    wait_for_turn(task);
    take_turn();
  }
  board_leave();
  return &task->result;
}

board_task* board_task_new(const char* name) {
  board_task* task = calloc(1, sizeof *task);
  if (task == NULL) return NULL;
  snprintf(task->name, sizeof task->name, "%s", name);
  sem_init(&task->turn, 0, 0);
  board_lock();
  size_t i = 0;
  while (i < BOARD_TASKS_MAX && tasks[i] != NULL) ++i;
  if (i < BOARD_TASKS_MAX) {
    task->number = next_number++;
    tasks[i] = task;
  }
  board_unlock();
  if (i < BOARD_TASKS_MAX) return task;
  free(task);
  return NULL;
}

void board_task_free(board_task* task) {
  board_lock();
  for (size_t i = 0; i < BOARD_TASKS_MAX; ++i)
    if (tasks[i] == task) tasks[i] = NULL;
  board_unlock();
  pb_release(dustproof_wire_Result_fields, &task->result);
  sem_destroy(&task->turn);
  free(task);
}

/* The first grant begins the first task. */
void board_begin_main(void) {
  board_enter();
  self = board_task_new("main");
  take_turn();
  dustproof_wire_Message message;
  do {
    receive(&message);
  } while (!message.has_grant);
  take_grant(&message);
  pb_release(dustproof_wire_Message_fields, &message);
  pthread_t hears;
  if (board.real_time && pthread_create(&hears, NULL, hear_host, NULL) != 0)
    board_fault("abort", "no thread to hear the run");
  board_leave();
}

void board_task_begin(board_task* task) {
  self = task;
  board_enter();
  wait_for_turn(task);
  take_turn();
  board_leave();
}

static void end_in_real_time(void* task) {
  board_enter();
  let_go();
  self = task;
  board_lock();
  say(&(board_call){.function = dustproof_wire_Function_TASK_EXIT}, false);
  board_unlock();
  board_task_free(task);
  self = NULL;
  board_leave();
}

static pthread_key_t end_key;
static void make_end_key(void) { pthread_key_create(&end_key, end_in_real_time); }

/* A thread that the firmware began by itself calls the HAL for the first time. */
static void adopt_thread(void) {
  static pthread_once_t made = PTHREAD_ONCE_INIT;
  board_enter();
  pthread_once(&made, make_end_key);
  board_task* task = board_task_new("thread");
  if (task == NULL) board_fault("abort", "more than 64 tasks and threads use the HAL");
  pthread_setspecific(end_key, task);
  self = task;
  board_lock();
  say(&(board_call){.function = dustproof_wire_Function_THREAD_START, BOARD_INTEGERS(task->number)}, false);
  board_unlock();
  wait_for_turn(task);
  board_leave();
}

void board_task_end(void) {
  if (board.real_time) {
    end_in_real_time(self);
    return;
  }
  board_enter();
  board_task* task = self;
  add_call(&(board_call){.function = dustproof_wire_Function_TASK_EXIT});
  self = NULL;
  board_task_free(task);
  board_task* next = pass_turn();
  sem_post(&next->turn);
}

static void* run_task(void* argument) {
  board_task* task = argument;
  board_task_begin(task);
  task->entry(task->argument);
  board_task_end();
  return NULL;
}

bool board_start_thread(board_task* task, size_t stack_bytes) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  /* The C library's own needs come on top of what the firmware reckoned with. */
  pthread_attr_setstacksize(&attributes, stack_bytes + 65536);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_t thread;
  const int failed = REAL(pthread_create)(&thread, &attributes, run_task, task);
  pthread_attr_destroy(&attributes);
  return failed == 0;
}
