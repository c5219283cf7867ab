#include "hil/net/internal/servers.h"

#include <utility>

#include "hil/protocol/tls_server.h"
#include "sim/core/check.h"

namespace dustproof::internal {
namespace {

StreamPeer PeerOf(const Servers::Visit& visit, const ConversationTap& tap, const TlsEnd* tls) {
  StreamPeer peer;
  peer.address = visit.client_address;
  peer.port = tap.info().client.port;
  peer.server_name = visit.host.name;
  peer.encrypted = tls != nullptr;
  if (tls != nullptr) {
    if (const std::string name = tls->server_name(); !name.empty()) peer.server_name = name;
    peer.client_certificate_subject = tls->peer_common_name();
  }
  return peer;
}

}  // namespace

Servers::Servers(EventQueue& queue, Seed seed, WallTime start, CertificateAuthority authority,
                 Recorder& recorder)
    : queue_(queue),
      seed_(seed),
      start_(start),
      authority_(std::move(authority)),
      rogue_authority_(
          CertificateAuthority::Create(seed.Derive("net.rogue_authority"), start, "Rogue CA")),
      recorder_(recorder),
      hosts_(seed) {}

void Servers::AddHost(HostSpec spec) {
  Host& host = hosts_.Declare(spec.name, spec.address, std::move(spec.party));
  host.identity = std::move(spec.identity);
  host.rogue = spec.rogue_certificate;
}

void Servers::Serve(std::string_view host, uint16_t port, PortSecurity security,
                    StreamService& service) {
  Host* found = hosts_.Find(std::string(host));
  DP_CHECK(found != nullptr && found->declared, host);
  found->ports[port] = {security, &service};
}

void Servers::Answer(const Visit& visit, std::shared_ptr<ByteStream> stream,
                     const std::shared_ptr<ConversationTap>& tap) {
  Host& host = visit.host;
  const auto found = host.ports.find(visit.port);
  const bool served = found != host.ports.end();
  StreamService* service = served ? found->second.service : &plausible_;
  const PortSecurity security = served ? found->second.security : PortSecurity::kTls;
  const Wrapping wrapping = !served                            ? Wrapping::kSniff
                            : security == PortSecurity::kPlain ? Wrapping::kPlain
                                                               : Wrapping::kTls;
  const uint32_t id = tap->info().connection;
  StreamDriver::Hooks hooks;
  hooks.make_core = [this, service, visit, tap](const TlsEnd* tls) {
    return service->Accept(queue_.now(), PeerOf(visit, *tap, tls));
  };
  hooks.make_tls = [this, &host, security, stream_name = visit.stream_name] {
    return MakeServerTls(host, security, stream_name);
  };
  hooks.on_plaintext = [tap](Side from, std::span<const std::byte> bytes) {
    tap->OnPlaintext(from, bytes);
  };
  hooks.on_handshake = [this, &host, tap](const TlsEnd& tls) { NoteHandshake(*tap, host, tls); };
  hooks.on_over = [this, tap, id](const std::string&) {
    recorder_.Event("connection_closed", Describe(tap->info()));
    Forget(id);
  };
  drivers_[id] = std::make_unique<StreamDriver>(queue_, std::move(stream), Side::kServer, wrapping,
                                                std::move(hooks));
  if (visit.handshake_max == SimDuration()) return;
  queue_.ScheduleAfter(visit.handshake_max, EventSource::kNetwork,
                       [this, id] { EndUnlessOpen(id); });
}

void Servers::EndUnlessOpen(uint32_t connection) {
  const auto found = drivers_.find(connection);
  if (found == drivers_.end() || found->second->was_open()) return;
  out_of_patience_ = true;
  found->second->Break();
  out_of_patience_ = false;
}

void Servers::Break() {
  for (const auto& [id, driver] : drivers_) driver->Break();
}

std::unique_ptr<TlsEnd> Servers::MakeServerTls(const Host& host, PortSecurity security,
                                               const std::string& stream_name) {
  TlsServerConfig tls;
  tls.identity = [this, &host](const std::string& server_name) {
    return IdentityFor(host, server_name);
  };
  tls.random = seed_.Stream("net.tls." + stream_name);
  tls.now = wall_now();
  if (security == PortSecurity::kTlsAskingClient)
    tls.client_trust_pem = authority_.certificate_pem() + device_trust_pem_;
  tls.key_log = [this](const std::string& line) { recorder_.AddKeyLogLine(line); };
  return MakeTlsServer(std::move(tls));
}

TlsIdentity Servers::IdentityFor(const Host& host, const std::string& server_name) {
  if (host.identity && (server_name.empty() || ToLower(server_name) == host.name))
    return *host.identity;
  const std::string name = server_name.empty() ? host.name : server_name;
  const std::string key = (host.rogue ? "!" : "") + name;
  const auto found = identities_.find(key);
  if (found != identities_.end()) return found->second;
  return identities_[key] =
             host.rogue ? rogue_authority_.IssueServer(name) : authority_.IssueServer(name);
}

void Servers::NoteHandshake(ConversationTap& tap, const Host& host, const TlsEnd& tls) {
  const std::string who = Describe(tap.info()) + " server_name=" + tls.server_name();
  if (tls.handshake_done()) {
    if (tls.alpn() == "http/1.1") tap.set_protocol("http");
    if (tls.alpn().find("mqtt") != std::string::npos) tap.set_protocol("mqtt");
    const std::string device = tls.peer_common_name();
    recorder_.Event(
        "tls_handshake_done",
        who + " " + tls.description() + (device.empty() ? "" : " client_certificate=" + device));
    if (host.rogue) recorder_.Event("rogue_certificate_accepted", who);
    return;
  }
  const TlsFailure* failure = tls.failure();
  const std::string reason = failure != nullptr ? failure->reason
                             : out_of_patience_ ? "too_slow"
                                                : "closed_by_peer";
  const bool pinned = failure != nullptr && failure->certificate_refused;
  recorder_.Event(
      "tls_handshake_failed",
      who + " reason=" + reason + (pinned && !host.rogue ? " evidence=pinned" : " evidence=none"));
}

void Servers::Forget(uint32_t connection) {
  // Later, since the driver is the one who asks.
  queue_.Schedule(queue_.now(), EventSource::kNetwork,
                  [this, connection] { drivers_.erase(connection); });
}

}  // namespace dustproof::internal
