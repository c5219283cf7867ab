/* Ways past the HAL: refused, and told to the run. */
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "hil/shim/board/real.h"

int board_refuse(const char* what) {
  board_self(); /* In real time a thread may say its first word here. */
  board_tell(&(board_call){.function = dustproof_wire_Function_OUTSIDE_ATTEMPT, .text = what});
  errno = EACCES;
  return -1;
}

pid_t fork(void) { return is_confined() ? board_refuse("fork()") : REAL(fork)(); }

int execve(const char* path, char* const argv[], char* const envp[]) {
  return is_confined() ? board_refuse("execve()") : REAL(execve)(path, argv, envp);
}

int posix_spawn(pid_t* restrict pid, const char* restrict path, const posix_spawn_file_actions_t* actions,
                const posix_spawnattr_t* restrict attributes, char* const argv[restrict],
                char* const envp[restrict]) {
  if (!is_confined()) return REAL(posix_spawn)(pid, path, actions, attributes, argv, envp);
  board_refuse("posix_spawn()");
  return EACCES;
}

int system(const char* command) { return is_confined() ? board_refuse("system()") : REAL(system)(command); }

FILE* popen(const char* command, const char* mode) {
  if (!is_confined()) return REAL(popen)(command, mode);
  board_refuse("popen()");
  return NULL;
}
