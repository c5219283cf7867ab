#include "hil/run/simulate_run.h"

#include <fcntl.h>
#include <unistd.h>

#include <filesystem>

#include "hil/app/app.h"
#include "hil/app/network_phone.h"
#include "hil/app/user_script.h"
#include "hil/bridge/firmware_bridge.h"
#include "hil/bridge/robot_recorder.h"
#include "hil/capture/recording_writer.h"
#include "hil/cloud/cloud.h"
#include "hil/net/network.h"
#include "hil/run/build_id.h"
#include "hil/run/run_attachments.h"
#include "hil/run/run_stop.h"
#include "hil/run/run_watch.h"
#include "hil/shim/lockstep/crash_reporter.h"
#include "hil/shim/lockstep/lockstep.h"
#include "hil/shim/lockstep/virtual_time.h"
#include "sim/engine/engine.h"
#include "sim/plan/floor_plan.h"
#include "sim/robot/robot.h"
#include "sim/scenario/planted.h"
#include "sim/world/world.h"

namespace dustproof {
namespace {

NetworkConfig NetworkOf(const Scenario& scenario, const PlantedValues& planted) {
  NetworkConfig config;
  config.home.ssid = planted.wifi_ssid;
  config.home.bssid = planted.wifi_bssid;
  config.home_password = planted.wifi_password;
  for (size_t i = 0; i < planted.neighbour_ssids.size(); ++i) {
    config.neighbours.push_back({.ssid = planted.neighbour_ssids[i],
                                 .bssid = planted.neighbour_bssids[i],
                                 .rssi_dbm = -70 - 4 * static_cast<int>(i),
                                 .channel = 1 + 5 * static_cast<int>(i % 3)});
  }
  config.robot_mac = planted.robot_mac;
  config.internet = {.latency = scenario.network.latency,
                     .jitter = scenario.network.jitter,
                     .bytes_per_s = scenario.network.bandwidth_bit_per_s / 8,
                     .loss = scenario.network.loss_probability};
  config.start = scenario.start_utc;
  return config;
}

Result<CertificateAuthority> AuthorityOf(const RunInputs& inputs, const Seed& seed) {
  const TrustFiles& trust = inputs.trust;
  if (trust.ca_certificate_pem.empty())
    return CertificateAuthority::Create(seed.Derive("ca"), inputs.scenario.start_utc);
  return CertificateAuthority::FromPem(trust.ca_certificate_pem, trust.ca_key_pem,
                                       seed.Derive("ca"), inputs.scenario.start_utc);
}

RobotIdentity IdentityOf(const RunInputs& inputs, const PlantedValues& planted,
                         const CertificateAuthority& authority) {
  RobotIdentity identity;
  identity.robot_id = planted.robot_id;
  identity.model = inputs.robot.model;
  identity.mac = planted.robot_mac;
  identity.trust_anchor_pem = authority.certificate_pem();
  identity.device_cert_pem = inputs.trust.device_certificate_pem;
  identity.device_key_pem = inputs.trust.device_key_pem;
  identity.setup_passphrase = planted.setup_passphrase;
  return identity;
}

// Hosts of the scenario's parties; the vendor's own cloud answers at `cloud_host`.
void DeclareHosts(const Scenario& scenario, Network& network, Cloud& cloud) {
  for (const PartySpec& party : scenario.parties) {
    for (const std::string& host : party.hosts) {
      network.AddHost({.name = host,
                       .address = {},
                       .party = {party.key, party.organisation, party.role, party.region, host},
                       .identity = {}});
    }
  }
  network.Serve(scenario.cloud_host, 443, PortSecurity::kTls, cloud.api());
  network.Serve(scenario.cloud_host, 8883, PortSecurity::kTls, cloud.mqtt());
  for (const OutageSpec& outage : scenario.network.outages) {
    network.ScheduleOutage(outage.what == "wifi" ? OutageKind::kWifi : OutageKind::kInternet,
                           SimTime::Zero() + outage.at, outage.duration);
  }
}

Cloud::Config CloudConfigOf(const PlantedValues& planted, const Seed& seed) {
  Cloud::Config config;
  config.seed = seed.Derive("cloud");
  config.accounts = {{planted.account_id, planted.account_password, planted.session_token}};
  return config;
}

App::Config AppConfigOf(const Scenario& scenario, const ConsentConfiguration& answers,
                        const PlantedValues& planted) {
  App::Config config;
  config.account = planted.account_id;
  config.password = planted.account_password;
  config.wifi_ssid = planted.wifi_ssid;
  config.wifi_password = planted.wifi_password;
  config.hotspot_passphrase = planted.setup_passphrase;
  config.cloud_host = scenario.cloud_host;
  config.consents = scenario.consents;
  config.answers = answers;
  return config;
}

Button ButtonOf(const std::string& word) {
  return word == "home" ? Button::kHome : word == "reset" ? Button::kReset : Button::kClean;
}
// Reset wants to be held; the others are pressed.
SimDuration HoldOf(Button button) {
  return button == Button::kReset ? SimDuration::Seconds(6) : SimDuration::Milliseconds(200);
}

ComputeTable ComputeTableOf(const RobotConfig& robot) {
  ComputeTable table;
  if (robot.compute) {
    table.cores = robot.compute->cores;
    for (const ComputeSpec::Cost& cost : robot.compute->after)
      table.after.push_back({cost.task, cost.call, cost.time});
  }
  for (const DeadlineSpec& deadline : robot.deadlines)
    table.deadlines.push_back({deadline.task, deadline.within});
  return table;
}

// How often the recording gets a hash of each part of the state: half a percent of a run's CPU
// time, most of it the flash.
constexpr SimDuration kStatePeriod = SimDuration::Seconds(5);

// Everything of one run. The order of members is the order of building, and what is borrowed comes
// first.
class Run {
 public:
  Run(const RunInputs& inputs, const ConsentConfiguration& consents, RecordingWriter& recording,
      CertificateAuthority authority)
      : inputs_(inputs),
        recording_(recording),
        planted_(PlantValues(seed_, inputs.scenario.region)),
        world_(inputs.plan),
        robot_(
            inputs.robot,
            {&world_.physics(), &world_.rays(), &world_.floor(), &cpu_share_, world_.dock_face()},
            seed_, StartPose(inputs.plan, inputs.robot.body.radius_m)),
        engine_(&events_, &world_.physics(), &robot_, &cpu_share_),
        recorder_(&robot_, &recording),
        cloud_(CloudConfigOf(planted_, seed_), events_, recording),
        network_(events_, seed_.Derive("network"), NetworkOf(inputs.scenario, planted_),
                 std::move(authority), recording),
        phone_(network_.app()),
        app_(AppConfigOf(inputs.scenario, consents, planted_), events_, phone_, recording),
        bridge_({&events_, &robot_, &network_.robot(), &recording, &cpu_share_},
                IdentityOf(inputs, planted_, network_.authority()), FlashMemory::Config(),
                seed_.Derive("flash"), [this] { return app_.ConsentsNow(); }),
        watch_(inputs.scenario, &robot_, &bridge_, &recording) {
    network_.SetConsents([this] { return app_.ConsentsNow(); });
    DeclareHosts(inputs.scenario, network_, cloud_);
    robot_.AddListener(&recorder_);
    robot_.StartSensors(&events_);
    engine_.AddToStateHash("network", [this](Hasher& h) { network_.AddToHash(h); });
    engine_.AddToStateHash("cloud", [this](Hasher& h) { cloud_.AddToHash(h); });
    engine_.AddToStateHash("app", [this](Hasher& h) { app_.AddToHash(h); });
    engine_.AddToStateHash("firmware", [this](Hasher& h) { bridge_.AddToHash(h); });
  }

  EventQueue& events() { return events_; }
  SimTime now() const { return events_.now(); }

  Result<void> Boot() {
    Result<std::unique_ptr<Lockstep>> host =
        Lockstep::Create({.firmware_path = inputs_.request.firmware,
                          .start = inputs_.scenario.start_utc,
                          .seed = seed_.Derive("hal"),
                          .cpu_share = &cpu_share_,
                          .compute = compute_},
                         events_, bridge_.devices());
    if (!host) return host.error();
    host_ = std::move(*host);
    bridge_.Attach(host_.get());
    host_->PowerOn();
    ScheduleScript(inputs_.scenario.script, events_, app_, recording_,
                   [this](const std::string& word) {
                     robot_.PressButton(events_.now(), ButtonOf(word), HoldOf(ButtonOf(word)));
                   });
    return {};
  }

  RunEnd Step(const RunHooks& hooks, RunStop& stop, SimTime until) {
    while (events_.now() < until) {
      const SimTime next = std::min(until, events_.now() + SimDuration::Seconds(1));
      AdvanceTo(next, stop);
      RecordState();
      if (recording_.error()) return RunEnd::kFailed;  // Nobody could judge what is not recorded.
      hooks.on_progress({events_.now().seconds(), until.seconds(), bridge_.activity()});
      if (hooks.stop_requested()) return RunEnd::kInterrupted;
      if (watch_.finished(events_.now())) return RunEnd::kFinished;
      if (host_->state() == Lockstep::State::kEnded) return RunEnd::kFirmwareEnded;
    }
    return RunEnd::kDuration;
  }

  RunOutcome Finish(RunEnd end) {
    bridge_.EmitFlash("end of run");
    watch_.NoteEnd(events_.now());
    if (!compute_.empty()) WriteDeadlines(host_->deadlines(), host_->unknown_tasks(), recording_);
    network_.Finish();
    RunOutcome outcome;
    outcome.end = end;
    outcome.seed = inputs_.seed;
    outcome.sim_s = events_.now().seconds();
    outcome.events_run = events_.events_run();
    outcome.hash = HexDigest(engine_.StateHash());
    const auto shares = cpu_share_.Shares();
    outcome.cpu_share = {shares[0], shares[1], shares[2], shares[3], shares[4], shares[5]};
    bridge_.Attach(nullptr);
    return outcome;
  }

  const PlantedValues& planted() const { return planted_; }

 private:
  void AdvanceTo(SimTime until, RunStop& stop) {
    if (!stop.armed()) return engine_.RunUntil(until);
    do {
      stop.BeforeNextEvent();
    } while (engine_.RunNextEvent(until));
  }

  // For `explain-hash`: which part of two runs differs first, and between which instants.
  void RecordState() {
    if (events_.now() < next_state_) return;
    next_state_ = events_.now() + kStatePeriod;
    StateHashes state{
        .time = events_.now(), .events_run = events_.events_run(), .parts = {}, .hashes = {}};
    for (auto& [part, hash] : engine_.StateHashByPart()) {
      state.parts.push_back(part);
      state.hashes.push_back(hash);
    }
    for (auto& [task, hash] : host_->TaskHashes()) {
      state.parts.push_back("task " + task);
      state.hashes.push_back(hash);
    }
    recording_.Write(state);
  }

  const RunInputs& inputs_;
  RecordingWriter& recording_;
  const Seed seed_{inputs_.seed};
  const PlantedValues planted_;
  CpuShare cpu_share_;
  EventQueue events_;
  World world_;
  Robot robot_;
  Engine engine_;
  RobotRecorder recorder_;
  Cloud cloud_;
  Network network_;
  NetworkPhone phone_;
  App app_;
  FirmwareBridge bridge_;
  RunWatch watch_;
  const ComputeTable compute_ = ComputeTableOf(inputs_.robot);
  std::unique_ptr<Lockstep> host_;
  SimTime next_state_;
};

Error CutShort(const Error& error, SimTime now) {
  return Error::Environment(error.diagnostics.front().message + "; the run ended there, at " +
                            ToString(now) + ", and what was recorded before can be read");
}

}  // namespace

Result<RunOutcome> SimulateRun(const RunInputs& inputs, const RunRequest& request,
                               const RunHooks& hooks) {
  const ConsentConfiguration* consents = inputs.scenario.FindConfiguration(request.consent);
  if (consents == nullptr)
    return Error::BadInput("no consent configuration '" + request.consent + "'");
  const LidarSpec& lidar = inputs.robot.lidar;
  std::optional<RunStop> stop;
  Result<std::unique_ptr<RecordingWriter>> recording = RecordingWriter::Create(
      request.recording, {.start = inputs.scenario.start_utc,
                          .X_RL = {lidar.position_m[0], lidar.position_m[1], lidar.yaw_rad},
                          .on_run_event = [&stop](const RunEvent& event) {
                            if (stop) stop->OnRunEvent(event);
                          }});
  if (!recording) return recording.error();

  // Clocks and chance are virtual before the first library is asked for either: OpenSSL draws keys
  // as soon as there is a CA.
  EventQueue before_time;
  Result<std::unique_ptr<VirtualTime>> early =
      VirtualTime::Install(before_time, inputs.scenario.start_utc, Seed(inputs.seed));
  if (!early) return early.error();
  Result<CertificateAuthority> authority = AuthorityOf(inputs, Seed(inputs.seed));
  if (!authority) return authority.error();
  auto run = std::make_unique<Run>(inputs, *consents, **recording, std::move(*authority));
  early->reset();
  const Result<std::unique_ptr<VirtualTime>> time =
      VirtualTime::Install(run->events(), inputs.scenario.start_utc, Seed(inputs.seed));
  if (!time) return time.error();

  stop.emplace(request.break_at, run->events(), [&recording] { (*recording)->Flush(); });
  WriteRunFacts(inputs, request, *consents, run->planted(), **recording);
  if (const Result<void> booted = run->Boot(); !booted) return booted.error();
  const SimDuration duration = request.until.value_or(inputs.scenario.duration);
  const int64_t begin_ns = RealMonotonicNanoseconds();
  const RunEnd end =
      run->Step(hooks, *stop, SimTime::Zero() + std::min(duration, inputs.scenario.duration));
  if ((*recording)->error()) return CutShort(*(*recording)->error(), run->now());
  RunOutcome outcome = run->Finish(end);
  outcome.wall_s = static_cast<double>(RealMonotonicNanoseconds() - begin_ns) * 1e-9;
  (*recording)
      ->WriteMetadata("result", {{"end", ToWord(outcome.end)},
                                 {"hash", outcome.hash},
                                 {"events_run", std::to_string(outcome.events_run)},
                                 {"sim_s", std::to_string(outcome.sim_s)}});
  if (const Result<void> closed = (*recording)->Close(); !closed) return closed.error();
  return outcome;
}

}  // namespace dustproof
