// Asks the kernel itself for time and chance, and says what it heard: whoever runs it twice must hear the same, in each kind.
#include <fcntl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <string>

#include "hil/hal/dp_hal.h"

namespace {

const dp_log_v1* hal_log;

long Raw(long number, const void* a, long b, long c = 0) {
  long result = number;
  __asm__ volatile("syscall" : "+a"(result) : "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
  return result;
}

long Raw(long number, long a, const void* b, long c = 0) {
  return Raw(number, reinterpret_cast<const void*>(a), reinterpret_cast<long>(b), c);
}

void Say(const char* what, const void* bytes, size_t count) {
  std::string text = what;
  for (size_t i = 0; i < count; ++i) {
    char digits[4];
    std::snprintf(digits, sizeof digits, " %02x", static_cast<const unsigned char*>(bytes)[i]);
    text += digits;
  }
  hal_log->write(DP_LOG_INFO, text.c_str());
}

void Chance() {
  char bytes[12] = {};
  Raw(SYS_getrandom, bytes, sizeof bytes);
  Say("getrandom", bytes, sizeof bytes);
  const int fd = open("/dev/urandom", O_RDONLY);
  if (read(fd, bytes, sizeof bytes) == sizeof bytes) Say("/dev/urandom", bytes, sizeof bytes);
  close(fd);
  const long raw_fd = Raw(SYS_openat, AT_FDCWD, "/dev/random");
  if (Raw(SYS_read, raw_fd, bytes, sizeof bytes) == sizeof bytes) Say("/dev/random", bytes, sizeof bytes);
  Raw(SYS_close, raw_fd, nullptr);
  std::ifstream("/dev/urandom", std::ios::binary).read(bytes, sizeof bytes);
  Say("a stream", bytes, sizeof bytes);
  Raw(SYS_getrandom, bytes, sizeof bytes);
  Say("after that", bytes, sizeof bytes);
}

// More than one message of the link carries.
void Much() {
  static unsigned char bytes[200'000];
  static_cast<const dp_random_v1*>(dp_hal_query(DP_RANDOM, 1))->fill(bytes, sizeof bytes);
  Say("much chance", bytes + sizeof bytes - 12, 12);
  const auto* flash = static_cast<const dp_flash_v1*>(dp_hal_query(DP_FLASH, 1));
  flash->erase(196'608);
  for (uint32_t at = 0; at < 2048; at += 256) flash->program(at + 196'608, bytes + at, 256);
  const int32_t statuses[] = {flash->read(1000, bytes, sizeof bytes), flash->read(1, bytes, flash->info().size_bytes)};
  Say("much flash", bytes + 196'608 - 1000 + 100, 12);
  Say("its status, and that of too much", statuses, sizeof statuses);
}

void Time() {
  timespec calendar{}, monotonic{};
  Raw(SYS_clock_gettime, CLOCK_REALTIME, &calendar);
  Raw(SYS_clock_gettime, CLOCK_MONOTONIC, &monotonic);
  char text[96];
  std::snprintf(text, sizeof text, "it is %lld.%09ld, %lld.%09ld since the start", static_cast<long long>(calendar.tv_sec),
                calendar.tv_nsec, static_cast<long long>(monotonic.tv_sec), monotonic.tv_nsec);
  hal_log->write(DP_LOG_INFO, text);
}

void Main() {
  hal_log = static_cast<const dp_log_v1*>(dp_hal_query(DP_LOG, 1));
  const auto* clock = static_cast<const dp_clock_v1*>(dp_hal_query(DP_CLOCK, 1));
  clock->sleep_us(1'500'000);
  Chance();
  Much();
  Time();
  hal_log->write(DP_LOG_INFO, "all asked");
  clock->sleep_us(DP_FOREVER);
}

}  // namespace

extern "C" const dp_firmware_t dp_firmware = {DP_HAL_VERSION, "by_hand", "1", Main};
