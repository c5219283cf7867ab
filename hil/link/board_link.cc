#include "hil/link/board_link.h"

#include <utility>

#include "hil/link/serial_device.h"
#include "hil/link/serial_host.h"
#include "hil/link/zmq_host.h"

namespace dustproof {
namespace {

Result<std::unique_ptr<BoardLink>> OpenSerial(const std::string& endpoint) {
  const Result<SerialLine> line = ParseSerialLine(endpoint);
  if (!line) return line.error();
  const Result<std::string> device = FindSerialDevice(line->device);
  if (!device) return device.error();
  Result<std::unique_ptr<SerialHost>> host = SerialHost::Open(*device, line->baud);
  if (!host) return host.error();
  return std::unique_ptr<BoardLink>(std::move(*host));
}

}  // namespace

Result<std::unique_ptr<BoardLink>> OpenBoardLink(const std::string& endpoint, std::optional<LinkKeys> keys) {
  if (endpoint.starts_with("serial:")) return OpenSerial(endpoint);
  Result<std::unique_ptr<ZmqHost>> host = ZmqHost::Listen(endpoint, std::move(keys));
  if (!host) return host.error();
  return std::unique_ptr<BoardLink>(std::move(*host));
}

}  // namespace dustproof
