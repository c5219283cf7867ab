#include "hil/run/serve_cloud.h"

#include <chrono>

#include "hil/capture/recording_writer.h"
#include "hil/gateway/board_gateway.h"
#include "hil/live/live_server.h"
#include "hil/net/live_network.h"
#include "hil/run/inputs.h"
#include "hil/run/run_attachments.h"
#include "hil/run/run_cloud.h"
#include "hil/run/run_scenario.h"
#include "hil/run/supervisor.h"
#include "sim/scenario/planted.h"

namespace dustproof {
namespace {

// The registered ones where no privilege is needed for them.
constexpr uint16_t kMqttPort = 1883, kMqttTlsPort = 8883, kHttpPort = 8080, kHttpsPort = 8443,
                   kDnsPort = 5300;
// Behind a gateway they are as on the internet.
constexpr uint16_t kGatewayHttpPort = 80, kGatewayHttpsPort = 443, kResolverPort = 53;

WallTime CalendarNow() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return WallTime::FromUnixNanoseconds(
      std::chrono::duration_cast<std::chrono::nanoseconds>(now).count());
}

Result<LiveServer::Config> ServerConfigOf(const ServeCloudOptions& options) {
  LiveServer::Config config;
  if (options.gateway.empty() && (!ParseAddress(options.listen, &config.address) || config.address == 0)) {
    return Error::BadInput("--listen: must be one IPv4 address of this machine, to which all names "
                           "then resolve, e.g. 127.0.0.1; got '" +
                           options.listen + "'");
  }
  const bool gateway = !options.gateway.empty();
  const uint16_t http = gateway ? kGatewayHttpPort : kHttpPort, https_port = gateway ? kGatewayHttpsPort : kHttpsPort;
  const uint16_t mqtt = options.mqtt_port.value_or(options.plain ? kMqttPort : kMqttTlsPort);
  const uint16_t https = options.https_port.value_or(options.plain ? http : https_port);
  if (mqtt == https && mqtt != 0)
    return Error::BadInput("--https-port: must differ from --mqtt-port, is " +
                           std::to_string(https) + " as well");
  config.stream_ports = {{"MQTT", "--mqtt-port", mqtt}, {"HTTPS", "--https-port", https}};
  config.dns_port = LiveServer::Port{"DNS", "--dns-port", options.dns_port.value_or(kDnsPort)};
  config.stop_signals.assign(kStopSignals.begin(), kStopSignals.end());
  return config;
}

Result<std::string> RecordingPath(const ServeCloudOptions& options, const std::string& scenario) {
  if (!options.record.empty()) return options.record;
  const Result<std::string> folder = MakeResultFolder("", scenario + "-cloud");
  if (!folder) return folder.error();
  return *folder + "/cloud.mcap";
}

// The facts of a run without firmware: whoever calls is not ours. Only what reaches our servers is
// seen, hence no verdict on such a recording is a pass; unless we are their gateway.
void WriteFacts(const RunInputs& inputs, const PlantedValues& planted, bool gateway, CaptureSink& sink) {
  RunRequest request;
  const ConsentConfiguration consents{
      .name = "unknown",
      .description = "Clients on real sockets: nobody asked anybody.",
      .initial = {},
      .changes = {}};
  WriteRunFacts(inputs, request, consents, planted, sink);
  if (gateway) return;
  sink.Write(RunEvent{SimTime::Zero(), "firmware", "unwatched",
                      "real sockets: only what reached these servers was seen"});
}

// Null where no gateway is asked for.
Result<std::unique_ptr<BoardGateway>> OpenGateway(const std::string& interface) {
  if (interface.empty()) return std::unique_ptr<BoardGateway>();
  const Result<GatewayConfig> config = ParseGateway(interface);
  if (!config) return config.error();
  Result<std::unique_ptr<Gateway>> gateway = Gateway::Open(*config);
  if (!gateway) return gateway.error();
  return std::make_unique<BoardGateway>(std::move(*gateway));
}

}  // namespace

Result<ServedOutcome> ServeCloud(const ServeCloudOptions& options,
                                 const std::function<void(const ServedCloud&)>& on_ready) {
  const Result<LiveServer::Config> server_config = ServerConfigOf(options);
  if (!server_config) return server_config.error();
  const Result<RunInputs> inputs =
      LoadRunInputs({options.scenario, "", "", options.seed});
  if (!inputs) return inputs.error();
  const Seed seed(inputs->seed);
  const Scenario& scenario = inputs->scenario;
  const PlantedValues planted = PlantValues(seed, scenario.region);
  const WallTime start = CalendarNow();
  Result<CertificateAuthority> authority = AuthorityOf(*inputs, start);
  if (!authority) return authority.error();

  EventQueue queue;
  const auto gateway = OpenGateway(options.gateway);
  if (!gateway) return gateway.error();
  const bool is_gateway = *gateway != nullptr;
  const auto server = is_gateway ? (*gateway)->OpenServer(*server_config, queue) : LiveServer::Open(*server_config, queue);
  if (!server) return server.error();
  const Result<std::string> path = RecordingPath(options, scenario.name);
  if (!path) return path.error();
  const auto recording = RecordingWriter::Create(*path, {.start = start});
  if (!recording) return recording.error();
  const Result<std::string> ca_file = WriteAuthority(*path, authority->certificate_pem());
  if (!ca_file) return ca_file.error();
  WriteFacts(*inputs, planted, is_gateway, **recording);

  Cloud::Config cloud_config = CloudConfigOf(*inputs, planted);
  cloud_config.mqtt_without_tls = options.plain;
  cloud_config.anonymous_mqtt = options.anonymous;
  Cloud cloud(cloud_config, queue, **recording);
  LiveNetworkConfig network_config{.address = server_config->address, .default_host = scenario.cloud_host, .start = start};
  if (is_gateway) network_config.lan = (*gateway)->gateway().config().lan;
  LiveNetwork network(queue, seed.Derive("network"), network_config, std::move(*authority), **recording);
  DeclareHosts(scenario, network);
  const PortSecurity security = options.plain ? PortSecurity::kPlain : PortSecurity::kTls;
  const uint16_t mqtt_port = (*server)->stream_ports()[0], https_port = (*server)->stream_ports()[1];
  network.Serve(scenario.cloud_host, mqtt_port, security, cloud.mqtt());
  network.Serve(scenario.cloud_host, https_port, security, cloud.api());

  if (is_gateway) (*gateway)->Begin(**server, network);
  on_ready({.address = is_gateway ? FormatAddress(network_config.lan->router) : options.listen,
            .host = scenario.cloud_host,
            .mqtt_port = mqtt_port,
            .https_port = https_port,
            .dns_port = is_gateway ? kResolverPort : (*server)->dns_port(),
            .ca_file = options.plain ? "" : *ca_file,
            .recording = *path,
            .seed = inputs->seed,
            .account = planted.account_id,
            .password = planted.account_password,
            .robot = cloud.AddRobot(queue.now(), planted.account_id)});
  (*server)->Run(network, [&] { return !(*recording)->error(); });

  if (is_gateway) (*gateway)->Finish();
  network.Finish();
  const double served_s = queue.now().seconds();
  (*recording)->WriteMetadata("result", {{"end", ToWord(RunEnd::kInterrupted)},
                                         {"hash", ""},
                                         {"events_run", std::to_string(queue.events_run())},
                                         {"sim_s", std::to_string(served_s)}});
  if (const Result<void> closed = (*recording)->Close(); !closed) return closed.error();
  return ServedOutcome{.served_s = served_s,
                       .emissions = (*recording)->emission_count(),
                       .lateness = (*server)->lateness()};
}

}  // namespace dustproof
