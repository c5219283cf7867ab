#include "hil/net/internal/fabric.h"

#include <algorithm>

namespace dustproof::internal {
namespace {

constexpr uint16_t kFirstEphemeralPort = 49152;

bool IsLoopback(uint32_t address) { return address >> 24 == 127; }

/// Addresses of the two devices at home: fixed for a seed, apart from each other and from the
/// router.
uint32_t HomeAddress(const Seed& seed, bool robot) {
  const uint32_t offset =
      static_cast<uint32_t>(seed.Stream(robot ? "net.lease.robot" : "net.lease.app").Below(90));
  return kRouterAddress + (robot ? 100 : 9) + offset;
}

}  // namespace

Fabric::Fabric(EventQueue& event_queue, Seed run_seed, NetworkConfig network_config,
               CertificateAuthority ca, CaptureSink& sink)
    : queue(event_queue),
      seed(run_seed),
      config(std::move(network_config)),
      recorder(event_queue, sink),
      servers(event_queue, run_seed, config.start, std::move(ca), recorder),
      robot_station(
          queue, seed, config, air, recorder,
          {.name = "robot", .mac = config.robot_mac, .home_address = HomeAddress(seed, true)}),
      phone_station(
          queue, seed, config, air, recorder,
          {.name = "app", .mac = config.phone_mac, .home_address = HomeAddress(seed, false)}) {
  for (const Station* station : {&robot_station, &phone_station}) {
    const std::string& name = station->options().name;
    next_port_.emplace(station, kFirstEphemeralPort);
    datagram_random_.emplace(station, seed.Stream("net.datagram." + name));
    lookup_random_.emplace(station, seed.Stream("net.dns." + name));
  }
  phone_station.StartAtHome();
}

uint16_t Fabric::NextPort(const Station& station) {
  uint16_t& next = next_port_.at(&station);
  const uint16_t port = next;
  next = next == 65535 ? kFirstEphemeralPort : static_cast<uint16_t>(next + 1);
  return port;
}

// --- routes
// ----------------------------------------------------------------------------------------------------------

uint32_t Fabric::AddressOf(const Station& station) const {
  if (&station == &robot_station && air.hotspot) return kHotspotRobotAddress;
  if (station.address() != 0) return station.address();
  // Any private address of a carrier's network serves.
  return &station == &phone_station && config.phone_has_mobile_data ? MakeAddress(10, 64, 0, 2) : 0;
}

uint32_t Fabric::RobotAddressForPhone() const {
  if (phone_station.on_hotspot()) return kHotspotRobotAddress;
  return phone_station.on_home() && robot_station.on_home() ? robot_station.address() : 0;
}

Fabric::Route Fabric::InternetRoute(Station& from, uint32_t address, const LinkProfile& link,
                                    std::function<bool()> radio_up) {
  const auto hint = resolved_.find(from.options().name + " " + FormatAddress(address));
  return {.link = link,
          .radio_up = std::move(radio_up),
          .path_up = [this] { return air.internet_up(); },
          .peer = nullptr,
          .host = &servers.hosts().ByAddress(address, hint == resolved_.end() ? "" : hint->second)};
}

std::optional<Fabric::Route> Fabric::RouteTo(Station& from, uint32_t address) {
  const bool is_robot = &from == &robot_station;
  Station& other = is_robot ? phone_station : robot_station;
  Attachee& other_device = is_robot ? phone_device : robot_device;
  const auto hotspot_up = [this] { return phone_station.on_hotspot(); };
  if (is_robot && air.hotspot) {
    if (address != kHotspotPhoneAddress || !phone_station.on_hotspot()) return std::nullopt;
    return Route{config.wifi, hotspot_up, nullptr, &other_device, nullptr};
  }
  if (from.on_hotspot() && address == kHotspotRobotAddress) {
    return Route{config.wifi, hotspot_up, nullptr, &other_device, nullptr};
  }
  const auto on_home = [&from] { return from.on_home(); };
  if (from.on_home() || (from.state() == WifiState::kConnected && !from.on_hotspot())) {
    if (address == kRouterAddress) return Route{config.wifi, on_home, nullptr, nullptr, nullptr};
    if (other.on_home() && address == other.address()) {
      return Route{config.wifi, on_home, [&other] { return other.on_home(); }, &other_device,
                   nullptr};
    }
    return InternetRoute(from, address, config.wifi.Then(config.internet), on_home);
  }
  if (is_robot || !config.phone_has_mobile_data) return std::nullopt;
  Route mobile = InternetRoute(from, address, config.internet, nullptr);
  mobile.path_up = nullptr;  // The home's line doesn't matter.
  return mobile;
}

Party Fabric::PartyOf(const Route& route) const {
  if (route.peer != nullptr) return {"app_lan", "the user's phone", "lan", "", "phone"};
  if (route.host != nullptr) return route.host->party;
  return {"lan", "home router", "lan", "", FormatAddress(kRouterAddress)};
}

// --- streams
// ---------------------------------------------------------------------------------------------------------

ConversationInfo Fabric::DescribeConversation(const Station& from, NetEndpoint source,
                                              NetEndpoint to, const Route& route) {
  // Between the two devices, the robot is the one that is judged.
  const bool robot_is_client = &from == &robot_station;
  const std::string emitter = route.peer != nullptr ? "robot" : from.options().name;
  return {.emitter = emitter,
          .emitter_is_client = route.peer == nullptr || robot_is_client,
          .connection = next_connection_++,
          .client = source,
          .server = to,
          .party = PartyOf(route)};
}

Fabric::Dialled Fabric::Dial(Station& from, uint16_t source_port, NetEndpoint to) {
  const uint32_t own = AddressOf(from);
  if (own == 0) return {NetStatus::kUnreachable, nullptr, nullptr};
  if (to.address == own || IsLoopback(to.address)) return {NetStatus::kRefused, nullptr, nullptr};
  if (to.address == 0 || to.address == kBroadcastAddress || IsMulticast(to.address)) {
    return {NetStatus::kUnreachable, nullptr, nullptr};
  }
  const std::optional<Route> route = RouteTo(from, to.address);
  if (!route) return {NetStatus::kUnreachable, nullptr, nullptr};

  const NetEndpoint source{own, source_port};
  auto tap =
      std::make_shared<ConversationTap>(recorder, DescribeConversation(from, source, to, *route));
  // One stream a conversation, named by what it is: one more to another host changes nothing here.
  const std::string what =
      from.options().name + "." + tap->info().party.host + ":" + std::to_string(to.port);
  const std::string stream_name = what + "#" + std::to_string(conversation_counts_[what]++);
  auto connection =
      std::make_shared<TcpConnection>(queue, seed.Stream("net.tcp." + stream_name),
                                      TcpConnection::Options{.link = route->link,
                                                             .give_up = config.give_up,
                                                             .radio_up = route->radio_up,
                                                             .path_up = route->path_up});
  connection->set_tap(
      [tap](Side side, std::span<const std::byte> bytes) { tap->OnWire(side, bytes); });
  connections_[tap->info().connection] = connection;
  connection->Connect([this, route = *route, source, to, tap, stream_name,
                       weak = std::weak_ptr<TcpConnection>(connection)] {
    const auto opened = weak.lock();
    if (opened == nullptr) return false;
    if (route.peer != nullptr) {
      if (!route.peer->offer || !route.peer->offer(to.port, opened, source)) return false;
    } else if (route.host == nullptr) {
      return false;  // The router's own pages are closed to its guests.
    } else {
      // Behind the home's address translation.
      servers.Answer({*route.host, to.port, config.public_address, stream_name}, opened, tap);
    }
    recorder.Event("connection_opened", Describe(tap->info()));
    return true;
  });
  return {NetStatus::kOk, connection, tap};
}

// --- the air
// ---------------------------------------------------------------------------------------------------------

void Fabric::OpenHotspot(std::string ssid, std::string passphrase) {
  recorder.RadioName("robot", "wifi_ssid", std::as_bytes(std::span(ssid.data(), ssid.size())));
  recorder.RadioName("robot", "wifi_mac", std::as_bytes(std::span(config.robot_mac)));
  recorder.Event("hotspot_opened", ssid);
  air.hotspot = Air::Hotspot{std::move(ssid), std::move(passphrase)};
}

void Fabric::CloseHotspot() {
  if (!air.hotspot) return;
  recorder.Event("hotspot_closed", air.hotspot->ssid);
  air.hotspot.reset();
  phone_station.OnHotspotClosed();
}

void Fabric::ScheduleOutage(OutageKind kind, SimTime from, SimDuration duration) {
  queue.Schedule(std::max(from, queue.now()), EventSource::kNetwork,
                 [this, kind] { SetOutage(kind, 1); });
  queue.Schedule(std::max(from + duration, queue.now()), EventSource::kNetwork,
                 [this, kind] { SetOutage(kind, -1); });
}

void Fabric::SetOutage(OutageKind kind, int change) {
  int& count = kind == OutageKind::kWifi ? air.wifi_outages : air.internet_outages;
  count += change;
  if (count != (change > 0 ? 1 : 0)) return;  // One of several that overlap.
  recorder.Event(change > 0 ? "outage_began" : "outage_ended",
                 kind == OutageKind::kWifi ? "wifi" : "internet");
  if (kind != OutageKind::kWifi) return;
  for (Station* station : {&robot_station, &phone_station}) {
    if (change > 0) {
      station->OnHomeDown();
    } else {
      station->OnHomeUp();
    }
  }
}

void Fabric::AddToHash(Hasher& hasher) const {
  recorder.AddToHash(hasher);
  robot_station.AddToHash(hasher);
  phone_station.AddToHash(hasher);
  hasher.Add(air.wifi_outages);
  hasher.Add(air.internet_outages);
  hasher.Add(next_connection_);
  for (const auto& [id, weak] : connections_) {
    const auto connection = weak.lock();
    if (connection == nullptr) continue;
    hasher.Add(id);
    connection->AddToHash(hasher);
  }
}

}  // namespace dustproof::internal
