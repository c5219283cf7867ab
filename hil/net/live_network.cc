#include "hil/net/live_network.h"

#include <array>
#include <cstdio>
#include <map>
#include <utility>

#include "hil/net/internal/recorder.h"
#include "hil/net/internal/resolver.h"
#include "hil/net/internal/servers.h"
#include "hil/net/internal/stream_opening.h"

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

}  // namespace

struct LiveNetwork::Impl {
  Impl(EventQueue& event_queue, Seed seed, LiveNetworkConfig network_config,
       CertificateAuthority authority, CaptureSink& sink)
      : queue(event_queue),
        config(std::move(network_config)),
        recorder(queue, sink),
        servers(queue, seed, config.start, std::move(authority), recorder) {}

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
  Choice ChooseHost(const std::string& named, uint32_t client);
  void Listen(uint32_t id);
  void Answer(uint32_t id, const std::string& named);
  void Emit(NetEndpoint from, NetEndpoint to, Direction direction, const Bytes& payload);

  EventQueue& queue;
  const LiveNetworkConfig config;
  internal::Recorder recorder;
  internal::Servers servers;
  std::map<uint32_t, Caller> callers;
  std::map<uint32_t, Lookup> lookups;  // The last one, by client.
  uint32_t next_connection = 1;
};

LiveNetwork::LiveNetwork(EventQueue& queue, Seed seed, LiveNetworkConfig config,
                         CertificateAuthority authority, CaptureSink& sink)
    : impl_(std::make_unique<Impl>(queue, seed, std::move(config), std::move(authority), sink)) {}
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

void LiveNetwork::Finish() {
  for (const auto& [id, caller] : impl_->callers) caller.stream->Vanish(Side::kServer);
  impl_->servers.Break();
  impl_->recorder.Finish();
}

// --- streams

void LiveNetwork::Accept(std::shared_ptr<ByteStream> stream, NetEndpoint client,
                         NetEndpoint server) {
  Impl& impl = *impl_;
  const uint32_t id = impl.next_connection++;
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

LiveNetwork::Impl::Choice LiveNetwork::Impl::ChooseHost(const std::string& named, uint32_t client) {
  if (!named.empty() && !MeansUs(named)) return {servers.hosts().ByName(named), "named"};
  const auto lookup = lookups.find(client);
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
  const Choice choice = ChooseHost(CleanName(named), caller.client.address);
  auto tap = std::make_shared<ConversationTap>(
      recorder, internal::ConversationInfo{.emitter = "robot",
                                           .emitter_is_client = true,
                                           .connection = id,
                                           .client = caller.client,
                                           .server = caller.server,
                                           .party = choice.host.party});
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

// --- names

std::optional<Bytes> LiveNetwork::AnswerDns(NetEndpoint client, NetEndpoint server,
                                            std::span<const std::byte> query) {
  Impl& impl = *impl_;
  impl.Emit(client, server, Direction::kFromRobot, Bytes(query.begin(), query.end()));
  std::optional<Bytes> answer = internal::AnswerEveryName(query, kDnsTtlS, [&](const std::string& name) {
    impl.lookups[client.address] = {CleanName(name), impl.queue.now()};
    return impl.config.address;
  });
  if (answer) impl.Emit(server, client, Direction::kToRobot, *answer);
  return answer;
}

void LiveNetwork::Impl::Emit(NetEndpoint from, NetEndpoint to, Direction direction,
                             const Bytes& payload) {
  Emission emission;
  emission.emitter = "robot";
  emission.kind = EmissionKind::kDns;
  emission.direction = direction;
  emission.source_address = from.address;
  emission.source_port = from.port;
  emission.destination_address = to.address;
  emission.destination_port = to.port;
  emission.party = {"resolver", "resolver", "lan", "", FormatAddress(config.address)};
  emission.protocol = "dns";
  emission.payload = payload;
  recorder.Write(std::move(emission));
}

}  // namespace dustproof
