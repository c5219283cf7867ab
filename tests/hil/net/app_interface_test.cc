#include "hil/net/app_interface.h"

#include <gtest/gtest.h>

#include "test_bench.h"

namespace dustproof {
namespace {

const Party kVendor = {"vendor_cloud_cn", "Vendor", "first_party", "CN", ""};

/// Joins the robot's hotspot and waits for the outcome.
NetStatus JoinHotspot(TestBench& bench, const std::string& passphrase) {
  NetStatus status = NetStatus::kNotYet;
  bench.network.app().Join("Robot-Setup", passphrase, [&](NetStatus outcome) { status = outcome; });
  bench.RunUntil([&] { return status != NetStatus::kNotYet; });
  return status;
}

TEST(AppInterfaceTest, HandsTheRobotItsPasswordOverTheSetupHotspot) {
  TestBench bench;
  RobotInterface& robot = bench.network.robot();
  AppInterface& app = bench.network.app();
  ASSERT_EQ(robot.StartHotspot("Robot-Setup", "12345678"), NetStatus::kOk);
  EXPECT_EQ(robot.state(), WifiState::kHotspot);
  EXPECT_EQ(app.Scan().front().ssid, "Robot-Setup");
  EXPECT_EQ(JoinHotspot(bench, "87654321"), NetStatus::kRefused);
  ASSERT_EQ(JoinHotspot(bench, "12345678"), NetStatus::kOk);
  EXPECT_EQ(app.robot_address(), kHotspotRobotAddress);

  const int32_t listener = robot.Open(SocketKind::kTcp);
  ASSERT_EQ(robot.Bind(listener, 80), NetStatus::kOk);
  ScriptedCore::Heard heard;
  app.Connect({.host = "192.168.4.1",
               .port = 80,
               .tls = false,
               .trust_pem = "",
               .alpn = {},
               .identity = {}},
              std::make_unique<ScriptedCore>(heard, "ssid=Casa", nullptr), nullptr);
  int32_t accepted = 0;
  NetEndpoint peer;
  ASSERT_TRUE(bench.RunUntil([&] { return (accepted = robot.Accept(listener, peer)) > 0; }));
  EXPECT_EQ(peer.address, kHotspotPhoneAddress);
  EXPECT_EQ(bench.ReceiveText(accepted, 9), "ssid=Casa");
  bench.SendAll(accepted, "ok");
  robot.Close(accepted);
  ASSERT_TRUE(bench.RunUntil([&] { return heard.closes == 1; }));
  EXPECT_EQ(heard.text, "ok");

  // The robot is the one that is judged, also where the phone opened the conversation.
  EXPECT_EQ(bench.sink.Joined(EmissionKind::kPlaintext, Direction::kToRobot), "ssid=Casa");
  EXPECT_EQ(bench.sink.Joined(EmissionKind::kPlaintext, Direction::kFromRobot), "ok");
  EXPECT_EQ(bench.sink.emissions.back().party.key, "app_lan");
  EXPECT_EQ(bench.sink.Joined(EmissionKind::kRadioName, Direction::kFromRobot).substr(0, 11),
            "Robot-Setup");
}

TEST(AppInterfaceTest, LosesTheHotspotWhenTheRobotLeavesIt) {
  TestBench bench;
  ASSERT_EQ(bench.network.robot().StartHotspot("Robot-Setup", ""), NetStatus::kOk);
  ASSERT_EQ(JoinHotspot(bench, ""), NetStatus::kOk);
  bool told = false;
  bench.network.app().SetWifiHandler([&] { told = true; });
  EXPECT_EQ(bench.Join(), NetStatus::kOk);
  EXPECT_TRUE(told);
  EXPECT_EQ(bench.network.app().state(), WifiState::kLost);
}

TEST(AppInterfaceTest, ReachesTheCloudOverTlsFromHomeAndFromMobileData) {
  TestBench bench;
  ScriptedService cloud([](const std::string& text) { return "re: " + text; });
  bench.network.AddHost(
      {.name = "api.vendor.example", .address = {}, .party = kVendor, .identity = {}});
  bench.network.Serve("api.vendor.example", 443, PortSecurity::kTls, cloud);
  ScriptedCore::Heard heards[2];  // The first is told of its end when the phone leaves.
  for (const bool at_home : {true, false}) {
    if (!at_home) bench.network.app().Leave();
    ScriptedCore::Heard& heard = heards[at_home];
    bench.network.app().Connect({.host = "api.vendor.example",
                                 .port = 443,
                                 .tls = true,
                                 .trust_pem = "",
                                 .alpn = {},
                                 .identity = {}},
                                std::make_unique<ScriptedCore>(heard, "hello", nullptr), nullptr);
    ASSERT_TRUE(bench.RunUntil([&] { return heard.text == "re: hello"; })) << at_home;
  }
  EXPECT_EQ(bench.sink.Joined(EmissionKind::kPlaintext, Direction::kFromApp), "hellohello");
  EXPECT_EQ(bench.sink.Joined(EmissionKind::kPlaintext, Direction::kToApp), "re: hellore: hello");
  EXPECT_EQ(bench.sink.emissions.back().emitter, "app");
}

TEST(AppInterfaceTest, SaysWhyAConnectionFailed) {
  TestBench bench;
  std::string reason;
  const auto dial = [&](const std::string& host, const std::string& trust) {
    reason.clear();
    static ScriptedCore::Heard heard;
    bench.network.app().Connect(
        {.host = host, .port = 443, .tls = true, .trust_pem = trust, .alpn = {}, .identity = {}},
        std::make_unique<ScriptedCore>(heard, "", nullptr),
        [&](const std::string& why) { reason = why; });
    bench.RunUntil([&] { return !reason.empty(); });
    return reason;
  };
  EXPECT_EQ(dial("192.168.1.1", ""), "refused");
  EXPECT_EQ(dial("not a..name", ""), "no such host");
  const CertificateAuthority other =
      CertificateAuthority::Create(Seed(9), TestBench::MakeConfig().start, "Vendor Root");
  EXPECT_EQ(dial("api.vendor.example", other.certificate_pem()), "tls: certificate_verify_failed");
}

TEST(AppInterfaceTest, FindsTheRobotOnTheHomesNetwork) {
  TestBench bench;
  EXPECT_EQ(bench.network.app().robot_address(), 0u);
  ASSERT_EQ(bench.Join(), NetStatus::kOk);
  EXPECT_EQ(bench.network.app().robot_address(), bench.network.robot().address());
}

TEST(OutageTest, TakesTheRobotsNetworkAndGivesItBack) {
  TestBench bench;
  ASSERT_EQ(bench.Join(), NetStatus::kOk);
  const int32_t socket = bench.Connect({bench.Resolve("chat.example"), 9000});
  ASSERT_GT(socket, 0);
  bench.network.ScheduleOutage(OutageKind::kWifi, bench.queue.now() + SimDuration::Seconds(1),
                               SimDuration::Seconds(20));
  bench.RunFor(SimDuration::Seconds(10));
  EXPECT_EQ(bench.network.robot().state(), WifiState::kLost);
  const size_t emitted = bench.sink.emissions.size();
  EXPECT_EQ(bench.network.robot().Send(socket, AsBytes("meanwhile")), 9);
  bench.RunFor(SimDuration::Seconds(5));
  EXPECT_EQ(bench.sink.emissions.size(), emitted);  // Nothing is on the air.
  bench.RunFor(SimDuration::Seconds(30));
  EXPECT_EQ(bench.network.robot().state(), WifiState::kConnected);
  EXPECT_EQ(bench.sink.Joined(EmissionKind::kPlaintext, Direction::kFromRobot), "meanwhile");
}

TEST(OutageTest, LeavesNamesUnresolvedWithoutInternet) {
  TestBench bench;
  ASSERT_EQ(bench.Join(), NetStatus::kOk);
  bench.network.ScheduleOutage(OutageKind::kInternet, bench.queue.now(), SimDuration::Seconds(120));
  bench.RunFor(SimDuration::Milliseconds(1));
  EXPECT_EQ(bench.Resolve("api.vendor.example"), 0u);
  bench.RunFor(SimDuration::Seconds(120));
  EXPECT_NE(bench.Resolve("api.vendor.example"), 0u);
}

}  // namespace
}  // namespace dustproof
