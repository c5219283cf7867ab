#include "hil/run/serve_cloud.h"

#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "hil/capture/recording_writer.h"
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

namespace fs = std::filesystem;

// The registered ones where no privilege is needed for them.
constexpr uint16_t kMqttPort = 1883, kMqttTlsPort = 8883, kHttpPort = 8080, kHttpsPort = 8443,
                   kDnsPort = 5300;

WallTime CalendarNow() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return WallTime::FromUnixNanoseconds(
      std::chrono::duration_cast<std::chrono::nanoseconds>(now).count());
}

Result<LiveServer::Config> ServerConfigOf(const ServeCloudOptions& options) {
  LiveServer::Config config;
  if (!ParseAddress(options.listen, &config.address) || config.address == 0) {
    return Error::BadInput("--listen: must be one IPv4 address of this machine, to which all names "
                           "then resolve, e.g. 127.0.0.1; got '" +
                           options.listen + "'");
  }
  const uint16_t mqtt = options.mqtt_port.value_or(options.plain ? kMqttPort : kMqttTlsPort);
  const uint16_t https = options.https_port.value_or(options.plain ? kHttpPort : kHttpsPort);
  if (mqtt == https && mqtt != 0)
    return Error::BadInput("--https-port: must differ from --mqtt-port, is " +
                           std::to_string(https) + " as well");
  config.stream_ports = {{"MQTT", "--mqtt-port", mqtt}, {"HTTPS", "--https-port", https}};
  config.dns_port = {"DNS", "--dns-port", options.dns_port.value_or(kDnsPort)};
  config.stop_signals.assign(kStopSignals.begin(), kStopSignals.end());
  return config;
}

Result<std::string> RecordingPath(const ServeCloudOptions& options, const std::string& scenario) {
  if (!options.record.empty()) return options.record;
  const Result<std::string> folder = MakeResultFolder("", scenario + "-cloud");
  if (!folder) return folder.error();
  return *folder + "/cloud.mcap";
}

Result<std::string> WriteAuthority(const std::string& recording, const std::string& pem) {
  const std::string path = fs::path(recording).replace_extension(".ca.pem");
  std::ofstream file(path, std::ios::binary);
  file << pem;
  file.close();
  if (!file)
    return Error::Environment("cannot write the CA's certificate to '" + path +
                              "': " + std::strerror(errno));
  return path;
}

// The facts of a run without firmware: whoever calls is not ours. Only what reaches our servers is
// seen, hence no verdict on such a recording is a pass.
void WriteFacts(const RunInputs& inputs, const PlantedValues& planted, CaptureSink& sink) {
  RunRequest request;
  const ConsentConfiguration consents{
      .name = "unknown",
      .description = "Clients on real sockets: nobody asked anybody.",
      .initial = {},
      .changes = {}};
  WriteRunFacts(inputs, request, consents, planted, sink);
  sink.Write(RunEvent{SimTime::Zero(), "firmware", "unwatched",
                      "real sockets: only what reached these servers was seen"});
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
  const auto server = LiveServer::Open(*server_config, queue);
  if (!server) return server.error();
  const Result<std::string> path = RecordingPath(options, scenario.name);
  if (!path) return path.error();
  const auto recording = RecordingWriter::Create(*path, {.start = start});
  if (!recording) return recording.error();
  const Result<std::string> ca_file = WriteAuthority(*path, authority->certificate_pem());
  if (!ca_file) return ca_file.error();
  WriteFacts(*inputs, planted, **recording);

  Cloud::Config cloud_config = CloudConfigOf(*inputs, planted);
  cloud_config.mqtt_without_tls = options.plain;
  cloud_config.anonymous_mqtt = options.anonymous;
  Cloud cloud(cloud_config, queue, **recording);
  LiveNetwork network(
      queue, seed.Derive("network"),
      {.address = server_config->address, .default_host = scenario.cloud_host, .start = start},
      std::move(*authority), **recording);
  DeclareHosts(scenario, network);
  const PortSecurity security = options.plain ? PortSecurity::kPlain : PortSecurity::kTls;
  const uint16_t mqtt_port = (*server)->stream_ports()[0], https_port = (*server)->stream_ports()[1];
  network.Serve(scenario.cloud_host, mqtt_port, security, cloud.mqtt());
  network.Serve(scenario.cloud_host, https_port, security, cloud.api());

  on_ready({.address = options.listen,
            .host = scenario.cloud_host,
            .mqtt_port = mqtt_port,
            .https_port = https_port,
            .dns_port = (*server)->dns_port(),
            .ca_file = options.plain ? "" : *ca_file,
            .recording = *path,
            .seed = inputs->seed,
            .account = planted.account_id,
            .password = planted.account_password,
            .robot = cloud.AddRobot(queue.now(), planted.account_id)});
  (*server)->Run(network, [&] { return !(*recording)->error(); });

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
