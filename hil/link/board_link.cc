#include "hil/link/board_link.h"

#include <charconv>
#include <utility>

#include "hil/link/serial_host.h"
#include "hil/link/zmq_host.h"

namespace dustproof {
namespace {

constexpr const char* kSerial = "serial:";

Result<std::unique_ptr<BoardLink>> OpenSerial(const std::string& text) {
  const size_t at = text.rfind('@');
  unsigned baud = 115200;
  if (at != std::string::npos) {
    const char* end = text.data() + text.size();
    if (std::from_chars(text.data() + at + 1, end, baud).ptr != end)
      return Error::BadInput("serial:" + text + ": after '@' comes the baud rate, such as 115200");
  }
  Result<std::unique_ptr<SerialHost>> host = SerialHost::Open(text.substr(0, at), baud);
  if (!host) return host.error();
  return std::unique_ptr<BoardLink>(std::move(*host));
}

}  // namespace

Result<std::unique_ptr<BoardLink>> OpenBoardLink(const std::string& endpoint, std::optional<LinkKeys> keys) {
  if (endpoint.starts_with(kSerial)) return OpenSerial(endpoint.substr(std::string(kSerial).size()));
  Result<std::unique_ptr<ZmqHost>> host = ZmqHost::Listen(endpoint, std::move(keys));
  if (!host) return host.error();
  return std::unique_ptr<BoardLink>(std::move(*host));
}

}  // namespace dustproof
