#include "hil/bridge/firmware_bridge.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numbers>

#include "hil/bridge/robot_recorder.h"
#include "hil/net/network.h"
#include "hil/shim/lockstep/virtual_time.h"
#include "tests/hil/net/test_bench.h"
#include "tests/sim/engine/box_room.h"

namespace dustproof {
namespace {

using Lines = std::vector<std::string>;
constexpr WallTime kStart = WallTime::FromUnixSeconds(1'772'442'000);

class LoggingSink final : public MemorySink {
 public:
  using MemorySink::Write;
  void Write(const LogLine& line) override { log.push_back(line.text); }
  void Write(const PoseSample& pose) override { poses += pose.frame == "W"; }
  void Write(const ScanSample& scan) override { scans.push_back(scan); }
  Lines log;
  int poses = 0;
  std::vector<ScanSample> scans;
};

class Greeter final : public StreamService {
 public:
  std::unique_ptr<StreamCore> Accept(SimTime, const StreamPeer&) override {
    return std::make_unique<ScriptedCore>(heard, "",
                                          [](const std::string& said) { return said + " to you"; });
  }
  ScriptedCore::Heard heard;
};

NetworkConfig Home() {
  NetworkConfig config;
  config.start = kStart;
  return config;
}

HostSpec GreeterHost() {
  HostSpec host;
  host.name = "greetings.example";
  host.party.key = "greeter";
  return host;
}

RobotIdentity Identity() {
  RobotIdentity identity;
  identity.robot_id = "DP1-TEST";
  identity.model = "DP-V1";
  identity.mac = {0x50, 0xec, 0x50, 0x01, 0x02, 0x03};
  identity.trust_anchor_pem = CertificateAuthority::Create(Seed(2), kStart).certificate_pem();
  identity.setup_passphrase = "setup-passphrase";
  return identity;
}

/// The errand's world: an empty room of 6 m x 5 m, a home network, and one server.
struct ErrandRun {
  explicit ErrandRun(const BoxRoom::Options& options,
                     const std::string& firmware = FIRMWARE_DIR "errand.so")
      : room(options),
        network(room.events, Seed(1), Home(), CertificateAuthority::Create(Seed(2), kStart), sink),
        recorder(room.robot.get(), &sink),
        bridge({&room.events, room.robot.get(), &network.robot(), &sink, nullptr}, Identity(),
               FlashSpec(), Seed(3), [] { return "C_POLICY=granted"; }) {
    network.AddHost(GreeterHost());
    network.Serve("greetings.example", 7, PortSecurity::kPlain, greeter);
    room.robot->AddListener(&recorder);
    auto installed = VirtualTime::Install(room.events, kStart, Seed(4));
    EXPECT_TRUE(installed.ok());
    time = std::move(installed).value();
    auto created = Lockstep::Create({.firmware_path = firmware, .start = kStart, .seed = Seed(5)},
                                    room.events, bridge.devices());
    EXPECT_TRUE(created.ok()) << (created.ok() ? "" : ToString(created.error()));
    host = std::move(created).value();
    bridge.Attach(host.get());
    host->PowerOn();
  }
  ~ErrandRun() { bridge.Attach(nullptr); }

  uint64_t Hash() const {
    Hasher hasher;
    room.robot->AddToHash(hasher);
    network.AddToHash(hasher);
    bridge.AddToHash(hasher);
    for (const Emission& emission : sink.emissions) hasher.AddBytes(emission.payload);
    return hasher.Digest();
  }
  Lines Events(const std::string& name) const {
    Lines details;
    for (const RunEvent& event : sink.events) {
      if (event.source == "firmware" && event.name == name) details.push_back(event.detail);
    }
    return details;
  }

  BoxRoom room;
  LoggingSink sink;
  Greeter greeter;
  Network network;
  RobotRecorder recorder;
  FirmwareBridge bridge;
  std::unique_ptr<VirtualTime> time;
  std::unique_ptr<Lockstep> host;
};

// The robot starts in the middle, x = 3 m, facing the wall at x = 6 m; the lidar sits 3 cm behind
// R: 3.03 m to see. Two seconds at 0.2 m/s, less the ramp, make 40 cm.
TEST(FirmwareBridgeTest, JoinsFirmwareToBodyNetworkAndRecording) {
  ErrandRun run({});
  run.room.Run(40);
  EXPECT_EQ(run.sink.log, (Lines{"lidar 0 360 beams, 30 dm ahead", "odometry says 40 cm",
                                 "scan 1 home", "wrong password -4", "join 0", "resolve 1",
                                 "connect 0", "send 5", "receive 12 hello to you"}));
  EXPECT_NEAR(run.room.robot->pose().x, 3.4, 0.02);
  EXPECT_EQ(run.greeter.heard.text, "hello");
  EXPECT_EQ(run.bridge.activity(), "idle");
  EXPECT_EQ(run.Events("boot"), Lines{"power_on"});
  EXPECT_EQ(run.Events("state"), (Lines{"on_an_errand", "idle"}));
  EXPECT_EQ(run.Events("data_ready"), Lines{"wifi_ssid"});
  EXPECT_EQ(run.sink.Joined(EmissionKind::kUart, Direction::kFromRobot), "boot ok\n");
  EXPECT_NEAR(run.sink.poses, 400, 1);
  ASSERT_FALSE(run.sink.scans.empty());
  EXPECT_NEAR(run.sink.scans[0].angle_increment_rad, -0.01745, 1e-4);  // Clockwise, 360 beams.
}

TEST(FirmwareBridgeTest, RecordsTheFlashAtRest) {
  ErrandRun run({});
  run.room.Run(3);
  run.bridge.EmitFlash("end of run");
  const auto at_rest =
      std::find_if(run.sink.emissions.begin(), run.sink.emissions.end(),
                   [](const Emission& e) { return e.kind == EmissionKind::kFlashAtRest; });
  ASSERT_NE(at_rest, run.sink.emissions.end());
  EXPECT_EQ(at_rest->payload.size(), 4u << 20);
  EXPECT_EQ(Text(at_rest->payload).substr(4096, 8), "a secret");
  EXPECT_EQ(at_rest->party.role, "device");
  EXPECT_EQ(at_rest->consents, "C_POLICY=granted");
}

TEST(FirmwareBridgeTest, RepeatsItselfBitByBit) {
  const auto hash = [](uint64_t seed) {
    BoxRoom::Options options;
    options.seed = seed;
    ErrandRun run(options);
    run.room.Run(25);
    return run.Hash();
  };
  EXPECT_EQ(hash(1), hash(1));
  EXPECT_NE(hash(1), hash(2));
}

// 0.03 is the share at which the robot browns out; a hair above it, the electronics' 4 W need some
// ten seconds. Somebody then carries the robot to its dock, 17 cm of hull in front of the dock's
// face on the wall x = 0.
TEST(FirmwareBridgeTest, CutsThePowerOfAnEmptyBatteryUntilItIsCharged) {
  BoxRoom::Options options;
  options.config.battery.charge_at_start = 0.0301;
  options.X_WD = Pose2{0, 2.5, 0};
  ErrandRun run(options);
  run.room.Run(60);
  EXPECT_TRUE(run.room.robot->browned_out());
  EXPECT_EQ(run.Events("brownout").size(), 1u);
  EXPECT_EQ(run.host->state(), Lockstep::State::kOff);
  EXPECT_EQ(run.Events("boot"), Lines{"power_on"});
  run.room.robot->PutDown({0.175, 2.5, std::numbers::pi});
  run.room.Run(30);
  EXPECT_EQ(run.Events("boot"), (Lines{"power_on", "brownout"}));
  EXPECT_TRUE(std::count(run.sink.log.begin(), run.sink.log.end(), "back after a brown-out"));
}

// The real firmware, unprovisioned: it shows its setup hotspot to everyone, again after its power
// was cut and all that it and its libraries had built was taken away.
TEST(FirmwareBridgeTest, BootsTheVacuumAgainAfterAPowerCut) {
  ErrandRun run({}, VACUUM_FIRMWARE);
  const auto hotspots = [&] {
    return std::count_if(run.sink.emissions.begin(), run.sink.emissions.end(),
                         [](const Emission& e) { return e.kind == EmissionKind::kRadioName; });
  };
  run.room.Run(20);
  const auto before = hotspots();
  EXPECT_GT(before, 0);
  EXPECT_EQ(run.network.robot().state(), WifiState::kHotspot);
  run.host->PowerCut();
  EXPECT_EQ(run.network.robot().state(), WifiState::kOff);
  run.room.Run(5);
  run.host->PowerOn();
  run.room.Run(20);
  EXPECT_EQ(run.network.robot().state(), WifiState::kHotspot);
  EXPECT_GT(hotspots(), before);
}

}  // namespace
}  // namespace dustproof
