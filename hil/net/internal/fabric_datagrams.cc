#include <algorithm>
#include <utility>

#include "hil/net/internal/datagram_words.h"
#include "hil/net/internal/fabric.h"
#include "hil/net/internal/resolver.h"
#include "hil/protocol/dns.h"
#include "hil/protocol/ntp.h"

/// The datagram half of `Fabric`: UDP, DNS and NTP.
namespace dustproof::internal {
namespace {

constexpr uint32_t kCarrierResolver = MakeAddress(10, 64, 0, 1);
constexpr uint32_t kDnsTtlS = 300;
constexpr int kLookupAttempts = 4;

bool IsLocalGroup(uint32_t address) {
  const bool subnet_broadcast =
      (IsHomeAddress(address) || address >> 8 == kHotspotRobotAddress >> 8) &&
      (address & 255) == 255;
  return address == kBroadcastAddress || subnet_broadcast || IsMulticast(address);
}

}  // namespace

/// A name that is being looked up: asked again, with growing pauses, until an answer comes.
struct Fabric::PendingLookup {
  Station& station;
  std::string host;
  uint16_t id = 0;
  uint16_t port = 0;
  int attempt = 0;
  std::function<void(std::vector<uint32_t>)> done;
};

void Fabric::Lookup(Station& from, const std::string& host,
                    std::function<void(std::vector<uint32_t>)> done) {
  auto lookup =
      std::make_shared<PendingLookup>(PendingLookup{from, host, 0, 0, 0, std::move(done)});
  lookup->id = static_cast<uint16_t>(lookup_random_.at(&from).NextBits());
  lookup->port = NextPort(from);
  lookups_[{&from, lookup->port}] = lookup;
  SendLookup(lookup);
}

void Fabric::SendLookup(const std::shared_ptr<PendingLookup>& lookup) {
  const auto key = std::make_pair(static_cast<const Station*>(&lookup->station), lookup->port);
  const auto found = lookups_.find(key);
  if (found == lookups_.end() || found->second != lookup) return;  // Answered.
  Station& station = lookup->station;
  const uint32_t own = AddressOf(station);
  if (lookup->attempt == kLookupAttempts || own == 0 ||
      (&station == &robot_station && air.hotspot)) {
    lookups_.erase(key);
    lookup->done({});
    return;
  }
  // On mobile data, the carrier's resolver.
  const uint32_t resolver =
      station.on_home() || &station == &robot_station ? kRouterAddress : kCarrierResolver;
  SendDatagram(station, {{own, lookup->port},
                         {resolver, kDnsPort},
                         SerializeDns(MakeDnsQuery(lookup->id, lookup->host))});
  queue.ScheduleAfter(SimDuration::Seconds(int64_t{1} << lookup->attempt++), EventSource::kNetwork,
                      [this, lookup] { SendLookup(lookup); });
}

void Fabric::SendDatagram(Station& from, Datagram datagram) {
  if (IsLocalGroup(datagram.to.address)) return SendLocally(from, datagram);
  const std::optional<Route> route = RouteTo(from, datagram.to.address);
  if (!route || (route->radio_up && !route->radio_up())) return;
  const uint16_t port = datagram.to.port;
  const EmissionKind kind = port == kDnsPort ? EmissionKind::kDns : EmissionKind::kDatagram;
  Party party = PartyOf(*route);
  const bool is_router = route->host == nullptr && route->peer == nullptr;
  if (port == kDnsPort && is_router) party.key = "resolver";
  if (datagram.to.address == kCarrierResolver)
    party = {"resolver", "mobile carrier", "lan", "", party.host};
  // Between the two devices, the robot is the one that is judged.
  const bool judge_robot = route->peer != nullptr || &from == &robot_station;
  EmitDatagram(judge_robot ? robot_station : phone_station, datagram,
               route->peer == nullptr || &from == &robot_station, kind, party);

  RandomStream& random = datagram_random_.at(&from);
  const SimDuration forth = route->link.DrawDelay(random);
  if (route->peer != nullptr) {
    Station& to = &from == &robot_station ? phone_station : robot_station;
    queue.ScheduleAfter(forth, EventSource::kNetwork,
                        [this, &to, datagram] { Deliver(to, datagram); });
    return;
  }
  // What only the line behind the router can answer is lost with it; the router's resolver asks
  // behind it, too.
  if (route->path_up && !route->path_up()) return;
  if (is_router && !air.internet_up()) return;
  if (random.Chance(route->link.loss)) return;
  const SimDuration beyond = is_router ? config.internet.DrawDelay(random) * 2 : SimDuration();
  const SimDuration back = route->link.DrawDelay(random);
  if (port == kDnsPort) {
    if (auto answer = AnswerDns(from, datagram.payload)) {
      Answer(from, datagram, std::move(*answer), forth + beyond + back, kind, party);
    }
  } else if (port == kNtpPort) {
    if (auto answer = AnswerNtp(datagram.payload, wall_now() + forth)) {
      Answer(from, datagram, std::move(*answer), forth + back, kind, party);
    }
  }
}

void Fabric::SendLocally(Station& from, const Datagram& datagram) {
  const bool is_robot = &from == &robot_station;
  const bool own_hotspot = is_robot && air.hotspot.has_value();
  if (!own_hotspot && !from.on_home() && !from.on_hotspot()) return;
  EmitDatagram(from, datagram, true, EmissionKind::kBroadcast, PublicParty(datagram.to.address));
  Station& other = is_robot ? phone_station : robot_station;
  const bool heard =
      own_hotspot || from.on_hotspot() ? phone_station.on_hotspot() : other.on_home();
  if (!heard) return;
  queue.ScheduleAfter(config.wifi.DrawDelay(datagram_random_.at(&from)), EventSource::kNetwork,
                      [this, &other, datagram] { Deliver(other, datagram); });
}

void Fabric::Answer(Station& to, const Datagram& request, Bytes payload, SimDuration delay,
                    EmissionKind kind, const Party& party) {
  queue.ScheduleAfter(
      delay, EventSource::kNetwork,
      [this, &to, kind, party, answer = Datagram{request.to, request.from, std::move(payload)}] {
        if (AddressOf(to) != answer.to.address) return;
        EmitDatagram(to, answer, false, kind, party);
        Deliver(to, answer);
      });
}

void Fabric::Deliver(Station& to, const Datagram& datagram) {
  const auto found = lookups_.find({&to, datagram.to.port});
  if (found != lookups_.end() && datagram.from.port == kDnsPort) {
    const Result<DnsMessage> message = ParseDns(datagram.payload);
    if (!message.ok() || !message->response || message->id != found->second->id) return;
    const std::shared_ptr<PendingLookup> lookup = found->second;
    lookups_.erase(found);
    lookup->done(DnsAddresses(*message));
    return;
  }
  const Attachee& device = &to == &robot_station ? robot_device : phone_device;
  if (device.deliver) device.deliver(datagram);
}

/// A name that nobody declared belongs to a host of party `other` from now on.
std::optional<Bytes> Fabric::AnswerDns(const Station& from, std::span<const std::byte> bytes) {
  return AnswerEveryName(bytes, kDnsTtlS, [&](const std::string& name) {
    const Host& host = servers.hosts().ByName(name);
    resolved_[from.options().name + " " + FormatAddress(host.address)] = host.name;
    return host.address;
  });
}

void Fabric::EmitDatagram(const Station& station, const Datagram& datagram, bool from_station,
                          EmissionKind kind, const Party& party) {
  const bool is_robot = &station == &robot_station;
  Emission emission;
  emission.emitter = station.options().name;
  emission.kind = kind;
  emission.direction = from_station ? (is_robot ? Direction::kFromRobot : Direction::kFromApp)
                                    : (is_robot ? Direction::kToRobot : Direction::kToApp);
  emission.source_address = datagram.from.address;
  emission.source_port = datagram.from.port;
  emission.destination_address = datagram.to.address;
  emission.destination_port = datagram.to.port;
  emission.party = party;
  emission.protocol = ProtocolOfPort(from_station ? datagram.to.port : datagram.from.port);
  emission.payload = datagram.payload;
  recorder.Write(std::move(emission));
}

}  // namespace dustproof::internal
