#include "hil/net/app_interface.h"

#include <map>
#include <utility>

#include "hil/net/internal/fabric.h"
#include "hil/protocol/dns.h"
#include "hil/protocol/tls_client.h"

namespace dustproof {

using internal::ConversationTap;
using internal::Fabric;
using internal::StreamDriver;
using internal::Wrapping;

struct AppInterface::Impl {
  explicit Impl(Fabric& network) : fabric(network) {}

  struct Stream {
    Dial dial;
    std::unique_ptr<StreamCore> core;
    std::function<void(const std::string&)> failed;
    std::unique_ptr<StreamDriver> driver;  // Once the name was looked up.
    uint32_t own_address = 0;
  };

  Fabric& fabric;
  std::map<uint32_t, Stream> streams;
  uint32_t next_stream = 1;
  std::function<void(NetStatus)> join_done;
  std::function<void()> on_wifi;
  std::map<uint16_t, DatagramHandler> datagram_handlers;
  WifiState last_state = WifiState::kConnected;

  void OnStationChange();
  void BreakStreams();
  void OnLookedUp(uint32_t id, const std::vector<uint32_t>& addresses);
  void Start(uint32_t id, const Fabric::Dialled& dialled);
  StreamDriver::Hooks MakeHooks(uint32_t id, const std::shared_ptr<ConversationTap>& tap);
  std::unique_ptr<TlsEnd> MakeTls(const Stream& stream, const ConversationTap& tap) const;
  /// In an event of its own, so that callers hear of it after they have called.
  void FailSoon(uint32_t id, const std::string& reason);
};

AppInterface::AppInterface(Fabric& fabric) : impl_(std::make_unique<Impl>(fabric)) {
  Impl* impl = impl_.get();
  fabric.phone_station.set_on_change([impl] { impl->OnStationChange(); });
  fabric.phone_device.deliver = [impl](const internal::Datagram& datagram) {
    const auto it = impl->datagram_handlers.find(datagram.to.port);
    if (it == impl->datagram_handlers.end()) return;
    const DatagramHandler handler = it->second;  // A copy: it may put another in its place.
    handler(datagram.from, datagram.payload);
  };
}

AppInterface::~AppInterface() = default;

// --- Wi-Fi
// -----------------------------------------------------------------------------------------------------------

std::vector<WifiNetwork> AppInterface::Scan() const { return impl_->fabric.phone_station.Scan(); }

void AppInterface::Join(std::string_view ssid, std::string_view password,
                        std::function<void(NetStatus)> done) {
  impl_->join_done = std::move(done);
  impl_->fabric.phone_station.Join(std::string(ssid), std::string(password),
                                   impl_->fabric.config.phone_host_name);
}

void AppInterface::Leave() {
  impl_->join_done = nullptr;
  impl_->fabric.phone_station.Leave();
}

WifiState AppInterface::state() const { return impl_->fabric.phone_station.state(); }
uint32_t AppInterface::address() const {
  return impl_->fabric.AddressOf(impl_->fabric.phone_station);
}
uint32_t AppInterface::robot_address() const { return impl_->fabric.RobotAddressForPhone(); }
void AppInterface::SetWifiHandler(std::function<void()> handler) {
  impl_->on_wifi = std::move(handler);
}

void AppInterface::Impl::OnStationChange() {
  const WifiState state = fabric.phone_station.state();
  BreakStreams();
  const NetStatus status = fabric.phone_station.join_status();
  if (join_done && status != NetStatus::kNotYet) std::exchange(join_done, nullptr)(status);
  if (std::exchange(last_state, state) != state && on_wifi) on_wifi();
}

/// A phone that changes its network changes its address: what was connected from the old one is
/// dead.
void AppInterface::Impl::BreakStreams() {
  const uint32_t own = fabric.AddressOf(fabric.phone_station);
  for (auto& [id, stream] : streams) {
    if (stream.driver != nullptr && stream.own_address != own) stream.driver->Break();
  }
}

// --- streams
// ---------------------------------------------------------------------------------------------------------

uint32_t AppInterface::Connect(Dial dial, std::unique_ptr<StreamCore> core,
                               std::function<void(const std::string& reason)> failed) {
  const uint32_t id = impl_->next_stream++;
  Impl::Stream& stream = impl_->streams[id];
  stream.dial = std::move(dial);
  stream.core = std::move(core);
  stream.failed = std::move(failed);
  uint32_t literal = 0;
  const std::string host = stream.dial.host;
  const auto looked_up = [impl = impl_.get(), id](const std::vector<uint32_t>& addresses) {
    impl->OnLookedUp(id, addresses);
  };
  if (ParseAddress(host, &literal)) {
    looked_up({literal});
  } else if (IsDnsName(host)) {
    impl_->fabric.Lookup(impl_->fabric.phone_station, host, looked_up);
  } else {
    impl_->FailSoon(id, "no such host");
  }
  return id;
}

void AppInterface::Impl::FailSoon(uint32_t id, const std::string& reason) {
  fabric.queue.Schedule(fabric.queue.now(), EventSource::kNetwork, [this, id, reason] {
    const auto it = streams.find(id);
    if (it == streams.end()) return;
    const Stream stream = std::move(it->second);
    streams.erase(it);
    if (!reason.empty() && stream.failed) stream.failed(reason);
  });
}

void AppInterface::Impl::OnLookedUp(uint32_t id, const std::vector<uint32_t>& addresses) {
  const auto it = streams.find(id);
  if (it == streams.end()) return;
  if (addresses.empty()) return FailSoon(id, "no such host");
  const NetEndpoint to{addresses[0], it->second.dial.port};
  const Fabric::Dialled dialled =
      fabric.Dial(fabric.phone_station, fabric.NextPort(fabric.phone_station), to);
  if (dialled.status != NetStatus::kOk) {
    return FailSoon(id, dialled.status == NetStatus::kRefused ? "refused" : "unreachable");
  }
  Start(id, dialled);
}

void AppInterface::Impl::Start(uint32_t id, const Fabric::Dialled& dialled) {
  Stream& stream = streams.at(id);
  stream.own_address = fabric.AddressOf(fabric.phone_station);
  stream.driver = std::make_unique<StreamDriver>(
      fabric.queue, dialled.connection, Side::kClient,
      stream.dial.tls ? Wrapping::kTls : Wrapping::kPlain, MakeHooks(id, dialled.tap));
}

StreamDriver::Hooks AppInterface::Impl::MakeHooks(uint32_t id,
                                                  const std::shared_ptr<ConversationTap>& tap) {
  StreamDriver::Hooks hooks;
  hooks.make_core = [this, id](const TlsEnd*) { return std::move(streams.at(id).core); };
  hooks.make_tls = [this, id, tap] { return MakeTls(streams.at(id), *tap); };
  // At a host of ours the plaintext is taken at the server's end; where the robot serves TLS, ours
  // is this one.
  if (tap->info().emitter == "robot") {
    hooks.on_plaintext = [tap](Side from, std::span<const std::byte> bytes) {
      tap->OnPlaintext(from, bytes);
    };
  }
  hooks.on_over = [this, id](const std::string& reason) { FailSoon(id, reason); };
  return hooks;
}

std::unique_ptr<TlsEnd> AppInterface::Impl::MakeTls(const Stream& stream,
                                                    const ConversationTap& tap) const {
  TlsClientConfig tls;
  tls.server_name = stream.dial.host;
  tls.trust_pem = stream.dial.trust_pem.empty() ? fabric.servers.authority().certificate_pem()
                                                : stream.dial.trust_pem;
  tls.alpn = stream.dial.alpn;
  tls.identity = stream.dial.identity;
  tls.random = fabric.seed.Stream("net.tls_client.app#" + std::to_string(tap.info().client.port));
  tls.now = fabric.wall_now();
  if (tap.info().emitter == "robot") {
    tls.key_log = [&fabric = fabric](const std::string& line) {
      fabric.recorder.AddKeyLogLine(line);
    };
  }
  return MakeTlsClient(std::move(tls));
}

void AppInterface::Close(uint32_t id) {
  const auto it = impl_->streams.find(id);
  if (it == impl_->streams.end()) return;
  if (it->second.driver != nullptr) return it->second.driver->Close();
  impl_->streams.erase(it);  // Still looking the name up.
}

// --- datagrams
// -------------------------------------------------------------------------------------------------------

void AppInterface::SetDatagramHandler(uint16_t port, DatagramHandler handler) {
  if (handler) {
    impl_->datagram_handlers[port] = std::move(handler);
  } else {
    impl_->datagram_handlers.erase(port);
  }
}

void AppInterface::SendDatagram(uint16_t from_port, NetEndpoint to,
                                std::span<const std::byte> bytes) {
  Fabric& fabric = impl_->fabric;
  const uint32_t own = fabric.AddressOf(fabric.phone_station);
  if (own == 0) return;
  fabric.SendDatagram(fabric.phone_station, {{own, from_port}, to, {bytes.begin(), bytes.end()}});
}

}  // namespace dustproof
