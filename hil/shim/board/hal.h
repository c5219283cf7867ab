/* What the files hal_*.c share. */
#ifndef DUSTPROOF_BOARD_HAL_H
#define DUSTPROOF_BOARD_HAL_H

#include <string.h>

#include "hil/shim/board/board.h"

typedef struct board_interface {
  const char* name;
  const void* table;
} board_interface;

/* Each ends with a NULL name. */
extern const board_interface board_system_interfaces[];
extern const board_interface board_sensor_interfaces[];
extern const board_interface board_actuator_interfaces[];
extern const board_interface board_network_interfaces[];

/* As in lockstep: from a constructor, or from a thread that is none of the firmware's, calls answer
 * DP_ERR_STATE or nothing. */
static inline bool may_call(void) { return !board_is_inside() && board_self() != NULL; }

/* The answer's bytes, as many as there is room for; returns how many. */
static inline size_t copy_data(const dustproof_wire_Result* result, void* out, size_t capacity) {
  if (result->data == NULL) return 0;
  const size_t bytes = result->data->size < capacity ? result->data->size : capacity;
  memcpy(out, result->data->bytes, bytes);
  return bytes;
}

static inline uint64_t result_integer(const dustproof_wire_Result* result, size_t i) {
  return i < result->integers_count ? result->integers[i] : 0;
}

#endif
