#include "hil/net/robot_interface.h"

#include <algorithm>
#include <deque>
#include <map>
#include <set>

#include "hil/net/internal/fabric.h"
#include "hil/protocol/dns.h"

namespace dustproof {
namespace {

using internal::Datagram;
using internal::TcpConnection;

constexpr size_t kSocketCountMax = 32;
constexpr size_t kBacklogMax = 8;
constexpr size_t kInboxMax = 32;
constexpr size_t kDatagramBytesMax = 1472;  // Ethernet's 1500 less the IP and UDP headers.

int32_t Number(NetStatus status) { return static_cast<int32_t>(status); }

struct Pending {
  std::shared_ptr<TcpConnection> connection;
  NetEndpoint peer;
};

struct Socket {
  SocketKind kind = SocketKind::kTcp;
  uint16_t port = 0;  // Bound to, 0: not yet.
  bool listening = false;
  std::shared_ptr<TcpConnection> connection;  // TCP, once connecting or accepted.
  Side side = Side::kClient;
  NetStatus dial_status = NetStatus::kState;  // Why there is no connection.
  std::deque<Pending> backlog;
  std::deque<Datagram> inbox;
  std::set<uint32_t> groups;
};

}  // namespace

struct RobotInterface::Impl {
  explicit Impl(internal::Fabric& network) : fabric(network) {}

  internal::Fabric& fabric;
  std::function<void()> on_ready;
  int32_t next_id = 1;
  std::map<int32_t, Socket> sockets;
  struct LookupState {
    bool done = false;
    std::vector<uint32_t> addresses;
  };
  std::map<int32_t, LookupState> lookups;

  void Ready() const {
    if (on_ready) on_ready();
  }

  Socket* Find(int32_t id) {
    const auto it = sockets.find(id);
    return it == sockets.end() ? nullptr : &it->second;
  }

  int32_t Add(Socket socket) {
    if (sockets.size() >= kSocketCountMax) return Number(NetStatus::kFull);
    sockets.emplace(next_id, std::move(socket));
    return next_id++;
  }

  void Watch(TcpConnection& connection, Side side) {
    connection.set_on_event(side, [this] { Ready(); });
  }

  bool PortTaken(SocketKind kind, uint16_t port) const {
    return std::any_of(sockets.begin(), sockets.end(), [&](const auto& entry) {
      const Socket& socket = entry.second;
      return socket.kind == kind && socket.port == port &&
             (kind == SocketKind::kUdp || socket.listening);
    });
  }

  /// A phone asks for a connection: waits in the listener's backlog until firmware accepts it.
  bool Offer(uint16_t port, std::shared_ptr<TcpConnection> connection, NetEndpoint peer) {
    for (auto& [id, socket] : sockets) {
      if (!socket.listening || socket.port != port || socket.backlog.size() >= kBacklogMax)
        continue;
      Watch(*connection, Side::kServer);
      socket.backlog.push_back({std::move(connection), peer});
      return true;
    }
    return false;
  }

  void Deliver(const Datagram& datagram) {
    for (auto& [id, socket] : sockets) {
      if (socket.kind != SocketKind::kUdp || socket.port != datagram.to.port) continue;
      if (IsMulticast(datagram.to.address) && !socket.groups.contains(datagram.to.address))
        continue;
      if (socket.inbox.size() < kInboxMax) socket.inbox.push_back(datagram);
      Ready();
      return;
    }
  }

  void VanishConnections() {
    for (auto& [id, socket] : sockets) {
      if (socket.connection != nullptr) socket.connection->Vanish(socket.side);
      for (Pending& pending : socket.backlog) pending.connection->Vanish(Side::kServer);
      socket.backlog.clear();
    }
    Ready();
  }

  /// Before the radio goes elsewhere: what was connected is gone.
  void LeaveNetwork() {
    VanishConnections();
    fabric.CloseHotspot();
  }
};

RobotInterface::RobotInterface(internal::Fabric& fabric) : impl_(std::make_unique<Impl>(fabric)) {
  Impl* impl = impl_.get();
  fabric.robot_station.set_on_change([impl] { impl->Ready(); });
  fabric.robot_device.offer = [impl](uint16_t port, std::shared_ptr<TcpConnection> connection,
                                     NetEndpoint peer) {
    return impl->Offer(port, std::move(connection), peer);
  };
  fabric.robot_device.deliver = [impl](const Datagram& datagram) { impl->Deliver(datagram); };
}

RobotInterface::~RobotInterface() = default;

void RobotInterface::SetReadyHandler(std::function<void()> handler) {
  impl_->on_ready = std::move(handler);
}

// --- Wi-Fi
// -----------------------------------------------------------------------------------------------------------

std::vector<WifiNetwork> RobotInterface::Scan() const { return impl_->fabric.robot_station.Scan(); }

void RobotInterface::StartJoin(std::string_view ssid, std::string_view password,
                               std::string_view host_name) {
  impl_->LeaveNetwork();
  impl_->fabric.robot_station.Join(std::string(ssid), std::string(password),
                                   std::string(host_name));
}

NetStatus RobotInterface::PollJoin() const { return impl_->fabric.robot_station.join_status(); }

void RobotInterface::CancelJoin() {
  if (PollJoin() == NetStatus::kNotYet) impl_->fabric.robot_station.Leave();
}

NetStatus RobotInterface::StartHotspot(std::string_view ssid, std::string_view passphrase) {
  if (ssid.empty() || ssid.size() > 32) return NetStatus::kInvalid;
  if (!passphrase.empty() && (passphrase.size() < 8 || passphrase.size() > 63))
    return NetStatus::kInvalid;
  impl_->LeaveNetwork();
  impl_->fabric.robot_station.Leave();
  impl_->fabric.OpenHotspot(std::string(ssid), std::string(passphrase));
  impl_->Ready();
  return NetStatus::kOk;
}

void RobotInterface::Stop() {
  impl_->LeaveNetwork();
  impl_->fabric.robot_station.Leave();
}

WifiState RobotInterface::state() const {
  return impl_->fabric.air.hotspot ? WifiState::kHotspot : impl_->fabric.robot_station.state();
}

uint32_t RobotInterface::address() const {
  return impl_->fabric.AddressOf(impl_->fabric.robot_station);
}

int RobotInterface::rssi_dbm() const {
  return impl_->fabric.robot_station.on_home() ? impl_->fabric.config.home.rssi_dbm : 0;
}

// --- TCP
// -------------------------------------------------------------------------------------------------------------

int32_t RobotInterface::Open(SocketKind kind) {
  Socket socket;
  socket.kind = kind;
  return impl_->Add(std::move(socket));
}

NetStatus RobotInterface::StartConnect(int32_t id, NetEndpoint to) {
  Socket* socket = impl_->Find(id);
  if (socket == nullptr || socket->kind != SocketKind::kTcp) return NetStatus::kInvalid;
  if (socket->connection != nullptr || socket->listening) return NetStatus::kState;
  internal::Fabric& fabric = impl_->fabric;
  if (socket->port == 0) socket->port = fabric.NextPort(fabric.robot_station);
  const internal::Fabric::Dialled dialled = fabric.Dial(fabric.robot_station, socket->port, to);
  socket->dial_status = dialled.status;
  socket->side = Side::kClient;
  socket->connection = dialled.connection;
  if (socket->connection != nullptr) impl_->Watch(*socket->connection, Side::kClient);
  return dialled.status;
}

NetStatus RobotInterface::PollConnect(int32_t id) const {
  const Socket* socket = impl_->Find(id);
  if (socket == nullptr) return NetStatus::kInvalid;
  return socket->connection == nullptr ? socket->dial_status
                                       : socket->connection->status(socket->side);
}

NetStatus RobotInterface::Bind(int32_t id, uint16_t port) {
  Socket* socket = impl_->Find(id);
  if (socket == nullptr) return NetStatus::kInvalid;
  if (socket->port != 0) return NetStatus::kState;
  if (port == 0) port = impl_->fabric.NextPort(impl_->fabric.robot_station);
  if (impl_->PortTaken(socket->kind, port)) return NetStatus::kRefused;
  socket->port = port;
  socket->listening = socket->kind == SocketKind::kTcp;
  return NetStatus::kOk;
}

int32_t RobotInterface::Accept(int32_t id, NetEndpoint& peer) {
  Socket* listener = impl_->Find(id);
  if (listener == nullptr) return Number(NetStatus::kInvalid);
  if (!listener->listening) return Number(NetStatus::kState);
  std::erase_if(listener->backlog,
                [](const Pending& pending) { return pending.connection->gone(Side::kServer); });
  for (auto it = listener->backlog.begin(); it != listener->backlog.end(); ++it) {
    if (it->connection->status(Side::kServer) != NetStatus::kOk) continue;
    Socket accepted;
    accepted.port = listener->port;
    accepted.connection = it->connection;
    accepted.side = Side::kServer;
    peer = it->peer;
    const int32_t made = impl_->Add(std::move(accepted));
    if (made > 0) listener->backlog.erase(it);
    return made;
  }
  return Number(NetStatus::kNotYet);
}

int32_t RobotInterface::Send(int32_t id, std::span<const std::byte> data) {
  Socket* socket = impl_->Find(id);
  if (socket == nullptr) return Number(NetStatus::kInvalid);
  if (socket->connection == nullptr) return Number(NetStatus::kState);
  const NetStatus status = socket->connection->status(socket->side);
  if (status == NetStatus::kNotYet) return Number(NetStatus::kState);
  if (status != NetStatus::kOk) return Number(NetStatus::kClosed);
  const size_t count = socket->connection->Write(socket->side, data);
  return count > 0 || data.empty() ? static_cast<int32_t>(count) : Number(NetStatus::kNotYet);
}

int32_t RobotInterface::Receive(int32_t id, std::span<std::byte> out) {
  Socket* socket = impl_->Find(id);
  if (socket == nullptr) return Number(NetStatus::kInvalid);
  if (socket->connection == nullptr) return Number(NetStatus::kState);
  TcpConnection& connection = *socket->connection;
  const size_t count = connection.Read(socket->side, out);
  if (count > 0) return static_cast<int32_t>(count);
  if (connection.at_end(socket->side)) return 0;
  const NetStatus status = connection.status(socket->side);
  return Number(status == NetStatus::kOk       ? NetStatus::kNotYet
                : status == NetStatus::kNotYet ? NetStatus::kState
                                               : NetStatus::kClosed);
}

void RobotInterface::Close(int32_t id) {
  Socket* socket = impl_->Find(id);
  if (socket == nullptr) return;
  if (socket->connection != nullptr) {
    socket->connection->set_on_event(socket->side, nullptr);
    socket->connection->Close(socket->side);
  }
  for (Pending& pending : socket->backlog) pending.connection->Abort(Side::kServer);
  impl_->sockets.erase(id);
}

// --- UDP and names
// ---------------------------------------------------------------------------------------------------

int32_t RobotInterface::SendTo(int32_t id, NetEndpoint to, std::span<const std::byte> data) {
  Socket* socket = impl_->Find(id);
  if (socket == nullptr || socket->kind != SocketKind::kUdp || data.size() > kDatagramBytesMax ||
      to.port == 0) {
    return Number(NetStatus::kInvalid);
  }
  internal::Fabric& fabric = impl_->fabric;
  const uint32_t own = fabric.AddressOf(fabric.robot_station);
  if (own == 0) return Number(NetStatus::kUnreachable);
  if (socket->port == 0) socket->port = fabric.NextPort(fabric.robot_station);
  fabric.SendDatagram(fabric.robot_station, {{own, socket->port}, to, {data.begin(), data.end()}});
  return static_cast<int32_t>(data.size());
}

int32_t RobotInterface::ReceiveFrom(int32_t id, NetEndpoint& from, std::span<std::byte> out) {
  Socket* socket = impl_->Find(id);
  if (socket == nullptr || socket->kind != SocketKind::kUdp) return Number(NetStatus::kInvalid);
  if (socket->inbox.empty()) return Number(NetStatus::kNotYet);
  const Datagram datagram = std::move(socket->inbox.front());
  socket->inbox.pop_front();
  from = datagram.from;
  const size_t count = std::min(out.size(), datagram.payload.size());
  std::copy_n(datagram.payload.begin(), count, out.begin());
  return static_cast<int32_t>(count);
}

NetStatus RobotInterface::JoinGroup(int32_t id, uint32_t group) {
  Socket* socket = impl_->Find(id);
  if (socket == nullptr || socket->kind != SocketKind::kUdp || !IsMulticast(group))
    return NetStatus::kInvalid;
  socket->groups.insert(group);
  return NetStatus::kOk;
}

int32_t RobotInterface::StartLookup(std::string_view host) {
  std::string name(host);
  if (name.ends_with('.')) name.pop_back();
  uint32_t literal = 0;
  const int32_t id = impl_->next_id++;
  if (ParseAddress(name, &literal) || internal::ToLower(name) == "localhost") {
    impl_->lookups[id] = {true, {literal != 0 ? literal : MakeAddress(127, 0, 0, 1)}};
    return id;
  }
  if (!IsDnsName(name)) return Number(NetStatus::kInvalid);
  impl_->lookups[id] = {};
  impl_->fabric.Lookup(impl_->fabric.robot_station, name,
                       [impl = impl_.get(), id](std::vector<uint32_t> addresses) {
                         const auto it = impl->lookups.find(id);
                         if (it == impl->lookups.end()) return;
                         it->second = {true, std::move(addresses)};
                         impl->Ready();
                       });
  return id;
}

int32_t RobotInterface::PollLookup(int32_t lookup, std::span<uint32_t> out) {
  const auto it = impl_->lookups.find(lookup);
  if (it == impl_->lookups.end()) return Number(NetStatus::kInvalid);
  if (!it->second.done) return Number(NetStatus::kNotYet);
  const std::vector<uint32_t> addresses = std::move(it->second.addresses);
  impl_->lookups.erase(it);
  if (addresses.empty()) return Number(NetStatus::kUnreachable);
  const size_t count = std::min(out.size(), addresses.size());
  std::copy_n(addresses.begin(), count, out.begin());
  return static_cast<int32_t>(count);
}

void RobotInterface::CancelLookup(int32_t lookup) { impl_->lookups.erase(lookup); }

void RobotInterface::PowerLost() {
  impl_->VanishConnections();
  impl_->sockets.clear();
  impl_->lookups.clear();
  impl_->fabric.CloseHotspot();
  impl_->fabric.robot_station.Leave();
}

}  // namespace dustproof
