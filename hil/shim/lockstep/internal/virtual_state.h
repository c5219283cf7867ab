#pragma once

#include <cstddef>
#include <cstdint>
#include <ctime>
#include <optional>
#include <span>

/// What interpose.cc asks. Everything here may be called at any time, also before main.
namespace dustproof::internal {

/// On the thread that installed it; time is real on all others.
bool VirtualTimeIsOn();
/// @pre VirtualTimeIsOn()
int64_t VirtualUnixNanoseconds();
int64_t VirtualMonotonicNanoseconds();
/// Time of a clock id, or nothing for clocks that stay real.
std::optional<int64_t> VirtualClock(clockid_t clock);

/// @pre VirtualTimeIsOn(). Firmware and harness draw from streams of their own.
void FillVirtualRandom(std::span<std::byte> out);
uint64_t NextVirtualRandom();
/// `rand` and `random`: a sequence that starts anew with each `srand`.
uint32_t NextVirtualRand();
void SeedVirtualRand(uint32_t seed);
/// A file descriptor that reads as a file of random bytes, or -1.
int OpenVirtualRandomFile();

/// True where the calling code is firmware or a library that it called: never on another thread than
/// the simulation's, whatever firmware does meanwhile.
bool InFirmware();
/// Ends the run where the caller is firmware: "called `call` on `object`; `instead`".
void RefuseToFirmware(const char* call, const char* instead, const char* object = nullptr);

}  // namespace dustproof::internal
