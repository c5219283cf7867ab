#pragma once

#include <cerrno>

/// The gate between firmware and the kernel. While it is shut, every system call of this thread
/// traps, whoever makes it: the C library on the firmware's behalf, a library of its, or the
/// firmware by an instruction of its own. The kernel reads the byte itself at each call, so that
/// shutting costs one store.
namespace dustproof::internal {

inline constexpr char kGateOpen = 0;  // Linux: SYSCALL_DISPATCH_FILTER_ALLOW.
inline constexpr char kGateShut = 1;  // Linux: SYSCALL_DISPATCH_FILTER_BLOCK.

/// Whether a `Boundary` stands, which answers the calls that the gate stops.
inline bool gate_is_watched = false;

/// Means something while the gate is watched.
inline volatile char system_call_gate = kGateOpen;

/// Open for the life of a scope, for a handler that interrupts firmware. Keeps errno too.
class GateOpening {
 public:
  GateOpening() : gate_(system_call_gate), errno_(errno) { system_call_gate = kGateOpen; }
  ~GateOpening() {
    errno = errno_;
    system_call_gate = gate_;
  }
  GateOpening(const GateOpening&) = delete;
  GateOpening& operator=(const GateOpening&) = delete;

 private:
  const char gate_;
  const int errno_;
};

/// Shut for the life of a scope: firmware's code runs in it.
class GateShutting {
 public:
  GateShutting() : gate_(system_call_gate) { system_call_gate = kGateShut; }
  ~GateShutting() { system_call_gate = gate_; }
  GateShutting(const GateShutting&) = delete;
  GateShutting& operator=(const GateShutting&) = delete;

 private:
  const char gate_;
};

}  // namespace dustproof::internal
