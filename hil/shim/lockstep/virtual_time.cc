#include "hil/shim/lockstep/virtual_time.h"

#include <dlfcn.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include "hil/shim/lockstep/crash_reporter.h"
#include "hil/shim/lockstep/internal/firmware_files.h"
#include "hil/shim/lockstep/internal/firmware_image.h"
#include "hil/shim/lockstep/internal/gate.h"
#include "hil/shim/lockstep/internal/hal_state.h"
#include "hil/shim/lockstep/internal/load_object.h"
#include "hil/shim/lockstep/internal/virtual_state.h"
#include "sim/core/check.h"

namespace dustproof {
namespace {

constexpr int64_t kSecond = 1'000'000'000;
constexpr size_t kRandomFileBytes = 1 << 20;

struct VirtualState {
  const EventQueue* queue;
  WallTime start;
  Seed seed;
  RandomStream harness;
  RandomStream firmware;
  RandomStream rand;
  pthread_t thread = pthread_self();  ///< Whose time it is: a library's own threads are not the run's.
};

VirtualState* virtual_state = nullptr;
int64_t date_shift_ns = 0;

int64_t RealClock(clockid_t clock) {
  timespec now{};
  syscall(SYS_clock_gettime, clock, &now);
  return now.tv_sec * kSecond + now.tv_nsec;
}

/// A library's own call has to reach us: libstdc++ asks `clock_gettime`, across the boundary
/// between objects.
Result<void> CheckInterposition() {
  const auto seen = std::chrono::system_clock::now().time_since_epoch();
  const int64_t seen_ns = std::chrono::duration_cast<std::chrono::nanoseconds>(seen).count();
  std::string missed;
  if (seen_ns != internal::VirtualUnixNanoseconds()) missed = "clock_gettime";
  Dl_info own{};
  DP_CHECK(dladdr(reinterpret_cast<void*>(&CheckInterposition), &own) != 0);
  for (const char* name : {"time", "clock_gettime", "gettimeofday", "getrandom", "rand",
                           "pthread_create", "dp_hal_query"}) {
    Dl_info found{};
    void* symbol = dlsym(RTLD_DEFAULT, name);
    if (symbol != nullptr && dladdr(symbol, &found) != 0 && found.dli_fbase == own.dli_fbase)
      continue;
    missed += missed.empty() ? name : std::string(", ") + name;
  }
  if (missed.empty()) return {};
  return Error::Environment("virtual time does not reach the libraries (" + missed +
                            "): link this executable with dustproof_link_host");
}

}  // namespace

Result<std::unique_ptr<VirtualTime>> VirtualTime::Install(const EventQueue& queue, WallTime start,
                                                          const Seed& seed) {
  DP_CHECK(virtual_state == nullptr);
  std::unique_ptr<VirtualTime> installed(new VirtualTime());
  virtual_state = new VirtualState{&queue,
                                   start,
                                   seed,
                                   seed.Stream("library.harness"),
                                   seed.Stream("library.firmware"),
                                   seed.Derive("library.rand").Stream("1")};
  if (Result<void> checked = CheckInterposition(); !checked) return checked.error();
  return installed;
}

VirtualTime::~VirtualTime() {
  delete virtual_state;
  virtual_state = nullptr;
}

void PretendDate(int64_t unix_s) {
  date_shift_ns = unix_s == 0 ? 0 : unix_s * kSecond - RealClock(CLOCK_REALTIME);
}

int64_t RealMonotonicNanoseconds() { return RealClock(CLOCK_MONOTONIC); }
int64_t RealThreadCpuNanoseconds() { return RealClock(CLOCK_THREAD_CPUTIME_ID); }

namespace internal {

bool VirtualTimeIsOn() {
  return virtual_state != nullptr && virtual_state->thread == pthread_self();
}

int64_t VirtualUnixNanoseconds() {
  return (virtual_state->start + (virtual_state->queue->now() - SimTime::Zero()))
      .unix_nanoseconds();
}

int64_t VirtualMonotonicNanoseconds() {
  return virtual_state->queue->now().nanoseconds() + kSecond;
}

std::optional<int64_t> VirtualClock(clockid_t clock) {
  if (!VirtualTimeIsOn()) {
    const bool calendar = clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE;
    if (date_shift_ns == 0 || !calendar) return std::nullopt;
    return RealClock(clock) + date_shift_ns;
  }
  switch (clock) {
    case CLOCK_REALTIME:
    case CLOCK_REALTIME_COARSE:
    case CLOCK_TAI:
      return VirtualUnixNanoseconds();
    case CLOCK_MONOTONIC:
    case CLOCK_MONOTONIC_RAW:
    case CLOCK_MONOTONIC_COARSE:
    case CLOCK_BOOTTIME:
      return VirtualMonotonicNanoseconds();
    default:
      if (InFirmware()) return VirtualMonotonicNanoseconds();
      return std::nullopt;
  }
}

void FillVirtualRandom(std::span<std::byte> out) {
  (InFirmware() ? virtual_state->firmware : virtual_state->harness).Fill(out);
}

uint64_t NextVirtualRandom() {
  return (InFirmware() ? virtual_state->firmware : virtual_state->harness).NextBits();
}

uint32_t NextVirtualRand() { return static_cast<uint32_t>(virtual_state->rand.NextBits() >> 33); }

void SeedVirtualRand(uint32_t seed) {
  virtual_state->rand = virtual_state->seed.Derive("library.rand").Stream(std::to_string(seed));
}

int OpenVirtualRandomFile() {
  const GateOpening opening;
  const int fd = memfd_create("virtual-urandom", MFD_CLOEXEC);
  if (fd < 0) return -1;
  if (InFirmware() && gate_is_watched) {  // Then each read of it is answered.
    TakeDescriptor(fd);
    return fd;
  }
  std::vector<std::byte> bytes(kRandomFileBytes);
  FillVirtualRandom(bytes);
  size_t written = 0;
  while (written < bytes.size()) {
    const ssize_t count = write(fd, bytes.data() + written, bytes.size() - written);
    if (count <= 0) break;
    written += static_cast<size_t>(count);
  }
  lseek(fd, 0, SEEK_SET);
  return fd;
}

bool InFirmware() {
  const HalState* hal = ActiveHal();
  if (hal == nullptr || hal->thread != pthread_self()) return false;
  return hal->scheduler.running() != nullptr || FirmwareIsLoading();
}

void RefuseToFirmware(const char* call, const char* instead, const char* object) {
  if (!InFirmware()) return;
  char message[1024];
  const bool named = object != nullptr;
  snprintf(message, sizeof message, "firmware called %s%s%.512s%s; %s", call, named ? " on '" : "",
           named ? object : "", named ? "'" : "", instead);
  ReportFirmwareFault("forbidden_call", message);
}

}  // namespace internal
}  // namespace dustproof
