/* Every clock, sleep and source of chance that firmware's libraries ask, as in lockstep: calendar
 * time is the run's; the monotonic clock shows simulated time plus a second. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/time.h>
#include <sys/times.h>
#include <time.h>
#include <unistd.h>

#include "hil/shim/board/real.h"

enum { kSecond = 1000000000 };

static bool is_virtual(void) { return !board.real_time && !board_is_own_thread() && !board_is_inside(); }

static int64_t start_ns(void) {
  if (board_is_on()) return board.welcome.start_unix_ns;
  const char* told = getenv("DUSTPROOF_START_UNIX_NS"); /* Constructors run before the session. */
  return told == NULL ? 0 : atoll(told);
}

static int64_t calendar_ns(void) { return start_ns() + (int64_t)board.now_ns; }
static int64_t monotonic_ns(void) { return (int64_t)board.now_ns + kSecond; }

static struct timespec to_timespec(int64_t ns) {
  return (struct timespec){.tv_sec = ns / kSecond, .tv_nsec = ns % kSecond};
}

static bool is_calendar(clockid_t clock) {
  return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE || clock == CLOCK_TAI;
}

int clock_gettime(clockid_t clock, struct timespec* out) {
  if (!is_virtual()) return REAL(clock_gettime)(clock, out);
  *out = to_timespec(is_calendar(clock) ? calendar_ns() : monotonic_ns());
  return 0;
}

time_t time(time_t* out) {
  if (!is_virtual()) return REAL(time)(out);
  const time_t now = calendar_ns() / kSecond;
  if (out != NULL) *out = now;
  return now;
}

int gettimeofday(struct timeval* restrict out, void* restrict zone) {
  if (!is_virtual()) return REAL(gettimeofday)(out, zone);
  *out = (struct timeval){.tv_sec = calendar_ns() / kSecond, .tv_usec = calendar_ns() % kSecond / 1000};
  return 0;
}

int timespec_get(struct timespec* out, int base) {
  if (!is_virtual() || base != TIME_UTC) return REAL(timespec_get)(out, base);
  *out = to_timespec(calendar_ns());
  return base;
}

clock_t clock(void) {
  return is_virtual() ? (clock_t)(monotonic_ns() / (kSecond / CLOCKS_PER_SEC)) : REAL(clock)();
}

clock_t times(struct tms* out) {
  if (!is_virtual()) return REAL(times)(out);
  if (out != NULL) memset(out, 0, sizeof *out);
  return (clock_t)(monotonic_ns() / (kSecond / 100));
}

/* Sleeps until `at_ns` of the run. */
static void sleep_until(int64_t at_ns) {
  const int64_t since_boot_ns = at_ns - (int64_t)board.welcome.booted_ns;
  const uint64_t until_us = since_boot_ns <= 0 ? 0 : ((uint64_t)since_boot_ns + 999) / 1000;
  board_ask(&(board_call){.function = dustproof_wire_Function_SLEEP_UNTIL, BOARD_INTEGERS(until_us)});
}

int clock_nanosleep(clockid_t clock, int flags, const struct timespec* time, struct timespec* left) {
  if (!is_firmware()) return BOARD_WAIT(REAL(clock_nanosleep)(clock, flags, time, left));
  if (time->tv_nsec < 0 || time->tv_nsec >= kSecond || time->tv_sec < 0) return EINVAL;
  int64_t at_ns = time->tv_sec > INT32_MAX ? INT64_MAX / 2 : time->tv_sec * (int64_t)kSecond + time->tv_nsec;
  if ((flags & TIMER_ABSTIME) == 0)
    at_ns += (int64_t)board.now_ns;
  else
    at_ns -= is_calendar(clock) ? start_ns() : kSecond;
  sleep_until(at_ns);
  if (left != NULL) *left = (struct timespec){0};
  return 0;
}

int nanosleep(const struct timespec* time, struct timespec* left) {
  if (!is_firmware()) return BOARD_WAIT(REAL(nanosleep)(time, left));
  const int failed = clock_nanosleep(CLOCK_MONOTONIC, 0, time, left);
  if (failed != 0) errno = failed;
  return failed == 0 ? 0 : -1;
}

int usleep(useconds_t us) {
  return nanosleep(&(struct timespec){.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000L}, NULL);
}

unsigned sleep(unsigned seconds) {
  nanosleep(&(struct timespec){.tv_sec = seconds}, NULL);
  return 0;
}

/* Chance: asked for as much at a time as in lockstep, so that the same numbers come. */
void board_library_random(void* out, size_t bytes, int stream) {
  for (uint8_t* to = out; bytes > 0;) {
    const size_t part = bytes < 32768 ? bytes : 32768; /* nanopb counts bytes in 16 bits. */
    const dustproof_wire_Result* result = board_ask(&(board_call){
        .function = dustproof_wire_Function_LIBRARY_RANDOM, BOARD_INTEGERS(part, (uint64_t)stream)});
    if (result->data == NULL || result->data->size != part) board_fault("abort", "no chance from the run");
    memcpy(to, result->data->bytes, part);
    to += part;
    bytes -= part;
  }
}

/* Before the session, and in the shim's own threads, nothing of the run depends on it. */
static void fill(void* out, size_t bytes, int stream) {
  if (is_firmware()) {
    board_library_random(out, bytes, stream);
  } else if (is_virtual()) {
    memset(out, 0x5A, bytes);
  } else {
    REAL(getrandom)(out, bytes, 0);
  }
}

ssize_t getrandom(void* out, size_t bytes, unsigned flags) {
  (void)flags;
  fill(out, bytes, 0);
  return (ssize_t)bytes;
}

int getentropy(void* out, size_t bytes) {
  if (bytes > 256) {
    errno = EIO;
    return -1;
  }
  fill(out, bytes, 0);
  return 0;
}

void arc4random_buf(void* out, size_t bytes) { fill(out, bytes, 0); }

static uint64_t random_bits(int stream) {
  uint64_t value;
  fill(&value, sizeof value, stream);
  return value;
}

uint32_t arc4random(void) { return (uint32_t)(random_bits(0) >> 32); }

uint32_t arc4random_uniform(uint32_t bound) {
  const uint64_t bits = random_bits(0);
  /* bits × bound ÷ 2⁶⁴, in 64 bits: some boards have no more. */
  return (uint32_t)(((bits >> 32) * bound + ((bits & UINT32_MAX) * bound >> 32)) >> 32);
}

long random(void) { return (long)(random_bits(1) >> 33); }
int rand(void) { return (int)random(); }

void srandom(unsigned seed) {
  if (is_firmware())
    board_tell(&(board_call){.function = dustproof_wire_Function_LIBRARY_SEED, BOARD_INTEGERS(seed)});
}

void srand(unsigned seed) { srandom(seed); }

/* Differs from run to run, hence the same for every firmware. */
pid_t getpid(void) { return is_firmware() ? 1 : REAL(getpid)(); }

/* std::random_device asks the CPU. */
unsigned random_device_value(void* self) __asm__("_ZNSt13random_device9_M_getvalEv");
unsigned random_device_value(void* self) {
  (void)self;
  return arc4random();
}
