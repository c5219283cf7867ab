#include "hil/net/network.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "hil/protocol/dhcp.h"
#include "hil/protocol/dns.h"
#include "hil/protocol/ntp.h"
#include "test_bench.h"

namespace dustproof {
namespace {

const Party kVendor = {"vendor_cloud_cn", "Vendor", "first_party", "CN", ""};

TEST(NetworkTest, JoinsTheHomeWithItsPasswordAndGetsALease) {
  TestBench bench;
  EXPECT_EQ(bench.Join(), NetStatus::kOk);
  EXPECT_EQ(bench.network.robot().state(), WifiState::kConnected);
  EXPECT_TRUE(IsHomeAddress(bench.network.robot().address()));
  std::vector<DhcpType> types;
  for (const Emission& emission : bench.sink.emissions) {
    if (emission.kind == EmissionKind::kDhcp)
      types.push_back(ParseDhcp(emission.payload)->type().value());
  }
  EXPECT_EQ(types, (std::vector{DhcpType::kDiscover, DhcpType::kOffer, DhcpType::kRequest,
                                DhcpType::kAck}));
}

TEST(NetworkTest, RefusesAWrongPasswordAndKnowsNoStrangers) {
  TestBench bench;
  EXPECT_EQ(bench.Join("Casa", "wrong"), NetStatus::kRefused);
  EXPECT_EQ(bench.Join("Nowhere", "open sesame"), NetStatus::kUnreachable);
  EXPECT_EQ(bench.Join("Next door", "guess"), NetStatus::kRefused);
  EXPECT_EQ(bench.network.robot().address(), 0u);
  EXPECT_EQ(bench.network.robot().Scan().size(), 2u);
}

TEST(NetworkTest, ServesADeclaredHostInPlainTextAndRecordsItOnce) {
  TestBench bench;
  ScriptedService echo([](const std::string& text) { return "<" + text + ">"; });
  bench.network.AddHost(
      {.name = "api.vendor.example", .address = {}, .party = kVendor, .identity = {}});
  bench.network.Serve("api.vendor.example", 7000, PortSecurity::kPlain, echo);
  ASSERT_EQ(bench.Join(), NetStatus::kOk);
  const uint32_t address = bench.Resolve("api.vendor.example");
  EXPECT_EQ(address, bench.network.AddressOf("API.vendor.example"));
  const int32_t socket = bench.Connect({address, 7000});
  ASSERT_GT(socket, 0);
  bench.SendAll(socket, "hello");
  EXPECT_EQ(bench.ReceiveText(socket, 7), "<hello>");
  EXPECT_EQ(bench.sink.Joined(EmissionKind::kPlaintext, Direction::kFromRobot), "hello");
  EXPECT_EQ(bench.sink.Joined(EmissionKind::kPlaintext, Direction::kToRobot), "<hello>");
  EXPECT_EQ(bench.sink.Joined(EmissionKind::kWire, Direction::kFromRobot), "");
  const Emission& first =
      *std::find_if(bench.sink.emissions.begin(), bench.sink.emissions.end(),
                    [](const Emission& e) { return e.kind == EmissionKind::kPlaintext; });
  EXPECT_EQ(first.party.key, "vendor_cloud_cn");
  EXPECT_EQ(first.party.host, "api.vendor.example");
  EXPECT_FALSE(first.encrypted);
  EXPECT_EQ(first.consents, "C_POLICY=granted");
  EXPECT_EQ(first.destination_port, 7000);
  EXPECT_EQ(echo.peers.at(0).server_name, "api.vendor.example");
  bench.network.robot().Close(socket);
  bench.RunFor(SimDuration::Seconds(1));
  EXPECT_EQ(echo.heard.closes, 1);
}

TEST(NetworkTest, AnswersAnUndeclaredHostAndRecordsItAsOther) {
  TestBench bench;
  ASSERT_EQ(bench.Join(), NetStatus::kOk);
  const uint32_t address = bench.Resolve("tracker.example");
  EXPECT_EQ(address >> 17, MakeAddress(198, 18, 0, 0) >> 17);
  const int32_t socket = bench.Connect({address, 8080});
  ASSERT_GT(socket, 0);
  bench.SendAll(socket,
                "POST /x HTTP/1.1\r\nHost: tracker.example\r\nContent-Length: 4\r\n\r\nbody");
  const std::string answer = bench.ReceiveText(socket, 70);
  EXPECT_EQ(answer.substr(0, 15), "HTTP/1.1 200 OK");
  EXPECT_EQ(answer.substr(answer.size() - 2), "{}");
  const Emission& last = bench.sink.emissions.back();
  EXPECT_EQ(last.party.key, "other");
  EXPECT_EQ(last.party.host, "tracker.example");
  EXPECT_EQ(last.protocol, "http");
}

TEST(NetworkTest, KnowsTheOwnerOfAllNamesBelowADeclaredOne) {
  TestBench bench;
  ScriptedService greeter(nullptr, "welcome");
  bench.network.AddHost(
      {.name = "*.vendor.example", .address = {}, .party = kVendor, .identity = {}});
  bench.network.Serve("*.vendor.example", 7000, PortSecurity::kPlain, greeter);
  ASSERT_EQ(bench.Join(), NetStatus::kOk);
  const int32_t socket = bench.Connect({bench.Resolve("log.cn.vendor.example"), 7000});
  EXPECT_EQ(bench.ReceiveText(socket, 7), "welcome");
  EXPECT_EQ(bench.sink.emissions.back().party.key, "vendor_cloud_cn");
  EXPECT_EQ(bench.sink.emissions.back().party.host, "log.cn.vendor.example");
}

TEST(NetworkTest, AnswersMqttAtABareAddress) {
  TestBench bench;
  ASSERT_EQ(bench.Join(), NetStatus::kOk);
  const int32_t socket = bench.Connect({MakeAddress(8, 8, 4, 4), 1883});
  ASSERT_GT(socket, 0);
  using namespace std::string_literals;
  // CONNECT, protocol level 4, keep-alive 60 s, client "ab"; then PUBLISH at QoS 1, topic "t",
  // packet 7.
  bench.SendAll(socket,
                "\x10\x0e\x00\x04MQTT\x04\x02\x00\x3c\x00\x02"s + "ab\x32\x06\x00\x01t\x00\x07x"s);
  EXPECT_EQ(bench.ReceiveText(socket, 8), "\x20\x02\x00\x00\x40\x02\x00\x07"s);
  EXPECT_EQ(bench.sink.emissions.back().party.host, "8.8.4.4");
}

// As a client's two writes travel where time is real, or its segments are small.
TEST(NetworkTest, KnowsMqttWhoseFirstPacketComesInPieces) {
  TestBench bench;
  ASSERT_EQ(bench.Join(), NetStatus::kOk);
  const int32_t socket = bench.Connect({MakeAddress(8, 8, 4, 4), 1883});
  ASSERT_GT(socket, 0);
  using namespace std::string_literals;
  for (const std::string& piece : {"\x10"s, "\x0e\x00"s, "\x04MQTT\x04\x02\x00\x3c\x00\x02"s, "ab"s}) {
    bench.SendAll(socket, piece);
    bench.RunFor(SimDuration::Seconds(1));
  }
  EXPECT_EQ(bench.ReceiveText(socket, 4), "\x20\x02\x00\x00"s);
  EXPECT_EQ(bench.sink.emissions.back().protocol, "mqtt");
}

TEST(NetworkTest, RecordsWhatTheResolverIsAsked) {
  TestBench bench;
  ASSERT_EQ(bench.Join(), NetStatus::kOk);
  bench.Resolve("my-ssid.evil.example");
  const Result<DnsMessage> query =
      ParseDns(AsBytes(bench.sink.Joined(EmissionKind::kDns, Direction::kFromRobot)));
  ASSERT_TRUE(query.ok());
  EXPECT_EQ(query->questions.at(0).name, "my-ssid.evil.example");
  const std::string answer = bench.sink.Joined(EmissionKind::kDns, Direction::kToRobot);
  EXPECT_EQ(DnsAddresses(*ParseDns(AsBytes(answer))).at(0),
            bench.network.AddressOf("my-ssid.evil.example"));
  EXPECT_EQ(bench.sink.emissions.back().party.key, "resolver");
}

TEST(NetworkTest, AnswersTimeWithTheCalendarOfTheRun) {
  TestBench bench;
  ASSERT_EQ(bench.Join(), NetStatus::kOk);
  RobotInterface& robot = bench.network.robot();
  const int32_t socket = robot.Open(SocketKind::kUdp);
  Bytes request(48);
  request[0] = std::byte{0x23};  // Version 4, client.
  EXPECT_EQ(robot.SendTo(socket, {MakeAddress(203, 0, 113, 5), 123}, request), 48);
  Bytes answer(64);
  NetEndpoint from;
  ASSERT_TRUE(bench.RunUntil([&] { return robot.ReceiveFrom(socket, from, answer) == 48; }));
  const int64_t told = NtpTransmitTime(answer)->unix_nanoseconds();
  const int64_t now =
      TestBench::MakeConfig().start.unix_nanoseconds() + bench.queue.now().nanoseconds();
  EXPECT_LT(std::abs(told - now), 100'000'000);  // Within one way of the link.
}

TEST(NetworkTest, ShowsBroadcastsToEverybodyAndToThePhone) {
  TestBench bench;
  ASSERT_EQ(bench.Join(), NetStatus::kOk);
  std::string heard;
  bench.network.app().SetDatagramHandler(
      6666, [&](NetEndpoint, std::span<const std::byte> bytes) { heard = Text(bytes); });
  const int32_t socket = bench.network.robot().Open(SocketKind::kUdp);
  bench.network.robot().SendTo(socket, {kBroadcastAddress, 6666}, AsBytes("here I am"));
  bench.RunFor(SimDuration::Seconds(1));
  EXPECT_EQ(heard, "here I am");
  EXPECT_EQ(bench.sink.emissions.back().kind, EmissionKind::kBroadcast);
  EXPECT_EQ(bench.sink.emissions.back().party.key, "public");
}

}  // namespace
}  // namespace dustproof
