/* The program around a firmware: connects, and runs its `main` as the first task. */
#include <unistd.h>

#include "hil/shim/board/hal.h"

extern const dp_firmware_t dp_firmware;

static const void* find(const board_interface* interfaces, const char* name) {
  for (; interfaces->name != NULL; ++interfaces)
    if (strcmp(interfaces->name, name) == 0) return interfaces->table;
  return NULL;
}

/* Whether this robot has it. */
static bool is_there(const char* name) {
  for (size_t i = 0; i < board.welcome.interfaces_count; ++i)
    if (strcmp(board.welcome.interfaces[i], name) == 0) return true;
  return false;
}

const void* dp_hal_query(const char* name, uint32_t version) {
  if (name == NULL || version != 1 || !board_is_on() || !is_there(name)) return NULL;
  const board_interface* const groups[] = {board_system_interfaces, board_sensor_interfaces,
                                           board_actuator_interfaces, board_network_interfaces};
  for (size_t i = 0; i < sizeof groups / sizeof groups[0]; ++i) {
    const void* table = find(groups[i], name);
    if (table != NULL) return table;
  }
  return NULL;
}

int main(void) {
  board_catch_faults();
  board_connect(&dp_firmware);
  board_begin_main();
  board_trap_calls();
  dp_firmware.main();
  board_task_end();
  while (true) pause(); /* Other tasks go on; the run ends the process. */
}
