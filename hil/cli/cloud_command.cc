#include <cstdio>
#include <memory>

#include "hil/cli/commands.h"
#include "hil/cli/console.h"
#include "hil/cli/flag_values.h"
#include "hil/run/serve_cloud.h"

namespace dustproof {
namespace {

struct Flags {
  ServeCloudOptions options;
  std::string seed;
};

bool IsLoopback(const std::string& address) { return address.starts_with("127."); }

// Whoever started it waits for these lines, perhaps in a pipe.
void PrintServed(const ServeCloudOptions& options, const ServedCloud& served) {
  const char* tls = options.plain ? "plain" : "TLS";
  const char* at = served.address.c_str();
  std::printf("mqtt       %s:%d  %s%s\n", at, served.mqtt_port, tls,
              options.anonymous ? ", credentials not needed" : "");
  std::printf("https      %s:%d  %s, for %s\n", at, served.https_port, tls, served.host.c_str());
  std::printf("dns        %s:%d  every name resolves%s\n", at, served.dns_port,
              options.gateway.empty() ? (std::string(" to ") + at).c_str() : ", each host at an address of its own; DHCP is served as well");
  if (!served.ca_file.empty()) std::printf("ca         %s\n", served.ca_file.c_str());
  std::printf("account    %s\npassword   %s\n", served.account.c_str(), served.password.c_str());
  const Cloud::RobotLogin& robot = served.robot;
  std::printf("robot      credential %s\n", robot.credential.c_str());
  std::printf("           client id %s\n           user name %s\n           password %s\n",
              robot.client_id.c_str(), robot.user_name.c_str(), robot.password.c_str());
  std::printf("           publishes to %s…, hears %s…\n", robot.publish_prefix.c_str(),
              robot.subscribe_prefix.c_str());
  std::printf("recording  %s\n", served.recording.c_str());
  std::fflush(stdout);
  if (options.gateway.empty() && !IsLoopback(served.address))
    std::fprintf(stderr, "others on the network can reach %s; its secrets follow from the seed, %llu\n",
                 at, static_cast<unsigned long long>(served.seed));
  std::fprintf(stderr, "serving; Ctrl-C ends it and seals the recording\n");
}

int Serve(Flags& flags) {
  const auto seed = SeedOf(flags.seed);
  if (!seed) return PrintError(seed.error());
  flags.options.seed = *seed;
  const Result<ServedOutcome> outcome =
      ServeCloud(flags.options, [&flags](const ServedCloud& served) {
        PrintServed(flags.options, served);
      });
  if (!outcome) return PrintError(outcome.error());
  std::fprintf(stderr,
               "served %.1f s: %llu emissions recorded; %llu of %llu timers were late, the worst by "
               "%.1f ms\n",
               outcome->served_s, static_cast<unsigned long long>(outcome->emissions),
               static_cast<unsigned long long>(outcome->lateness.late_events),
               static_cast<unsigned long long>(outcome->lateness.events),
               outcome->lateness.worst.seconds() * 1e3);
  return kPass;
}

}  // namespace

void AddCloudCommand(CLI::App& app, int& exit_code) {
  const auto flags = std::make_shared<Flags>();
  ServeCloudOptions& options = flags->options;
  CLI::App* cloud = app.add_subcommand(
      "cloud", "Serves a scenario's cloud on real sockets, for trying clients");
  cloud->footer(
      "Names that the scenario does not declare resolve and answer as well, and are recorded as "
      "party `other`.\nIt ends on Ctrl-C or SIGTERM with exit code 0 and a sealed recording.\n"
      "Exit codes: 2 bad input, 3 a port that can't be had, a recording that can't be written.\n\n"
      "Example:\n  dustproof cloud scenarios/first_run.yaml --listen 127.0.0.1 --anonymous");
  cloud->add_option("scenario", options.scenario, "Scenario file")->required()->type_name("FILE");
  cloud
      ->add_option("--listen", options.listen,
                   "IPv4 address to listen at, and that every name resolves to")
      ->type_name("ADDR")
      ->capture_default_str();
  cloud
      ->add_option("--gateway", options.gateway,
                   "Network interface that a board is behind, and nobody else: be its only way out, "
                   "answer for every host at every port, and record whatever it sends. With its address there: "
                   "eth1@192.168.7.1/24 (default 192.168.1.1/24). Needs root")
      ->type_name("IFACE")->excludes("--listen");
  const auto add_port = [cloud](const char* name, std::optional<uint16_t>& port,
                                const char* help) {
    cloud->add_option(name, port, help)->check(CLI::Range(0, 65535))->type_name("N");
  };
  add_port("--mqtt-port", options.mqtt_port, "Default 8883, with --plain 1883; 0: any free one");
  add_port("--https-port", options.https_port, "Default 8443, with --plain 8080, behind a gateway 443 and 80; 0: any free one");
  add_port("--dns-port", options.dns_port, "UDP; default 5300; 0: any free one");
  cloud->add_flag("--plain", options.plain, "Without TLS");
  cloud->add_flag("--anonymous", options.anonymous,
                  "MQTT clients need no credentials, and may use all topics");
  cloud
      ->add_option("--record", options.record,
                   "New file for the recording; by default in a fresh folder under runs/")
      ->type_name("FILE");
  cloud->add_option("--seed", flags->seed, "Seed of everything planted, instead of the scenario's")
      ->type_name("N");
  cloud->callback([flags, &exit_code] { exit_code = Serve(*flags); });
}

}  // namespace dustproof
