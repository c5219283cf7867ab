// Firmware of the shim's tests that goes wrong: the robot's model name says how.
#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "hil/hal/dp_hal.h"

namespace {

template <typename T>
const T* Hal(const char* name) {
  return static_cast<const T*>(dp_hal_query(name, 1));
}

void Say(const std::string& text) { Hal<dp_log_v1>(DP_LOG)->write(DP_LOG_INFO, text.c_str()); }

volatile int sink = 0;

[[gnu::noinline]] int Recurse(int depth) {
  volatile char frame[1024];
  frame[0] = static_cast<char>(depth);
  return Recurse(depth + 1) + frame[0];
}

[[gnu::noinline]] void ThrowDeep() {
  sink = sink + 1;
  throw std::runtime_error("the map is empty");
}

// State that C++ builds before main, and its return to that after a reset.
std::string long_name = "a name that is too long for the small string buffer";
thread_local int thread_counter = 5;
std::vector<int>& Numbers() {
  static std::vector<int> numbers = {1, 2, 3};
  return numbers;
}

void CppReboot() {
  Say(long_name + ' ' + std::to_string(Numbers().size()) + ' ' + std::to_string(thread_counter));
  long_name = std::string(200, 'x');
  Numbers().push_back(4);
  thread_counter = 77;
  if (Hal<dp_system_v1>(DP_SYSTEM)->reset_cause() == DP_RESET_POWER_ON)
    Hal<dp_system_v1>(DP_SYSTEM)->reboot();
}

// A task that waits inside a catch block must find its own exception again.
void Catcher(void* word) {
  try {
    try {
      throw std::runtime_error(static_cast<const char*>(word));
    } catch (...) {
      Hal<dp_task_v1>(DP_TASK)->yield();
      throw;
    }
  } catch (const std::exception& e) {
    Say(std::string(Hal<dp_task_v1>(DP_TASK)->current_name()) + " caught " + e.what());
  }
}

void Rethrow() {
  const auto* task = Hal<dp_task_v1>(DP_TASK);
  task->create("one", Catcher, const_cast<char*>("first"), 65536);
  task->create("two", Catcher, const_cast<char*>("second"), 65536);
}

void Chance() {
  std::random_device device;
  FILE* urandom = fopen("/dev/urandom", "rb");
  unsigned int from_file = 0;
  if (fread(&from_file, sizeof from_file, 1, urandom) != 1) abort();
  fclose(urandom);
  uint32_t hal = 0;
  Hal<dp_random_v1>(DP_RANDOM)->fill(&hal, sizeof hal);
  Say(std::to_string(device()) + ' ' + std::to_string(rand()) + ' ' + std::to_string(random()) +
      ' ' + std::to_string(from_file) + ' ' + std::to_string(hal) + ' ' +
      std::to_string(std::chrono::system_clock::now().time_since_epoch().count()) + ' ' +
      std::to_string(getpid()));
}

struct Fault {
  const char* name;
  void (*run)();
};

void (*null_function)() = nullptr;
int* null_int = nullptr;
volatile int zero = 0;

const Fault kFaults[] = {
    {"null_write", [] { *null_int = 1; }},
    {"null_call",
     [] {
       null_function();
       sink = 1;
     }},
    {"stack_overflow", [] { sink = Recurse(0); }},
    {"endless_loop",
     [] {
       for (;;) sink = sink + 1;
     }},
    {"endless_yield",
     [] {
       for (;;) Hal<dp_task_v1>(DP_TASK)->yield();
     }},
    {"divide", [] { sink = sink / zero; }},
    {"abort", [] { abort(); }},
    {"assert", [] { assert(sink == 1234); }},
    {"exception", [] { ThrowDeep(); }},
    {"exit", [] { exit(0); }},
    {"_exit", [] { _exit(0); }},
    {"pthread_create",
     [] {
       pthread_t t;
       pthread_create(
           &t, nullptr, [](void*) -> void* { return nullptr; }, nullptr);
     }},
    {"std_thread", [] { std::thread([] {}).join(); }},
    {"nanosleep", [] { std::this_thread::sleep_for(std::chrono::milliseconds(5)); }},
    {"socket", [] { socket(AF_INET, SOCK_STREAM, 0); }},
    {"fork", [] { fork(); }},
    {"wild_pointer", [] { Hal<dp_uart_v1>(DP_UART)->write(reinterpret_cast<void*>(0x10), 100); }},
    {"cpp_reboot", CppReboot},
    {"rethrow", Rethrow},
    {"chance", Chance},
};

void Main() {
  Hal<dp_clock_v1>(DP_CLOCK)->sleep_us(1500000);
  const std::string model = Hal<dp_identity_v1>(DP_IDENTITY)->model();
  for (const Fault& fault : kFaults) {
    if (model == fault.name) fault.run();
  }
}

}  // namespace

extern "C" const dp_firmware_t dp_firmware = {DP_HAL_VERSION, "faults", "1.0", Main};
