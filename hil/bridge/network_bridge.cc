#include "hil/bridge/network_bridge.h"

#include <algorithm>
#include <cstring>

namespace dustproof {
namespace {

static_assert(static_cast<int>(NetStatus::kNotYet) == DP_ERR_TIMEOUT);
static_assert(static_cast<int>(NetStatus::kClosed) == DP_ERR_CLOSED);
static_assert(static_cast<int>(NetStatus::kRefused) == DP_ERR_REFUSED);
static_assert(static_cast<int>(NetStatus::kUnreachable) == DP_ERR_UNREACHABLE);
static_assert(static_cast<int>(NetStatus::kFull) == DP_ERR_FULL);
static_assert(static_cast<int>(NetStatus::kState) == DP_ERR_STATE);
static_assert(static_cast<int>(WifiState::kLost) == DP_WIFI_LOST);
static_assert(static_cast<int>(SocketKind::kUdp) == DP_SOCKET_UDP);

dp_status ToHal(NetStatus status) { return static_cast<dp_status>(status); }
NetEndpoint ToNet(dp_endpoint e) { return {e.address, e.port}; }
dp_endpoint ToHal(NetEndpoint e) { return {e.address, e.port}; }

dp_wifi_network ToHal(const WifiNetwork& network) {
  dp_wifi_network out{};
  std::memcpy(out.ssid, network.ssid.data(), std::min(network.ssid.size(), sizeof out.ssid - 1));
  std::copy_n(network.bssid.begin(), 6, out.bssid);
  out.rssi_dbm = static_cast<int8_t>(std::clamp(network.rssi_dbm, -127, 0));
  out.channel = static_cast<uint8_t>(network.channel);
  out.encrypted = network.encrypted;
  return out;
}

}  // namespace

std::vector<dp_wifi_network> NetworkBridge::Scan() {
  const CpuScope scope = Count();
  std::vector<dp_wifi_network> out;
  for (const WifiNetwork& network : network_->Scan()) out.push_back(ToHal(network));
  return out;
}

void NetworkBridge::StartJoin(std::string_view ssid, std::string_view password,
                              std::string_view host_name) {
  const CpuScope scope = Count();
  network_->StartJoin(ssid, password, host_name);
}

dp_status NetworkBridge::PollJoin() { return ToHal(network_->PollJoin()); }
void NetworkBridge::CancelJoin() { network_->CancelJoin(); }

dp_status NetworkBridge::StartHotspot(std::string_view ssid, std::string_view passphrase) {
  const CpuScope scope = Count();
  return ToHal(network_->StartHotspot(ssid, passphrase));
}

void NetworkBridge::Stop() { network_->Stop(); }
dp_wifi_state NetworkBridge::state() const { return static_cast<dp_wifi_state>(network_->state()); }
uint32_t NetworkBridge::address() const { return network_->address(); }
int NetworkBridge::rssi_dbm() const { return network_->rssi_dbm(); }

void NetworkBridge::SetReadyHandler(std::function<void()> handler) {
  network_->SetReadyHandler(std::move(handler));
}

int32_t NetworkBridge::Open(dp_socket_kind kind) {
  return network_->Open(static_cast<SocketKind>(kind));
}

dp_status NetworkBridge::StartConnect(int32_t id, dp_endpoint to) {
  const CpuScope scope = Count();
  return ToHal(network_->StartConnect(id, ToNet(to)));
}

dp_status NetworkBridge::PollConnect(int32_t id) { return ToHal(network_->PollConnect(id)); }
dp_status NetworkBridge::Bind(int32_t id, uint16_t port) { return ToHal(network_->Bind(id, port)); }

int32_t NetworkBridge::Accept(int32_t id, dp_endpoint& peer) {
  NetEndpoint from;
  const int32_t accepted = network_->Accept(id, from);
  peer = ToHal(from);
  return accepted;
}

int32_t NetworkBridge::Send(int32_t id, std::span<const std::byte> data) {
  const CpuScope scope = Count();
  return network_->Send(id, data);
}

int32_t NetworkBridge::Receive(int32_t id, std::span<std::byte> out) {
  const CpuScope scope = Count();
  return network_->Receive(id, out);
}

int32_t NetworkBridge::SendTo(int32_t id, dp_endpoint to, std::span<const std::byte> data) {
  const CpuScope scope = Count();
  return network_->SendTo(id, ToNet(to), data);
}

int32_t NetworkBridge::ReceiveFrom(int32_t id, dp_endpoint& from, std::span<std::byte> out) {
  NetEndpoint sender;
  const int32_t count = network_->ReceiveFrom(id, sender, out);
  from = ToHal(sender);
  return count;
}

dp_status NetworkBridge::JoinGroup(int32_t id, uint32_t group) {
  return ToHal(network_->JoinGroup(id, group));
}

void NetworkBridge::Close(int32_t id) {
  const CpuScope scope = Count();
  network_->Close(id);
}

int32_t NetworkBridge::StartLookup(std::string_view host) {
  const CpuScope scope = Count();
  return network_->StartLookup(host);
}

int32_t NetworkBridge::PollLookup(int32_t lookup, std::span<uint32_t> out) {
  return network_->PollLookup(lookup, out);
}
void NetworkBridge::CancelLookup(int32_t lookup) { network_->CancelLookup(lookup); }
void NetworkBridge::PowerLost() { network_->PowerLost(); }

}  // namespace dustproof
