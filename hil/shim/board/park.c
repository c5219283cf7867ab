/* Waiting for one another: whoever came first goes on first. */
#include "hil/shim/board/board.h"

static board_task* waiters;

static void leave(const board_task* task) {
  for (board_task** link = &waiters; *link != NULL; link = &(*link)->next_waiter) {
    if (*link != task) continue;
    *link = task->next_waiter;
    return;
  }
}

const dustproof_wire_Result* board_wait_for(const void* thing, const board_call* call) {
  board_task* self = board_self();
  self->waits_for = thing;
  self->next_waiter = NULL;
  board_task** end = &waiters;
  while (*end != NULL) end = &(*end)->next_waiter;
  *end = self;
  const dustproof_wire_Result* result = board_ask(call);
  leave(self);
  return result;
}

bool board_park(const void* thing, uint64_t timeout_us) {
  const board_call call = {.function = dustproof_wire_Function_PARK, BOARD_INTEGERS(timeout_us)};
  return board_wait_for(thing, &call)->value == DP_OK;
}

void board_unpark_one(const void* thing) {
  for (board_task* task = waiters; task != NULL; task = task->next_waiter) {
    if (task->waits_for != thing) continue;
    leave(task);
    board_tell(&(board_call){.function = dustproof_wire_Function_UNPARK, BOARD_INTEGERS(task->number)});
    return;
  }
}

static bool has_waiter(const void* thing) {
  for (const board_task* task = waiters; task != NULL; task = task->next_waiter)
    if (task->waits_for == thing) return true;
  return false;
}

void board_unpark_all(const void* thing) {
  while (has_waiter(thing)) board_unpark_one(thing);
}
