#include "hil/net/network.h"

#include "hil/net/internal/fabric.h"

namespace dustproof {

struct Network::Impl {
  Impl(EventQueue& queue, Seed seed, NetworkConfig config, CertificateAuthority authority,
       CaptureSink& sink)
      : fabric(queue, seed, std::move(config), std::move(authority), sink),
        robot(fabric),
        app(fabric) {}

  internal::Fabric fabric;
  RobotInterface robot;
  AppInterface app;
};

Network::Network(EventQueue& queue, Seed seed, NetworkConfig config, CertificateAuthority authority,
                 CaptureSink& sink)
    : impl_(std::make_unique<Impl>(queue, seed, std::move(config), std::move(authority), sink)) {}
Network::~Network() = default;

void Network::SetConsents(std::function<std::string()> consents) {
  impl_->fabric.recorder.set_consents(std::move(consents));
}

void Network::AddHost(HostSpec spec) { impl_->fabric.servers.AddHost(std::move(spec)); }

void Network::Serve(std::string_view host, uint16_t port, PortSecurity security,
                    StreamService& service) {
  impl_->fabric.servers.Serve(host, port, security, service);
}

void Network::TrustDevicesOf(std::string_view authority_pem) {
  impl_->fabric.servers.TrustDevicesOf(authority_pem);
}

void Network::ScheduleOutage(OutageKind kind, SimTime from, SimDuration duration) {
  impl_->fabric.ScheduleOutage(kind, from, duration);
}

RobotInterface& Network::robot() { return impl_->robot; }
AppInterface& Network::app() { return impl_->app; }
const CertificateAuthority& Network::authority() const { return impl_->fabric.servers.authority(); }
uint32_t Network::AddressOf(std::string_view host) {
  return impl_->fabric.servers.hosts().ByName(std::string(host)).address;
}
std::map<std::string, uint64_t> Network::bytes_by_party() const {
  return impl_->fabric.recorder.bytes_by_party();
}
internal::Fabric& Network::fabric() { return impl_->fabric; }
void Network::Finish() { impl_->fabric.recorder.Finish(); }
void Network::AddToHash(Hasher& hasher) const { impl_->fabric.AddToHash(hasher); }

}  // namespace dustproof
