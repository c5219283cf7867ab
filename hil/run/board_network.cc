#include "hil/run/board_network.h"

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "hil/run/run_cloud.h"

namespace dustproof {
namespace {

// As in the simulated network.
constexpr uint16_t kMqttPort = 8883, kHttpsPort = 443;

Result<std::unique_ptr<BoardGateway>> OpenGateway(const std::string& interface) {
  const Result<GatewayConfig> config = ParseGateway(interface);
  if (!config) return config.error();
  Result<std::unique_ptr<Gateway>> gateway = Gateway::Open(*config);
  if (!gateway) return gateway.error();
  return std::make_unique<BoardGateway>(std::move(*gateway));
}

}  // namespace

Result<BoardServersAt> ParseBoardServers(const std::string& text) {
  BoardServersAt at;
  const size_t colon = text.find(':');
  unsigned mqtt = 0, https = 0, dns = 0;
  char more = 0;
  const bool numbers = colon != std::string::npos && std::sscanf(text.c_str() + colon + 1, "%5u,%5u,%5u%c", &mqtt, &https, &dns, &more) == 3 &&
                       mqtt <= 65535 && https <= 65535 && dns <= 65535;
  if (!numbers || !ParseAddress(text.substr(0, colon), &at.address))
    return Error::BadInput("servers: must be ADDRESS:MQTT,HTTPS,DNS, e.g. 192.168.7.1:8883,8443,5300; got '" + text + "'");
  at.mqtt_port = static_cast<uint16_t>(mqtt), at.https_port = static_cast<uint16_t>(https), at.dns_port = static_cast<uint16_t>(dns);
  return at;
}

Result<std::unique_ptr<BoardNetwork>> BoardNetwork::Open(const RunRequest& request, const std::string& cloud_host, EventQueue& queue, Network& network,
                                                         Cloud& cloud) {
  if (request.gateway.empty() && request.servers.empty()) return std::unique_ptr<BoardNetwork>();
  BoardServersAt at{.mqtt_port = kMqttPort, .https_port = kHttpsPort};
  if (!request.servers.empty()) {
    const Result<BoardServersAt> said = ParseBoardServers(request.servers);
    if (!said) return said.error();
    at = *said;
  }
  std::unique_ptr<BoardNetwork> board(new BoardNetwork());
  LiveNetworkConfig config{.address = at.address, .default_host = cloud_host, .start = {}};
  const LiveServer::Config ports{.address = at.address,
                                 .stream_ports = {{"MQTT", "the servers' mqtt_port", at.mqtt_port}, {"HTTPS", "the servers' https_port", at.https_port}},
                                 .dns_port = LiveServer::Port{"DNS", "the servers' dns_port", at.dns_port},
                                 .stop_signals = {}};
  if (!request.gateway.empty()) {
    Result<std::unique_ptr<BoardGateway>> gateway = OpenGateway(request.gateway);
    if (!gateway) return gateway.error();
    board->gateway_ = std::move(*gateway);
    config.lan = board->gateway_->gateway().config().lan;
  }
  Result<std::unique_ptr<LiveServer>> server = board->is_gateway() ? board->gateway_->OpenServer(ports, queue) : LiveServer::Open(ports, queue);
  if (!server) return server.error();
  board->server_ = std::move(*server);
  network.Serve(cloud_host, board->server_->stream_ports()[0], PortSecurity::kTls, cloud.mqtt());
  network.Serve(cloud_host, board->server_->stream_ports()[1], PortSecurity::kTls, cloud.api());
  if (const Result<std::string> written = WriteAuthority(request.recording, network.authority().certificate_pem()); !written) return written.error();
  board->network_ = std::make_unique<LiveNetwork>(queue, network, config);
  board->server_->Begin(*board->network_);
  if (board->is_gateway()) {
    board->gateway_->Begin(*board->server_, *board->network_);
  } else {
    board->network_->NoteUnwatched("the board has a network of its own, and no gateway stands at it: only what reached our servers was seen");
  }
  return board;
}

Result<std::unique_ptr<Gateway::Inside>> BoardNetwork::EnterFor(const std::string& endpoint) {
  if (gateway_ == nullptr) return std::unique_ptr<Gateway::Inside>();
  const std::string own = "tcp://" + FormatAddress(gateway_->gateway().config().lan.router) + ":";
  if (!endpoint.starts_with(own)) return std::unique_ptr<Gateway::Inside>();
  const int port = std::atoi(endpoint.c_str() + own.size());
  if (port <= 0 || port > 65535) return Error::BadInput("--link: a board behind the gateway needs a port by its number, e.g. " + own + "5600; got '" + endpoint + "'");
  if (const Result<void> reserved = gateway_->Reserve(static_cast<uint16_t>(port)); !reserved) return reserved.error();
  return std::make_unique<Gateway::Inside>(gateway_->gateway());
}

void BoardNetwork::Finish() {
  server_->Poll();
  if (gateway_ != nullptr) gateway_->Finish();
  network_->Finish();
}

}  // namespace dustproof
