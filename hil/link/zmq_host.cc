#include "hil/link/zmq_host.h"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <zmq.hpp>

#include "hil/link/zmq_on_demand.h"

namespace dustproof {
namespace {

constexpr int kHandshakeMs = 5000;  // A peer that connects and then says nothing.
constexpr int kHeartbeatMs = 2000;  // ZeroMQ's own, on tcp: a peer that vanished is let go.

bool IsLoopback(const std::string& endpoint) {
  return endpoint.starts_with("ipc://") || endpoint.starts_with("tcp://127.0.0.1:") || endpoint.starts_with("tcp://[::1]:");
}

}  // namespace

struct ZmqHost::Socket {
  zmq::context_t context{1};
  zmq::socket_t router{context, zmq::socket_type::router};
};

ZmqHost::ZmqHost() : socket_(std::make_unique<Socket>()) {}

ZmqHost::~ZmqHost() {
  socket_.reset();
  if (folder_.empty()) return;
  unlink((folder_ + "/link").c_str());
  rmdir(folder_.c_str());
}

Result<std::unique_ptr<ZmqHost>> ZmqHost::Listen(const std::string& endpoint) {
  if (!endpoint.empty() && !IsLoopback(endpoint))
    return Error::BadInput("cannot listen at " + endpoint +
                           ": others could reach it, and this link asks for no key; use ipc://… or tcp://127.0.0.1:…");
  if (Result<void> loaded = LoadZmq(); !loaded) return loaded.error();
  std::unique_ptr<ZmqHost> host(new ZmqHost());
  if (endpoint.empty()) {
    char folder[] = "/tmp/dustproof-link-XXXXXX";
    if (mkdtemp(folder) == nullptr)
      return Error::Environment(std::string("cannot make a folder for the firmware's link: ") + std::strerror(errno));
    host->folder_ = folder;
  }
  if (Result<void> bound = host->Bind(endpoint.empty() ? "ipc://" + host->folder_ + "/link" : endpoint); !bound)
    return bound.error();
  return host;
}

Result<void> ZmqHost::Bind(const std::string& endpoint) {
  zmq::socket_t& router = socket_->router;
  router.set(zmq::sockopt::linger, 0);
  router.set(zmq::sockopt::maxmsgsize, static_cast<int64_t>(kMessageBytesMax));
  router.set(zmq::sockopt::handshake_ivl, kHandshakeMs);
  if (endpoint.starts_with("tcp://")) router.set(zmq::sockopt::heartbeat_ivl, kHeartbeatMs);
  try {
    router.bind(endpoint);
  } catch (const zmq::error_t& error) {
    return Error::Environment("cannot listen at " + endpoint + ": " + error.what());
  }
  address_ = router.get(zmq::sockopt::last_endpoint);
  return {};
}

int ZmqHost::fd() { return socket_->router.get(zmq::sockopt::fd); }

ZmqHost::Heard ZmqHost::Receive(wire::Message& message) {
  while (true) {
    zmq::message_t peer, frame;
    if (!socket_->router.recv(peer, zmq::recv_flags::dontwait)) return Heard::kNothing;
    if (!peer.more() || !socket_->router.recv(frame, zmq::recv_flags::dontwait)) continue;
    for (zmq::message_t more; frame.more() && socket_->router.recv(more, zmq::recv_flags::dontwait) && more.more();) {
    }  // Ours have one part: what follows it is nobody's.
    const LinkSender sender{.route = peer.to_string(), .key = ""};
    switch (guard_.Judge(sender, {static_cast<const std::byte*>(frame.data()), frame.size()})) {
      case SessionGuard::Verdict::kTaken:
        message.Swap(&guard_.message());
        return Heard::kMessage;
      case SessionGuard::Verdict::kRepeated:
        for (const std::string& bytes : guard_.Again()) SendTo(sender.route, bytes);
        break;
      case SessionGuard::Verdict::kHeartbeat:
        break;
      case SessionGuard::Verdict::kRefused:
        refused_own_ = !guard_.has_board() || guard_.is_own(sender);
        if (!guard_.is_own(sender)) TellRefusal(sender.route);
        return Heard::kRefused;
    }
  }
}

void ZmqHost::SendTo(const std::string& route, const std::string& bytes) {
  socket_->router.send(zmq::buffer(route), zmq::send_flags::sndmore | zmq::send_flags::dontwait);
  socket_->router.send(zmq::buffer(bytes), zmq::send_flags::dontwait);
}

void ZmqHost::TellRefusal(const std::string& route) {
  wire::Message message;
  message.set_version(kProtocolVersion);
  message.mutable_refusal()->set_reason(guard_.reason());
  SendTo(route, message.SerializeAsString());
}

void ZmqHost::Send(wire::Message& message, SimTime now) {
  SendTo(guard_.board().route, guard_.Seal(message, now));
}

}  // namespace dustproof
