#include "hil/run/run_world.h"

#include <unistd.h>

#include "hil/app/user_script.h"
#include "hil/bridge/process_firmware.h"
#include "hil/link/link_keys.h"
#include "hil/run/firmware_kind.h"
#include "hil/run/run_attachments.h"
#include "hil/run/run_cloud.h"
#include "hil/shim/lockstep/crash_reporter.h"
#include "sim/plan/floor_plan.h"

namespace dustproof {
namespace {

// How long what comes on a real socket may lie there: under the delay of any real network.
constexpr SimDuration kSocketsHeard = SimDuration::Milliseconds(1);

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

void ScheduleOutages(const Scenario& scenario, Network& network) {
  for (const OutageSpec& outage : scenario.network.outages) {
    network.ScheduleOutage(outage.what == "wifi" ? OutageKind::kWifi : OutageKind::kInternet,
                           SimTime::Zero() + outage.at, outage.duration);
  }
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

// The worker's own, which holds nothing of the user's but where libraries lie.
std::vector<std::string> OwnEnvironment() {
  std::vector<std::string> environment;
  for (char** variable = environ; *variable != nullptr; ++variable)
    environment.emplace_back(*variable);
  return environment;
}

Result<std::optional<FirmwareElsewhere>> ElsewhereOf(const RunRequest& request, const RunHooks& hooks) {
  if (request.link.empty()) return std::optional<FirmwareElsewhere>();
  FirmwareElsewhere elsewhere{.endpoint = request.link, .keys = {}, .tell = hooks.on_notice, .stop_requested = hooks.stop_requested,
                              .wait = request.link_wait};
  if (request.keys.empty()) return std::optional(elsewhere);
  const Result<KeyFolder> folder = KeyFolder::At(request.keys);
  if (!folder) return folder.error();
  Result<LinkKeys> keys = folder->Load();
  if (!keys) return keys.error();
  elsewhere.keys = std::move(*keys);
  return std::optional(elsewhere);
}

}  // namespace

RunWorld::RunWorld(const RunInputs& inputs, const ConsentConfiguration& consents, CaptureSink& sink,
                   CertificateAuthority authority)
    : inputs_(inputs),
      sink_(inputs.scenario.faults, &sink),
      planted_(PlantValues(seed_, inputs.scenario.region, *ParseRedraw(inputs.request.redrawn))),
      world_(inputs.plan),
      robot_(inputs.robot,
             {&world_.physics(), &world_.rays(), &world_.floor(), &cpu_share_, world_.dock_face()},
             seed_, StartPose(inputs.plan, inputs.robot.body.radius_m)),
      engine_(&events_, &world_.physics(), &robot_, &cpu_share_),
      recorder_(&robot_, &sink_),
      cloud_(CloudConfigOf(inputs, planted_), events_, sink_),
      network_(events_, seed_.Derive("network"), NetworkOf(inputs.scenario, planted_),
               std::move(authority), sink_),
      phone_(network_.app()),
      app_(AppConfigOf(inputs.scenario, consents, planted_), events_, phone_, sink_),
      bridge_({&events_, &robot_, &network_.robot(), &sink_, &cpu_share_},
              IdentityOf(inputs, planted_, network_.authority()), inputs.robot.flash,
              seed_.Derive("flash"), [this] { return app_.ConsentsNow(); }),
      watch_(inputs.scenario, &robot_, &bridge_, &sink_),
      compute_(ComputeTableOf(inputs.robot)) {
  network_.SetConsents([this] { return app_.ConsentsNow(); });
  DeclareHosts(inputs.scenario, network_);
  network_.Serve(inputs.scenario.cloud_host, 443, PortSecurity::kTls, cloud_.api());
  network_.Serve(inputs.scenario.cloud_host, 8883, PortSecurity::kTls, cloud_.mqtt());
  ScheduleOutages(inputs.scenario, network_);
  robot_.AddListener(&recorder_);
  robot_.StartSensors(&events_);
  engine_.AddToStateHash("network", [this](Hasher& h) { network_.AddToHash(h); });
  engine_.AddToStateHash("cloud", [this](Hasher& h) { cloud_.AddToHash(h); });
  engine_.AddToStateHash("app", [this](Hasher& h) { app_.AddToHash(h); });
  engine_.AddToStateHash("firmware", [this](Hasher& h) { bridge_.AddToHash(h); });
}

RunWorld::~RunWorld() { bridge_.Attach(nullptr); }

Result<std::unique_ptr<RunWorld>> RunWorld::Create(const RunInputs& inputs,
                                                   const ConsentConfiguration& consents,
                                                   CaptureSink& sink) {
  // Clocks and chance are virtual before the first library is asked for either: OpenSSL draws keys
  // as soon as there is a CA.
  const Seed seed(inputs.seed);
  EventQueue before_time;
  Result<std::unique_ptr<VirtualTime>> early =
      VirtualTime::Install(before_time, inputs.scenario.start_utc, seed);
  if (!early) return early.error();
  Result<CertificateAuthority> authority = AuthorityOf(inputs, inputs.scenario.start_utc);
  if (!authority) return authority.error();
  std::unique_ptr<RunWorld> world(new RunWorld(inputs, consents, sink, std::move(*authority)));
  early->reset();
  Result<std::unique_ptr<VirtualTime>> time =
      VirtualTime::Install(world->events_, inputs.scenario.start_utc, seed);
  if (!time) return time.error();
  world->time_ = std::move(*time);
  return world;
}

Result<void> RunWorld::Boot(const RunHooks& hooks) {
  Result<std::optional<FirmwareElsewhere>> elsewhere = ElsewhereOf(inputs_.request, hooks);
  if (!elsewhere) return elsewhere.error();
  if (!inputs_.request.console.empty()) {
    Result<std::unique_ptr<ConsoleTap>> console = ConsoleTap::Open(inputs_.request.console);
    if (!console) return console.error();
    console_ = std::move(*console);
  }
  auto board_network = BoardNetwork::Open(inputs_.request, inputs_.scenario.cloud_host, events_, network_, cloud_);
  if (!board_network) return board_network.error();
  board_network_ = std::move(*board_network);
  if (board_network_ != nullptr && *elsewhere) {
    (*elsewhere)->own_network = board_network_->is_gateway() ? OwnNetwork::kWatched : OwnNetwork::kUnwatched;
    (*elsewhere)->meanwhile = [this] { board_network_->Poll(); };
  }
  if (Result<void> met = MeetMotorController(hooks); !met) return met;
  Devices devices = bridge_.devices();
  if (motor_controller_ != nullptr) {
    devices.drive = nullptr;  // The main firmware's way to the wheels is its UART.
    devices.uart = motor_controller_.get();
  }
  Lockstep::Config config{.firmware_path = inputs_.request.firmware,
                          .start = inputs_.scenario.start_utc,
                          .seed = seed_.Derive("hal"),
                          .cpu_share = &cpu_share_,
                          .compute = compute_};
  const FirmwareKind kind = FirmwareKindFromWord(inputs_.request.kind);
  if (kind != FirmwareKind::kLibrary) {
    std::string program = inputs_.request.firmware;
    std::vector<std::string> arguments;
    if (const auto python = PythonFirmwareOf(program)) {
      const Result<std::string> found = PythonFirmwareHost();
      if (!found) return found.error();
      program = *found;
      arguments = {python->file, python->class_name};
    }
    config.load = [this, kind, &elsewhere, program, arguments](Lockstep& host) {
      const ProcessFirmwareConfig process{.path = program,
                                          .arguments = arguments,
                                          .environment = OwnEnvironment(),
                                          .seed = seed_,
                                          .elsewhere = *elsewhere};
      return kind == FirmwareKind::kBoard ? StartRealTimeFirmware(process, host, &board_)
                                          : StartProcessFirmware(process, host);
    };
  }
  std::unique_ptr<Gateway::Inside> inside;
  if (board_network_ != nullptr) {
    auto entered = board_network_->EnterFor(inputs_.request.link);
    if (!entered) return entered.error();
    inside = std::move(*entered);
  }
  Result<std::unique_ptr<Lockstep>> host = Lockstep::Create(config, events_, devices);
  inside.reset();
  if (!host) return host.error();
  host_ = std::move(*host);
  bridge_.Attach(host_.get());
  sink_.Arm(&events_, &robot_, &bridge_);
  host_->PowerOn();
  if (motor_controller_ != nullptr) motor_controller_->PowerOn();
  Schedule(inputs_.scenario.script);
  return {};
}

void RunWorld::Schedule(const std::vector<ScriptStep>& script) {
  ScheduleScript(
      script, events_, app_, sink_,
      [this](const std::string& word) { robot_.PressButton(events_.now(), ButtonOf(word), HoldOf(ButtonOf(word))); },
      [this](const std::string& bytes) { bridge_.TypeIntoUart(bytes); });
}

void RunWorld::Do(ScriptStep step) {
  step.at = now() - SimTime::Zero();
  Schedule({step});
}

Result<void> RunWorld::MeetMotorController(const RunHooks& hooks) {
  if (inputs_.request.motor_controller.empty()) return {};
  Result<std::unique_ptr<MotorControllerBoard>> controller = MotorControllerBoard::Meet(
      {.endpoint = inputs_.request.motor_controller, .keys = {}, .tell = hooks.on_notice, .stop_requested = hooks.stop_requested, .wait = {}},
      {.queue = &events_,
       .robot = &robot_,
       .log = [this](const std::string& text) { bridge_.OnLog(DP_LOG_INFO, "motor_controller", text); },
       .fail = [](const std::string& why) { ReportFirmwareFault("protocol", why.c_str(), {}); },
       .bench = [](const std::string& why) { ReportFirmwareFault("bench", why.c_str(), {}); }},
      seed_.Derive("motor_controller").value());
  if (!controller) return controller.error();
  motor_controller_ = std::move(*controller);
  bridge_.SetSupplyHandler([this](bool on) { on ? motor_controller_->PowerOn() : motor_controller_->PowerOff(); });
  return {};
}

void RunWorld::RunUntil(SimTime until) {
  if (board_ == nullptr) return engine_.RunUntil(until);
  if (!real_time_) real_time_.emplace(engine_, *board_, [this] { HearBoard(); }, board_network_ != nullptr ? kSocketsHeard : SimDuration::Max());
  real_time_->RunUntil(until);
}

void RunWorld::HearBoard() {
  HearConsole();
  if (board_network_ != nullptr) board_network_->Poll();
}

void RunWorld::HearConsole() {
  if (console_ == nullptr || console_->Drain([this](std::span<const std::byte> bytes) { bridge_.Write(bytes); })) return;
  bridge_.OnUnwatched("its console: the command that prints it has ended");
  console_.reset();
}

void RunWorld::RunUntil(SimTime until, RunStop& stop) {
  if (!stop.armed()) return RunUntil(until);
  do {
    stop.BeforeNextEvent();
  } while (engine_.RunNextEvent(until));
}

void RunWorld::PutIntoDock() {
  robot_.PutDown(DockedPose(inputs_.plan.X_WD, inputs_.robot.body.radius_m));
}

void RunWorld::WriteEnd() {
  bridge_.EmitFlash("end of run");
  watch_.NoteEnd(events_.now());
  if (real_time_) {
    WriteRealTime(real_time_->lateness(), real_time_->timing(), inputs_.robot.deadlines, sink_);
  } else if (!compute_.empty()) {
    WriteDeadlines(host_->deadlines(), host_->unknown_tasks(), sink_);
  }
  if (board_network_ != nullptr) board_network_->Finish();
  network_.Finish();
}

}  // namespace dustproof
