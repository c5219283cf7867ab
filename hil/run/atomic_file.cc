#include "hil/run/atomic_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace dustproof {
namespace {

bool WriteAll(int fd, const std::string& text) {
  size_t done = 0;
  while (done < text.size()) {
    const ssize_t count = write(fd, text.data() + done, text.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    done += static_cast<size_t>(count);
  }
  return true;
}

}  // namespace

Result<void> WriteAtomically(const std::string& path, const std::string& text) {
  const std::string part = path + "." + std::to_string(getpid()) + ".part";
  const int fd = open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  const bool written = fd >= 0 && WriteAll(fd, text);
  int why = written ? 0 : errno;
  if (fd >= 0 && close(fd) != 0 && why == 0) why = errno;
  if (why == 0 && std::rename(part.c_str(), path.c_str()) != 0) why = errno;
  if (why == 0) return {};
  if (fd >= 0) unlink(part.c_str());
  return Error::Environment("cannot write '" + path + "': " + std::strerror(why));
}

}  // namespace dustproof
