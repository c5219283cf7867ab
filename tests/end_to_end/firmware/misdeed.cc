// A firmware that does one thing which it should not: MISDEED.
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <stdexcept>
#include <thread>

#include "hil/hal/dp_hal.h"

namespace {

void spin() {
  std::thread other([] {
    for (volatile bool on = true; on;) {
    }
  });
  other.join();
}

void crash() {
  volatile int* nothing = nullptr;
  *nothing = 1;
}

void throw_it() { throw std::runtime_error("the map is upside down"); }

void leave() { std::exit(3); }

void wait_outside() {
  int fds[2];
  char byte;
  if (pipe(fds) == 0 && read(fds[0], &byte, 1) == 1) std::abort();
}

void open_socket() {
  if (socket(AF_INET, SOCK_STREAM, 0) >= 0) std::abort();
}

void Main() {
  static_cast<const dp_clock_v1*>(dp_hal_query(DP_CLOCK, 1))->sleep_us(1'500'000);
  MISDEED();
  static_cast<const dp_clock_v1*>(dp_hal_query(DP_CLOCK, 1))->sleep_us(DP_FOREVER);
}

}  // namespace

extern "C" const dp_firmware_t dp_firmware = {DP_HAL_VERSION, "misdeed", "1", Main};
