#include "hil/shim/lockstep/internal/firmware_files.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

#include "hil/shim/lockstep/internal/advice.h"

namespace dustproof::internal {
namespace {

// Settings and tables that the C library, libstdc++, OpenSSL and the like read by themselves: the
// time zone, locales, character sets, how many processors there are. Without them they take their
// built-in defaults, which are the same on every machine.
constexpr std::string_view kAbsentFolders[] = {
    "/etc/localtime",       "/usr/share/zoneinfo/", "/usr/lib/locale/",
    "/usr/share/locale",    "/etc/ssl/openssl.cnf", "/usr/lib/ssl/",
    "/sys/devices/system/", "/proc/stat",           "/proc/meminfo",
    "/proc/cpuinfo",        "/sys/fs/cgroup/",      "/usr/lib/x86_64-linux-gnu/gconv/"};
constexpr std::string_view kResolverFiles[] = {"/etc/resolv.conf", "/etc/hosts",
                                               "/etc/services",    "/etc/nsswitch.conf",
                                               "/etc/host.conf",   "/etc/gai.conf"};

constexpr size_t kDescriptorsMax = 1024;
constexpr size_t kLineBytesMax = 1023;
constexpr size_t kWaitingBytesMax = 64 * 1024;

std::array<bool, kDescriptorsMax> owned{};

// Lines that wait for the harness: a byte for the stream, the text, a newline.
std::array<char, kWaitingBytesMax> waiting;
size_t waiting_bytes = 0;

struct OpenLine {
  char text[kLineBytesMax];
  size_t bytes = 0;
};
std::array<OpenLine, 2> open_lines;  // Of stdout and stderr.

void FinishLine(bool error) {
  OpenLine& line = open_lines[error ? 1 : 0];
  // Whoever prints this much without a HAL call is about to be stopped for hanging.
  if (waiting_bytes + line.bytes + 2 > waiting.size()) waiting_bytes = 0;
  waiting[waiting_bytes++] = error ? 1 : 0;
  std::memcpy(&waiting[waiting_bytes], line.text, line.bytes);
  waiting_bytes += line.bytes;
  waiting[waiting_bytes++] = '\n';
  line.bytes = 0;
}

}  // namespace

FileMeaning MeaningOf(const char* path) {
  if (path == nullptr) return FileMeaning::kForbidden;
  const std::string_view name(path);
  if (name == "/dev/urandom" || name == "/dev/random" || name == "/dev/hwrng")
    return FileMeaning::kRandom;
  const bool absent =
      std::any_of(std::begin(kAbsentFolders), std::end(kAbsentFolders),
                  [name](std::string_view folder) { return name.starts_with(folder); });
  return absent ? FileMeaning::kAbsent : FileMeaning::kForbidden;
}

const char* AdviceForFile(const char* path) {
  const std::string_view name(path == nullptr ? "" : path);
  for (const std::string_view file : kResolverFiles) {
    if (name == file) return advice::kResolve;
  }
  if (name.starts_with("/proc/") || name.starts_with("/sys/")) return advice::kMachine;
  return advice::kFile;
}

void TakeDescriptor(int fd) {
  if (fd >= 0 && static_cast<size_t>(fd) < owned.size()) owned[static_cast<size_t>(fd)] = true;
}

void DropDescriptor(int fd) {
  if (OwnsDescriptor(fd)) owned[static_cast<size_t>(fd)] = false;
}

bool OwnsDescriptor(int fd) {
  return fd >= 0 && static_cast<size_t>(fd) < owned.size() && owned[static_cast<size_t>(fd)];
}

void PrintToConsole(int fd, const char* text, size_t bytes) {
  const bool error = fd == 2;
  OpenLine& line = open_lines[error ? 1 : 0];
  for (size_t i = 0; i < bytes; ++i) {
    if (text[i] == '\n') {
      FinishLine(error);
      continue;
    }
    line.text[line.bytes++] = text[i];
    if (line.bytes == kLineBytesMax) FinishLine(error);
  }
}

void DrainConsole(void (*take)(const ConsoleLine& line, void* context), void* context) {
  const std::string_view all(waiting.data(), waiting_bytes);
  for (size_t at = 0; at < all.size();) {
    const size_t end = all.find('\n', at + 1);
    take({.error = all[at] != 0, .text = all.data() + at + 1, .bytes = end - at - 1}, context);
    at = end + 1;
  }
  waiting_bytes = 0;
}

bool ConsoleHasLines() { return waiting_bytes > 0; }

}  // namespace dustproof::internal
