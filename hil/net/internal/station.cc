#include "hil/net/internal/station.h"

#include <algorithm>

#include "hil/protocol/dhcp.h"

namespace dustproof::internal {
namespace {

// Probing the channels and finding nothing; association with the key exchange; a key exchange that
// never completes because the password is wrong. Figures as station firmware shows them in logs, to
// half a second.
const SimDuration kScanTime = SimDuration::Seconds(2);
const SimDuration kAssociationTime = SimDuration::Milliseconds(1200);
const SimDuration kWrongPasswordTime = SimDuration::Milliseconds(2500);
const SimDuration kBeaconLossTime = SimDuration::Seconds(1);
const SimDuration kReassociationTime = SimDuration::Milliseconds(1500);
const SimDuration kDhcpAnswerTime = SimDuration::Milliseconds(30);
const SimDuration kDhcpRetryTime = SimDuration::Seconds(2);
constexpr uint16_t kDhcpServerPort = 67, kDhcpClientPort = 68;

}  // namespace

Station::Station(EventQueue& queue, const Seed& seed, const NetworkConfig& config, const Air& air,
                 Recorder& recorder, Options options)
    : queue_(queue),
      random_(seed.Stream("net.wifi." + options.name)),
      config_(config),
      air_(air),
      recorder_(recorder),
      options_(std::move(options)) {}

void Station::After(SimDuration delay, std::function<void()> then) {
  queue_.ScheduleAfter(delay, EventSource::kNetwork,
                       [this, epoch = epoch_, then = std::move(then)] {
                         if (epoch == epoch_) then();
                       });
}

void Station::Changed() {
  if (on_change_) on_change_();
}

void Station::SetState(WifiState state) {
  state_ = state;
  Changed();
}

void Station::Join(std::string ssid, std::string password, std::string host_name) {
  ++epoch_;
  ssid_ = std::move(ssid);
  password_ = std::move(password);
  host_name_ = std::move(host_name);
  where_ = Where::kNone;
  address_ = 0;
  join_status_ = NetStatus::kNotYet;
  SetState(WifiState::kConnecting);
  const bool home = air_.home_up() && ssid_ == config_.home.ssid;
  const bool hotspot = options_.name == "app" && air_.hotspot && ssid_ == air_.hotspot->ssid;
  const bool neighbour =
      std::any_of(config_.neighbours.begin(), config_.neighbours.end(),
                  [this](const WifiNetwork& network) { return network.ssid == ssid_; });
  if (!home && !hotspot && !neighbour)
    return After(kScanTime, [this] { EndJoin(NetStatus::kUnreachable); });
  // From here on the access point, and whoever listens, has seen the station's address.
  recorder_.RadioName(options_.name, "wifi_mac", std::as_bytes(std::span(options_.mac)));
  const std::string wanted = home ? config_.home_password : hotspot ? air_.hotspot->passphrase : "";
  const bool open = home ? !config_.home.encrypted : hotspot && wanted.empty();
  if (neighbour && !home && !hotspot)
    return After(kWrongPasswordTime, [this] { EndJoin(NetStatus::kRefused); });
  if (!open && password_ != wanted)
    return After(kWrongPasswordTime, [this] { EndJoin(NetStatus::kRefused); });
  const SimDuration extra = SimDuration::Microseconds(static_cast<int64_t>(random_.Below(400'000)));
  After(kAssociationTime + extra, [this, home] {
    where_ = home ? Where::kHome : Where::kHotspot;
    Associate();
  });
}

void Station::Associate() {
  if (!LinkUp()) return EndJoin(NetStatus::kUnreachable);
  Discover();
}

void Station::EndJoin(NetStatus status) {
  join_status_ = status;
  if (status != NetStatus::kOk) where_ = Where::kNone;
  recorder_.Event(status == NetStatus::kOk ? "wifi_joined" : "wifi_join_failed",
                  options_.name + (status == NetStatus::kOk ? " address=" + FormatAddress(address_)
                                   : status == NetStatus::kRefused ? " refused"
                                                                   : " no such network"));
  SetState(status == NetStatus::kOk ? WifiState::kConnected : WifiState::kOff);
}

void Station::Leave() {
  ++epoch_;
  where_ = Where::kNone;
  address_ = 0;
  join_status_ = NetStatus::kState;
  SetState(WifiState::kOff);
}

void Station::StartAtHome() {
  ssid_ = config_.home.ssid;
  where_ = Where::kHome;
  address_ = options_.home_address;
  join_status_ = NetStatus::kOk;
  state_ = WifiState::kConnected;
}

void Station::OnHomeDown() {
  if (where_ != Where::kHome || state_ != WifiState::kConnected) return;
  ++epoch_;
  After(kBeaconLossTime, [this] {
    recorder_.Event("wifi_lost", options_.name);
    SetState(WifiState::kLost);
  });
}

void Station::OnHomeUp() {
  if (where_ != Where::kHome || (state_ != WifiState::kLost && state_ != WifiState::kConnected))
    return;
  ++epoch_;
  if (state_ == WifiState::kConnected) return Changed();  // So short that no beacon was missed.
  After(kReassociationTime, [this] {
    if (!air_.home_up()) return;
    recorder_.RadioName(options_.name, "wifi_mac", std::as_bytes(std::span(options_.mac)));
    recorder_.Event("wifi_regained", options_.name);
    SetState(WifiState::kConnected);
  });
}

void Station::OnHotspotClosed() {
  if (where_ != Where::kHotspot) return;
  ++epoch_;
  After(kBeaconLossTime, [this] {
    const bool joining = join_status_ == NetStatus::kNotYet;
    if (joining) return EndJoin(NetStatus::kUnreachable);
    where_ = Where::kNone;
    SetState(WifiState::kLost);
  });
}

std::vector<WifiNetwork> Station::Scan() const {
  std::vector<WifiNetwork> networks;
  if (air_.home_up()) networks.push_back(config_.home);
  if (air_.hotspot && options_.name == "app") {
    networks.push_back(
        {air_.hotspot->ssid, config_.robot_mac, -40, 1, !air_.hotspot->passphrase.empty()});
  }
  networks.insert(networks.end(), config_.neighbours.begin(), config_.neighbours.end());
  std::stable_sort(
      networks.begin(), networks.end(),
      [](const WifiNetwork& a, const WifiNetwork& b) { return a.rssi_dbm > b.rssi_dbm; });
  return networks;
}

// --- DHCP: the station's client and the network's server, message by message
// -----------------------------------------

void Station::Discover() {
  if (!LinkUp()) return After(kDhcpRetryTime, [this] { Discover(); });
  const DhcpMessage discover =
      MakeDhcpDiscover(static_cast<uint32_t>(random_.NextBits()), options_.mac, host_name_);
  EmitDhcp(discover, true);
  After(kDhcpAnswerTime, [this, discover] {
    if (!LinkUp()) return After(kDhcpRetryTime, [this] { Discover(); });
    const DhcpLease lease = {
        .address = where_ == Where::kHome ? options_.home_address : kHotspotPhoneAddress,
        .server = where_ == Where::kHome ? kRouterAddress : kHotspotRobotAddress};
    const DhcpMessage offer = MakeDhcpReply(discover, DhcpType::kOffer, lease);
    EmitDhcp(offer, false);
    After(config_.wifi.latency, [this, offer] { Request(offer); });
  });
}

void Station::Request(const DhcpMessage& offer) {
  if (!LinkUp()) return After(kDhcpRetryTime, [this] { Discover(); });
  const DhcpMessage request = MakeDhcpRequest(offer, host_name_);
  EmitDhcp(request, true);
  After(kDhcpAnswerTime, [this, request] {
    if (!LinkUp()) return After(kDhcpRetryTime, [this] { Discover(); });
    const DhcpLease lease = {.address = request.FindU32(DhcpOption::kRequestedAddress).value_or(0),
                             .server = request.FindU32(DhcpOption::kServerId).value_or(0)};
    const DhcpMessage acknowledgement = MakeDhcpReply(request, DhcpType::kAck, lease);
    EmitDhcp(acknowledgement, false);
    address_ = acknowledgement.your_address;
    EndJoin(NetStatus::kOk);
  });
}

void Station::EmitDhcp(const DhcpMessage& message, bool from_station) {
  const bool home = where_ == Where::kHome;
  Emission emission;
  emission.emitter = options_.name;
  emission.kind = EmissionKind::kDhcp;
  const bool app = options_.name == "app";
  emission.direction = from_station ? (app ? Direction::kFromApp : Direction::kFromRobot)
                                    : (app ? Direction::kToApp : Direction::kToRobot);
  emission.source_address = from_station ? 0 : home ? kRouterAddress : kHotspotRobotAddress;
  emission.destination_address = kBroadcastAddress;
  emission.source_port = from_station ? kDhcpClientPort : kDhcpServerPort;
  emission.destination_port = from_station ? kDhcpServerPort : kDhcpClientPort;
  emission.party =
      home ? Party{"lan", "home router", "lan", "", FormatAddress(kRouterAddress)}
           : Party{"device", "robot", "device", "", FormatAddress(kHotspotRobotAddress)};
  emission.protocol = "dhcp";
  emission.payload = SerializeDhcp(message);
  recorder_.Write(std::move(emission));
}

void Station::AddToHash(Hasher& hasher) const {
  hasher.Add(state_);
  hasher.Add(where_);
  hasher.Add(join_status_);
  hasher.Add(address_);
  for (const uint64_t word : random_.state()) hasher.Add(word);
}

}  // namespace dustproof::internal
