#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <utility>

namespace dustproof {

/// A file in memory, through which a branch leaves something to the process that forked it: a diagnosis, should its
/// firmware die. What can't be written is not there.
class MemoryFile {
 public:
  MemoryFile() : fd_(memfd_create("dustproof", MFD_CLOEXEC)) {}
  ~MemoryFile() {
    if (fd_ >= 0) close(fd_);
  }
  MemoryFile(MemoryFile&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  MemoryFile& operator=(MemoryFile&&) = delete;

  int fd() const { return fd_; }
  std::string path() const { return PathOf(fd_); }
  static std::string PathOf(int fd) { return "/proc/self/fd/" + std::to_string(fd); }

  void Write(const std::string& text) const {
    if (pwrite(fd_, text.data(), text.size(), 0) != static_cast<ssize_t>(text.size())) (void)!ftruncate(fd_, 0);
  }
  std::string Read() const {
    std::string text(static_cast<size_t>(std::max<off_t>(0, lseek(fd_, 0, SEEK_END))), '\0');
    const ssize_t count = pread(fd_, text.data(), text.size(), 0);
    text.resize(static_cast<size_t>(std::max<ssize_t>(0, count)));
    return text;
  }

 private:
  int fd_;
};

}  // namespace dustproof
