#pragma once

#include <cstddef>

namespace dustproof::internal {

/// What a file name means to firmware.
enum class FileMeaning {
  kRandom,     ///< A source of chance: virtual.
  kAbsent,     ///< What libraries look for on their own account and do without: not there.
  kForbidden,  ///< Everything else: a robot has no files.
};
FileMeaning MeaningOf(const char* path);
/// What to use instead of a forbidden file: resolver files lead to dp_socket resolve.
const char* AdviceForFile(const char* path);

/// File descriptors of random files that firmware has open; the only ones that it owns.
void TakeDescriptor(int fd);
void DropDescriptor(int fd);
bool OwnsDescriptor(int fd);

/// What firmware prints to stdout and stderr, as lines for the robot's log. Written from a signal
/// handler, so kept in memory set aside beforehand.
void PrintToConsole(int fd, const char* text, size_t bytes);
struct ConsoleLine {
  bool error = false;  ///< Printed to stderr.
  const char* text = nullptr;
  size_t bytes = 0;
};
/// Calls `take(line, context)` for every whole line so far, oldest first, and forgets them.
void DrainConsole(void (*take)(const ConsoleLine& line, void* context), void* context);
bool ConsoleHasLines();

}  // namespace dustproof::internal
