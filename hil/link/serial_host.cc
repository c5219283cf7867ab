#include "hil/link/serial_host.h"

#include <fcntl.h>
#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <map>
#include <utility>

namespace dustproof {
namespace {

constexpr size_t kReadBytes = 4096;
constexpr int kWriteMs = 1000;
// No microcontroller says more at once, and at 1 Mbaud this takes most of a second.
constexpr size_t kSerialMessageBytesMax = 64 << 10;

const LinkSender kLine{.route = "line", .key = ""};

Result<void> MakeRaw(int fd, const std::string& device, unsigned baud) {
  static const std::map<unsigned, speed_t> speeds = {{9600, B9600},     {19200, B19200},   {38400, B38400},
                                                     {57600, B57600},   {115200, B115200}, {230400, B230400},
                                                     {460800, B460800}, {921600, B921600}, {1000000, B1000000}};
  const auto speed = speeds.find(baud);
  if (speed == speeds.end())
    return Error::BadInput(device + ": no serial line has " + std::to_string(baud) + " baud here; 115200 is usual");
  termios line;
  if (tcgetattr(fd, &line) != 0) return Error::BadInput(device + ": is no serial line: " + std::strerror(errno));
  cfmakeraw(&line);
  line.c_cflag |= CLOCAL | CREAD;
  line.c_cflag &= ~static_cast<tcflag_t>(CRTSCTS);
  if (cfsetspeed(&line, speed->second) != 0 || tcsetattr(fd, TCSANOW, &line) != 0)
    return Error::Environment("cannot set up " + device + ": " + std::strerror(errno));
  return {};
}

}  // namespace

SerialHost::SerialHost(std::string device, int fd)
    : device_(std::move(device)), address_("serial:" + device_), fd_(fd), frame_(kSerialMessageBytesMax + DP_FRAME_CHECK_BYTES) {
  dp_frame_decoder_init(&decoder_, frame_.data(), frame_.size());
}

SerialHost::~SerialHost() { close(fd_); }

Result<std::unique_ptr<SerialHost>> SerialHost::Open(const std::string& device, unsigned baud) {
  const int fd = open(device.c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) return Error::Environment("cannot open " + device + ": " + std::strerror(errno));
  std::unique_ptr<SerialHost> host(new SerialHost(device, fd));
  if (Result<void> raw = MakeRaw(fd, device, baud); !raw) return raw.error();
  return host;
}

SerialHost::Heard SerialHost::Receive(wire::Message& message) {
  while (true) {
    if (next_ == read_.size()) {
      read_.resize(kReadBytes);
      const ssize_t bytes = read(fd_, read_.data(), read_.size());
      const bool gone = bytes == 0 || (bytes < 0 && errno != EAGAIN && errno != EINTR);
      read_.resize(bytes > 0 ? static_cast<size_t>(bytes) : 0);
      next_ = 0;
      if (gone) return Heard::kGone;
      if (bytes < 0) return Heard::kNothing;
    }
    const size_t bytes = dp_frame_decode(&decoder_, read_[next_++]);
    if (bytes == 0) continue;
    switch (guard_.Judge(kLine, std::as_bytes(std::span(frame_).first(bytes)))) {
      case SessionGuard::Verdict::kTaken:
        message.Swap(&guard_.message());
        return Heard::kMessage;
      case SessionGuard::Verdict::kRepeated:
        for (const std::string& again : guard_.Again()) {
          if (!Write(again)) return Heard::kGone;
        }
        break;
      case SessionGuard::Verdict::kHeartbeat:
        message.Swap(&guard_.message());
        return Heard::kHeartbeat;
      case SessionGuard::Verdict::kRefused:
        if (!guard_.has_board()) {  // Of a session that ended without its hearing so: told, it begins anew.
          TellRefusal();
          break;
        }
        refusal_ = {.why = guard_.reason(), .of_board = true, .for_gap = guard_.has_gap(), .of_hello = guard_.was_hello()};
        return Heard::kRefused;
    }
  }
}

Result<void> SerialHost::Send(wire::Message& message, SimTime now) { return Write(guard_.Seal(message, now)); }

void SerialHost::TellRefusal() {
  wire::Message message;
  message.set_version(kProtocolVersion);
  message.mutable_refusal()->set_reason(guard_.reason());
  (void)Write(message.SerializeAsString());
}

void SerialHost::End(wire::Message& message, SimTime now) {
  if (!guard_.has_board() || !Send(message, now)) return;
  tcdrain(fd_);
}

Result<void> SerialHost::Write(const std::string& bytes) {
  std::vector<uint8_t> line(DP_FRAME_BYTES_MAX(bytes.size()));
  line.resize(dp_frame_encode(bytes.data(), bytes.size(), line.data(), line.size()));
  for (size_t at = 0; at < line.size();) {
    const ssize_t wrote = write(fd_, line.data() + at, line.size() - at);
    if (wrote > 0) at += static_cast<size_t>(wrote);
    if (wrote >= 0 || errno == EINTR) continue;
    if (errno != EAGAIN) return Error::Environment("cannot write to " + device_ + ": " + std::strerror(errno));
    pollfd wait{fd_, POLLOUT, 0};
    if (poll(&wait, 1, kWriteMs) == 0) return Error::Environment(device_ + " takes nothing more: is the board powered and reading?");
  }
  return {};
}

}  // namespace dustproof
