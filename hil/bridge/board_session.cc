#include "hil/bridge/board_session.h"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "hil/link/zmq_on_demand.h"

namespace dustproof {

Result<std::unique_ptr<BoardSession>> BoardSession::Listen() {
  if (Result<void> loaded = LoadZmq(); !loaded) return loaded.error();
  char folder[] = "/tmp/dustproof-link-XXXXXX";
  if (mkdtemp(folder) == nullptr)
    return Error::Environment(std::string("cannot make a folder for the firmware's link: ") + std::strerror(errno));
  std::unique_ptr<BoardSession> session(new BoardSession());
  session->folder_ = folder;
  session->address_ = "ipc://" + session->folder_ + "/link";
  session->socket_.set(zmq::sockopt::linger, 0);
  session->socket_.set(zmq::sockopt::maxmsgsize, static_cast<int64_t>(kMessageBytesMax));
  try {
    session->socket_.bind(session->address_);
  } catch (const zmq::error_t& error) {
    return Error::Environment("cannot listen at " + session->address_ + ": " + error.what());
  }
  return session;
}

BoardSession::~BoardSession() {
  socket_.close();
  unlink((folder_ + "/link").c_str());
  rmdir(folder_.c_str());
}

int BoardSession::fd() { return socket_.get(zmq::sockopt::fd); }

bool BoardSession::Receive(wire::Message& message) {
  zmq::message_t peer, frame;
  if (!socket_.recv(peer, zmq::recv_flags::dontwait)) return false;
  if (!socket_.recv(frame, zmq::recv_flags::dontwait)) return false;
  if (!message.ParseFromArray(frame.data(), static_cast<int>(frame.size()))) message.Clear();
  if (message.version() != kProtocolVersion || (!message.has_hello() && message.session() != session_))
    message.clear_body();
  peer_ = peer.to_string();
  return true;
}

void BoardSession::Send(wire::Message& message, SimTime now) {
  message.set_version(kProtocolVersion);
  message.set_session(session_);
  message.set_step(++step_);
  message.set_time_ns(static_cast<uint64_t>(now.nanoseconds()));
  socket_.send(zmq::buffer(peer_), zmq::send_flags::sndmore);
  socket_.send(zmq::buffer(message.SerializeAsString()), zmq::send_flags::none);
}

void BoardSession::Begin(uint64_t session) {
  session_ = session;
  step_ = 0;
}

}  // namespace dustproof
