#include "hil/link/zmq_host.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>
#include <vector>
#include <zmq.hpp>

#include "hil/link/zmq_on_demand.h"

namespace dustproof {
namespace {

constexpr int kHandshakeMs = 5000;  // A peer that connects and then says nothing.
constexpr int kFarewellMs = 1000;   // For the last word to be on its way.
constexpr int kKeepAliveS = 5;          // On tcp: a peer that vanished is let go. The kernel's; ZeroMQ's own cost each message a timer.
constexpr int kUnansweredMs = 10'000;   // The same while something is on its way to it.

std::string Z85(const zmq::message_t& key) {
  char text[41] = "";
  return key.size() == 32 && zmq_z85_encode(text, key.data<uint8_t>(), 32) != nullptr ? text : "";
}

// The board's key, as it was let in by.
std::string KeyOf(const zmq::message_t& frame) {
  const char* key = zmq_msg_gets(const_cast<zmq::message_t&>(frame).handle(), "User-Id");
  return key == nullptr ? "" : key;
}

}  // namespace

bool IsLoopback(const std::string& endpoint) {
  if (endpoint.starts_with("serial:")) return true;
  return endpoint.starts_with("ipc://") || endpoint.starts_with("tcp://127.0.0.1:") || endpoint.starts_with("tcp://[::1]:");
}

struct ZmqHost::Socket {
  zmq::context_t context{1};
  zmq::socket_t keys{context, zmq::socket_type::rep};  // ZeroMQ asks here whether a key is let in (its RFC 27, ZAP).
  zmq::socket_t router{context, zmq::socket_type::router};
};

ZmqHost::ZmqHost(std::optional<LinkKeys> keys) : socket_(std::make_unique<Socket>()), keys_(std::move(keys)) {}

ZmqHost::~ZmqHost() {
  socket_.reset();
  if (folder_.empty()) return;
  unlink((folder_ + "/link").c_str());
  rmdir(folder_.c_str());
}

Result<std::unique_ptr<ZmqHost>> ZmqHost::Listen(const std::string& wanted, std::optional<LinkKeys> keys) {
  const std::string endpoint = wanted == "ipc://*" ? "" : wanted;  // ZeroMQ would choose one beneath the working folder.
  if (!endpoint.empty() && !keys && !IsLoopback(endpoint))
    return Error::BadInput("cannot listen at " + endpoint +
                           ": others could reach it, and no keys were given (`dustproof keys new host`); or use ipc://… or tcp://127.0.0.1:…");
  if (Result<void> loaded = LoadZmq(); !loaded) return loaded.error();
  std::unique_ptr<ZmqHost> host(new ZmqHost(std::move(keys)));
  if (endpoint.empty()) {
    char folder[] = "/tmp/dustproof-link-XXXXXX";
    if (mkdtemp(folder) == nullptr)
      return Error::Environment(std::string("cannot make a folder for the firmware's link: ") + std::strerror(errno));
    host->folder_ = folder;
  }
  if (Result<void> asks = host->AskForKeys(); !asks) return asks.error();
  if (Result<void> bound = host->Bind(endpoint.empty() ? "ipc://" + host->folder_ + "/link" : endpoint); !bound)
    return bound.error();
  return host;
}

Result<void> ZmqHost::AskForKeys() {
  if (!keys_) return {};
  zmq::socket_t& router = socket_->router;
  try {
    socket_->keys.set(zmq::sockopt::linger, 0);
    socket_->keys.bind("inproc://zeromq.zap.01");
    key_fd_ = socket_->keys.get(zmq::sockopt::fd);
    router.set(zmq::sockopt::zap_domain, "dustproof");
    router.set(zmq::sockopt::curve_server, true);
    router.set(zmq::sockopt::curve_secretkey, keys_->host.secret_key);
  } catch (const zmq::error_t& error) {
    return Error::Environment(std::string("cannot ask for keys: ") + error.what());
  }
  return {};
}

Result<void> ZmqHost::Bind(const std::string& endpoint) {
  zmq::socket_t& router = socket_->router;
  router.set(zmq::sockopt::linger, 0);
  router.set(zmq::sockopt::maxmsgsize, static_cast<int64_t>(kMessageBytesMax));
  router.set(zmq::sockopt::handshake_ivl, kHandshakeMs);
  router.set(zmq::sockopt::tcp_keepalive, 1);
  router.set(zmq::sockopt::tcp_keepalive_idle, kKeepAliveS);
  router.set(zmq::sockopt::tcp_maxrt, kUnansweredMs);
  try {
    router.bind(endpoint);
  } catch (const zmq::error_t& error) {
    return Error::Environment("cannot listen at " + endpoint + ": " + error.what());
  }
  address_ = router.get(zmq::sockopt::last_endpoint);
  fd_ = router.get(zmq::sockopt::fd);
  return {};
}

bool ZmqHost::has_message() const { return (socket_->router.get(zmq::sockopt::events) & ZMQ_POLLIN) != 0; }

// Asked: version, id of the question, domain, address, identity, mechanism, key. Answered: version, id, status, its text, who
// that is, properties.
ZmqHost::Heard ZmqHost::JudgeKey() {
  std::vector<zmq::message_t> asked(1);
  if (!socket_->keys.recv(asked[0], zmq::recv_flags::dontwait)) return Heard::kNothing;
  while (asked.back().more()) {
    zmq::message_t part;
    if (!socket_->keys.recv(part, zmq::recv_flags::dontwait)) break;
    asked.push_back(std::move(part));
  }
  const std::string key = asked.size() == 7 && asked[5].to_string_view() == "CURVE" ? Z85(asked[6]) : "";
  const bool allowed = keys_->allowed.count(key) > 0;
  const std::string id = asked.size() > 1 ? asked[1].to_string() : "";
  const std::string answer[] = {"1.0", id, allowed ? "200" : "400", allowed ? "OK" : "not allowed", allowed ? key : "", ""};
  for (const std::string& part : answer)
    socket_->keys.send(zmq::buffer(part), &part == &answer[5] ? zmq::send_flags::none : zmq::send_flags::sndmore);
  if (allowed) return Heard::kMessage;
  refusal_ = {.why = "a board with a key that is not allowed, " + (key.empty() ? "of an unknown kind" : key) + " (`dustproof keys allow`)"};
  return Heard::kRefused;
}

// Who knocks waits until nobody speaks.
ZmqHost::Heard ZmqHost::JudgeKeys() {
  pollfd knocks{key_fd_, POLLIN, 0};
  if (!keys_ || poll(&knocks, 1, 0) == 0) return Heard::kNothing;
  for (Heard key = Heard::kMessage; key != Heard::kNothing;) {
    if (key = JudgeKey(); key == Heard::kRefused) return key;
  }
  return Heard::kNothing;
}

ZmqHost::Heard ZmqHost::Receive(wire::Message& message) {
  while (true) {
    zmq::message_t peer, frame;
    if (!socket_->router.recv(peer, zmq::recv_flags::dontwait)) return JudgeKeys();
    if (!peer.more() || !socket_->router.recv(frame, zmq::recv_flags::dontwait)) continue;
    for (zmq::message_t more; frame.more() && socket_->router.recv(more, zmq::recv_flags::dontwait) && more.more();) {
    }  // Ours have one part: what follows it is nobody's.
    const LinkSender sender{.route = peer.to_string(), .key = keys_ ? KeyOf(frame) : ""};
    switch (guard_.Judge(sender, {static_cast<const std::byte*>(frame.data()), frame.size()})) {
      case SessionGuard::Verdict::kTaken:
        message.Swap(&guard_.message());
        return Heard::kMessage;
      case SessionGuard::Verdict::kRepeated:
        for (const std::string& bytes : guard_.Again()) SendTo(sender.route, bytes);
        break;
      case SessionGuard::Verdict::kHeartbeat:
        message.Swap(&guard_.message());
        return Heard::kHeartbeat;
      case SessionGuard::Verdict::kRefused:
        refusal_ = {.why = guard_.reason(),
                    .of_board = guard_.has_board() ? guard_.is_own(sender) : !had_board_,
                    .for_gap = guard_.has_gap(),
                    .of_hello = guard_.was_hello()};
        if (!guard_.is_own(sender)) TellRefusal(sender.route);
        return Heard::kRefused;
    }
  }
}

void ZmqHost::ForgetBoard() {
  guard_.ForgetBoard();
  had_board_ = true;
}

void ZmqHost::End(wire::Message& message, SimTime now) {
  if (!guard_.has_board()) return;
  SendTo(guard_.board().route, guard_.Seal(message, now));
  socket_->router.set(zmq::sockopt::linger, kFarewellMs);
  socket_.reset();
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

Result<void> ZmqHost::Send(wire::Message& message, SimTime now) {
  SendTo(guard_.board().route, guard_.Seal(message, now));
  return {};
}

}  // namespace dustproof
