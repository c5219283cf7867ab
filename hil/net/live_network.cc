#include "hil/net/live_network.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <utility>

#include "hil/net/internal/datagram_words.h"
#include "hil/net/internal/fabric.h"
#include "hil/net/internal/recorder.h"
#include "hil/net/internal/resolver.h"
#include "hil/net/internal/servers.h"
#include "hil/net/internal/stream_opening.h"
#include "hil/protocol/dhcp.h"
#include "hil/protocol/ntp.h"
#include "sim/scenario/planted.h"

namespace dustproof {

using internal::ConversationTap;
using internal::Host;

namespace {

/// A client that says nothing for so long is taken for one that waits for its server to speak.
constexpr SimDuration kSilenceMax = SimDuration::Seconds(10);
/// Devices look a name up right before they connect to it: for so long that is what they mean.
constexpr SimDuration kLookupMeaning = SimDuration::Seconds(5);
/// So long may a TLS handshake take.
constexpr SimDuration kHandshakeMax = SimDuration::Seconds(10);
constexpr uint32_t kDnsTtlS = 1;  // So that they do look it up again.

constexpr const char* kLoopbackName = "localhost";

/// A name off the wire as it is compared and recorded: lower case, without the root's dot, and
/// nothing in it that is no text.
std::string CleanName(const std::string& name) {
  std::string clean;
  for (const char c : internal::ToLower(name)) {
    char escaped[8];
    std::snprintf(escaped, sizeof escaped, c > ' ' && c < 127 ? "%c" : "\\x%02x",
                  static_cast<unsigned char>(c));
    clean += escaped;
  }
  if (clean.ends_with('.')) clean.pop_back();
  return clean;
}

/// More stations than a bench has: who asks for more is making them up.
constexpr uint32_t kLeasesMax = 1000;

Party RouterParty(const GatewayLan& lan) { return {"lan", "home router", "lan", "", FormatAddress(lan.router)}; }

}  // namespace

struct LiveNetwork::Impl {
  /// Of a network that stands on nothing else.
  struct Ground {
    Ground(EventQueue& queue, Seed seed, WallTime start, CertificateAuthority authority, CaptureSink& sink)
        : recorder(queue, sink), servers(queue, seed, start, std::move(authority), recorder) {}
    internal::Recorder recorder;
    internal::Servers servers;
    uint32_t next_connection = 1;
  };

  Impl(EventQueue& event_queue, LiveNetworkConfig network_config, std::unique_ptr<Ground> own_ground)
      : ground(std::move(own_ground)),
        queue(event_queue),
        config(std::move(network_config)),
        recorder(ground->recorder),
        servers(ground->servers),
        next_connection([this] { return ground->next_connection++; }) {}
  Impl(EventQueue& event_queue, LiveNetworkConfig network_config, internal::Fabric& fabric)
      : queue(event_queue),
        config(std::move(network_config)),
        recorder(fabric.recorder),
        servers(fabric.servers),
        next_connection([&fabric] { return fabric.NextConnection(); }) {}

  /// A connection whose host isn't known yet.
  struct Caller {
    std::shared_ptr<ByteStream> stream;
    NetEndpoint client, server;
    EventId patience = 0;
  };
  struct Lookup {
    std::string name;
    SimTime time;
  };
  struct Choice {
    Host& host;
    const char* reason;
  };

  bool MeansUs(const std::string& name) const {
    return name.empty() || name == kLoopbackName || name == FormatAddress(config.address);
  }
  Choice ChooseHost(const std::string& named, NetEndpoint client, NetEndpoint server);
  void Listen(uint32_t id);
  void Answer(uint32_t id, const std::string& named);
  std::optional<Bytes> AnswerDns(uint32_t client, std::span<const std::byte> query);
  std::optional<Bytes> AnswerDhcp(std::span<const std::byte> request);
  bool IsGroup(uint32_t address) const;
  Emission EmissionOf(NetEndpoint from, NetEndpoint to) const;
  void Emit(Emission emission, Direction direction, std::span<const std::byte> payload);

  const std::unique_ptr<Ground> ground;
  EventQueue& queue;
  const LiveNetworkConfig config;
  internal::Recorder& recorder;
  internal::Servers& servers;
  const std::function<uint32_t()> next_connection;
  std::map<uint32_t, Caller> callers;
  std::map<uint32_t, Lookup> lookups;  // The last one, by client.
  std::map<MacAddress, uint32_t> leases;
};

LiveNetwork::LiveNetwork(EventQueue& queue, Seed seed, LiveNetworkConfig config,
                         CertificateAuthority authority, CaptureSink& sink)
    : impl_(std::make_unique<Impl>(queue, config,
                                   std::make_unique<Impl::Ground>(queue, seed, config.start, std::move(authority), sink))) {}
LiveNetwork::LiveNetwork(EventQueue& queue, Network& network, LiveNetworkConfig config)
    : impl_(std::make_unique<Impl>(queue, std::move(config), network.fabric())) {}
LiveNetwork::~LiveNetwork() = default;

void LiveNetwork::AddHost(HostSpec spec) {
  const LiveNetworkConfig& config = impl_->config;
  if (spec.name == config.default_host && !spec.identity) {
    // Who dials the bare address, and hence names nobody, looks for that in the certificate.
    const std::string address = FormatAddress(config.address);
    spec.identity = authority().IssueServer(
        std::array<std::string_view, 3>{spec.name, address, kLoopbackName});
  }
  impl_->servers.AddHost(std::move(spec));
}

void LiveNetwork::Serve(std::string_view host, uint16_t port, PortSecurity security,
                        StreamService& service) {
  impl_->servers.Serve(host, port, security, service);
}

void LiveNetwork::TrustDevicesOf(std::string_view authority_pem) {
  impl_->servers.TrustDevicesOf(authority_pem);
}

const CertificateAuthority& LiveNetwork::authority() const { return impl_->servers.authority(); }

void LiveNetwork::NoteStation(const MacAddress& mac) { impl_->recorder.Event("station_seen", FormatMac(mac)); }
void LiveNetwork::NoteUnwatched(const std::string& why) { impl_->recorder.Note("unwatched", why); }

void LiveNetwork::Finish() {
  for (const auto& [id, caller] : impl_->callers) caller.stream->Vanish(Side::kServer);
  if (impl_->ground == nullptr) return;
  impl_->servers.Break();
  impl_->recorder.Finish();
}

// --- streams

void LiveNetwork::Accept(std::shared_ptr<ByteStream> stream, NetEndpoint client,
                         NetEndpoint server) {
  Impl& impl = *impl_;
  const uint32_t id = impl.next_connection();
  const EventId patience =
      impl.queue.ScheduleAfter(kSilenceMax, EventSource::kNetwork, [&impl, id] {
        if (impl.callers.contains(id)) impl.Answer(id, "");
      });
  stream->set_on_event(Side::kServer, [&impl, id] { impl.Listen(id); });
  impl.callers.emplace(id, Impl::Caller{std::move(stream), client, server, patience});
  impl.Listen(id);
}

void LiveNetwork::Impl::Listen(uint32_t id) {
  const Caller& caller = callers.at(id);
  const internal::StreamOpening opening =
      internal::ReadStreamOpening(caller.stream->Peek(Side::kServer));
  const bool over = caller.stream->status(Side::kServer) != NetStatus::kOk ||
                    caller.stream->at_end(Side::kServer);
  if (opening.complete || over) Answer(id, opening.host);
}

LiveNetwork::Impl::Choice LiveNetwork::Impl::ChooseHost(const std::string& named, NetEndpoint client, NetEndpoint server) {
  const auto lookup = lookups.find(client.address);
  if (config.lan) {
    // Several names may live at one address.
    const std::string hint = !named.empty() ? named : lookup != lookups.end() ? lookup->second.name : "";
    return {servers.hosts().ByAddress(server.address, hint), "dialled"};
  }
  if (!named.empty() && !MeansUs(named)) return {servers.hosts().ByName(named), "named"};
  if (named.empty() && lookup != lookups.end() &&
      queue.now() - lookup->second.time < kLookupMeaning) {
    return {servers.hosts().ByName(lookup->second.name), "looked_up"};
  }
  return {servers.hosts().ByName(config.default_host), "default"};
}

void LiveNetwork::Impl::Answer(uint32_t id, const std::string& named) {
  const Caller caller = std::move(callers.at(id));
  callers.erase(id);
  queue.Cancel(caller.patience);
  const Choice choice = ChooseHost(CleanName(named), caller.client, caller.server);
  Party party = choice.host.party;
  if (config.lan && caller.server.address == config.lan->router) party = RouterParty(*config.lan);
  auto tap = std::make_shared<ConversationTap>(
      recorder, internal::ConversationInfo{.emitter = "robot",
                                           .emitter_is_client = true,
                                           .connection = id,
                                           .client = caller.client,
                                           .server = caller.server,
                                           .party = std::move(party)});
  recorder.Event("connection_opened", Describe(tap->info()) + " host_is=" + choice.reason);
  tap->OnWire(Side::kClient, caller.stream->Peek(Side::kServer));
  caller.stream->set_tap(
      [tap](Side from, std::span<const std::byte> bytes) { tap->OnWire(from, bytes); });
  servers.Answer({.host = choice.host,
                  .port = caller.server.port,
                  .client_address = caller.client.address,
                  .stream_name = "live#" + std::to_string(id),
                  .handshake_max = kHandshakeMax},
                 caller.stream, tap);
}

// --- datagrams

std::optional<Bytes> LiveNetwork::AnswerDns(NetEndpoint client, NetEndpoint server,
                                            std::span<const std::byte> query) {
  Impl& impl = *impl_;
  Emission emission = impl.EmissionOf(client, server);
  emission.kind = EmissionKind::kDns;
  emission.party = {"resolver", "resolver", "lan", "", FormatAddress(server.address)};
  emission.protocol = "dns";
  impl.Emit(emission, Direction::kFromRobot, query);
  std::optional<Bytes> answer = impl.AnswerDns(client.address, query);
  if (answer) impl.Emit(emission, Direction::kToRobot, *answer);
  return answer;
}

std::optional<Bytes> LiveNetwork::Impl::AnswerDns(uint32_t client, std::span<const std::byte> query) {
  return internal::AnswerEveryName(query, kDnsTtlS, [&](const std::string& name) {
    lookups[client] = {CleanName(name), queue.now()};
    return config.lan ? servers.hosts().ByName(CleanName(name)).address : config.address;
  });
}

std::optional<Bytes> LiveNetwork::HearDatagram(NetEndpoint from, NetEndpoint to, std::span<const std::byte> payload) {
  Impl& impl = *impl_;
  const GatewayLan& lan = *impl.config.lan;
  Emission emission = impl.EmissionOf(from, to);
  emission.kind = EmissionKind::kDatagram;
  emission.protocol = internal::ProtocolOfPort(to.port);
  std::optional<Bytes> answer;
  if (to.port == internal::kDhcpServerUdpPort) {
    emission.kind = EmissionKind::kDhcp;
    emission.protocol = "dhcp";
    emission.party = RouterParty(lan);
    answer = impl.AnswerDhcp(payload);
  } else if (impl.IsGroup(to.address)) {
    emission.kind = EmissionKind::kBroadcast;
    emission.party = internal::PublicParty(to.address);
  } else {
    emission.party = to.address == lan.router ? RouterParty(lan) : impl.servers.hosts().ByAddress(to.address, "").party;
    if (to.port == internal::kNtpPort) answer = AnswerNtp(payload, impl.servers.wall_now());
    if (to.port == internal::kDnsPort) {
      emission.kind = EmissionKind::kDns;
      if (to.address == lan.router) emission.party.key = "resolver";
      answer = impl.AnswerDns(from.address, payload);
    }
  }
  impl.Emit(emission, Direction::kFromRobot, payload);
  if (answer) impl.Emit(emission, Direction::kToRobot, *answer);
  return answer;
}

void LiveNetwork::HearPacket(const OtherPacket& packet) {
  Emission emission = impl_->EmissionOf(packet.from, packet.to);
  const std::string to = packet.to_name.empty() ? FormatAddress(packet.to.address) : packet.to_name;
  emission.kind = packet.to_group ? EmissionKind::kBroadcast : EmissionKind::kDatagram;
  emission.protocol = packet.protocol;
  emission.party = packet.to_group ? internal::PublicParty(packet.to.address)
                   : packet.to.address == impl_->config.lan->router ? RouterParty(*impl_->config.lan)
                   : packet.to_name.empty() ? impl_->servers.hosts().ByAddress(packet.to.address, "").party
                                            : Party{"other", "", "unknown", "", to};
  emission.party.host = to;
  impl_->Emit(emission, Direction::kFromRobot, packet.bytes);
}

/// A lease for each station, in the order of coming, as a home's router gives them.
std::optional<Bytes> LiveNetwork::Impl::AnswerDhcp(std::span<const std::byte> bytes) {
  const Result<DhcpMessage> request = ParseDhcp(bytes);
  if (!request.ok() || request->reply) return std::nullopt;
  const auto type = request->type();
  if (type != DhcpType::kDiscover && type != DhcpType::kRequest) return std::nullopt;
  const GatewayLan& lan = *config.lan;
  const auto found = leases.find(request->client_mac);
  // All of a small network's addresses but its own, the router's and the broadcast's.
  const uint32_t count = ~lan.mask() - 2;
  const uint32_t first = (lan.router & lan.mask()) + 1;
  uint32_t address = found != leases.end() ? found->second : first + (99 + static_cast<uint32_t>(leases.size())) % count;
  if (found == leases.end() && address >= lan.router) ++address;
  if (found == leases.end() && leases.size() >= std::min<uint32_t>(count, kLeasesMax)) return std::nullopt;
  leases[request->client_mac] = address;
  const uint32_t wanted = request->FindU32(DhcpOption::kRequestedAddress).value_or(request->client_address);
  const DhcpType answer = type == DhcpType::kDiscover ? DhcpType::kOffer : wanted == address ? DhcpType::kAck : DhcpType::kNak;
  return SerializeDhcp(MakeDhcpReply(*request, answer, {.address = answer == DhcpType::kNak ? 0 : address, .server = lan.router, .mask = lan.mask()}));
}

bool LiveNetwork::Impl::IsGroup(uint32_t address) const {
  return address == kBroadcastAddress || IsMulticast(address) || (config.lan->contains(address) && address == config.lan->broadcast());
}

Emission LiveNetwork::Impl::EmissionOf(NetEndpoint from, NetEndpoint to) const {
  Emission emission;
  emission.emitter = "robot";
  emission.source_address = from.address;
  emission.source_port = from.port;
  emission.destination_address = to.address;
  emission.destination_port = to.port;
  return emission;
}

void LiveNetwork::Impl::Emit(Emission emission, Direction direction, std::span<const std::byte> payload) {
  emission.direction = direction;
  if (direction == Direction::kToRobot) {
    std::swap(emission.source_address, emission.destination_address);
    std::swap(emission.source_port, emission.destination_port);
  }
  emission.payload.assign(payload.begin(), payload.end());
  recorder.Write(std::move(emission));
}

}  // namespace dustproof
