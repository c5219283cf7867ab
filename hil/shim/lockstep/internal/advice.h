#pragma once

/// What firmware should do instead, for messages: "firmware called X; use dp_…".
namespace dustproof::internal::advice {

inline constexpr const char* kSleep =
    "use dp_clock sleep_us: time is simulated, and only the HAL can wait";
inline constexpr const char* kWait =
    "use the time-out of a HAL call, dp_task mailbox_receive for one: time is simulated, and only "
    "the HAL can wait";
inline constexpr const char* kTask =
    "use dp_task create: tasks run one at a time, which is what makes a run repeatable";
inline constexpr const char* kLock =
    "use dp_task mailbox_receive: another task holds the lock, and tasks hand over only in "
    "blocking HAL calls";
inline constexpr const char* kYield = "use dp_task yield";
inline constexpr const char* kSocket = "use dp_socket: the robot's network is the simulated one";
inline constexpr const char* kResolve =
    "use dp_socket resolve: the robot's network is the simulated one";
inline constexpr const char* kFile =
    "use dp_flash: a robot has no files but what it keeps in its flash";
inline constexpr const char* kProcess =
    "use dp_task create: a robot's firmware is one program and starts no other";
inline constexpr const char* kReboot = "use dp_system reboot, or return from the task";
inline constexpr const char* kSignal =
    "use dp_task create and dp_clock: a robot's firmware has no signals";
inline constexpr const char* kMemory =
    "use memory of your own: a run can be branched, so memory is shared with nobody, and code is "
    "what was loaded";
inline constexpr const char* kHarness =
    "use dp_diagnostics: the program that hosts the firmware is not part of the robot";
inline constexpr const char* kConsole = "use dp_uart: a robot has no terminal";
inline constexpr const char* kPlugin =
    "use the linker: a library that is not linked to the firmware is not loaded with it";
inline constexpr const char* kMachine =
    "use dp_… (hil/hal): firmware sees the robot, not the machine that simulates it";

}  // namespace dustproof::internal::advice
