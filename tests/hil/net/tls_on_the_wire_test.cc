#include <gtest/gtest.h>

#include <algorithm>

#include "hil/protocol/tls_client.h"
#include "test_bench.h"

namespace dustproof {
namespace {

const Party kVendor = {"vendor_cloud_cn", "Vendor", "first_party", "CN", ""};

/// Firmware's side of TLS over the robot's socket.
class RobotTls {
 public:
  RobotTls(TestBench& bench, const std::string& host, uint16_t port, const std::string& trust_pem)
      : bench_(bench),
        tls_(MakeTlsClient({.server_name = host,
                            .trust_pem = trust_pem,
                            .alpn = {},
                            .identity = {},
                            .random = RandomStream(9),
                            .now = TestBench::MakeConfig().start,
                            .key_log = nullptr})) {
    socket_ = bench.Connect({bench.Resolve(host), port});
  }

  /// Exchanges bytes until `done`, at most a minute.
  bool RunUntil(const std::function<bool()>& done) {
    tls_->OnBytes({});
    return bench_.RunUntil([&] {
      std::array<std::byte, 2048> buffer;
      const int32_t count = bench_.network.robot().Receive(socket_, buffer);
      if (count > 0) tls_->OnBytes(std::span(buffer).first(static_cast<size_t>(count)));
      const Bytes more = tls_->TakeOutput();
      out_.insert(out_.end(), more.begin(), more.end());
      const int32_t sent = bench_.network.robot().Send(socket_, out_);
      if (sent > 0) out_.erase(out_.begin(), out_.begin() + sent);
      heard_ += Text(tls_->TakePlaintext());
      return done();
    });
  }

  TlsEnd& tls() { return *tls_; }
  const std::string& heard() const { return heard_; }
  int32_t socket() const { return socket_; }

 private:
  TestBench& bench_;
  std::unique_ptr<TlsEnd> tls_;
  int32_t socket_ = 0;
  Bytes out_;
  std::string heard_;
};

std::string LongText(size_t bytes) {
  std::string text;
  for (int i = 0; text.size() < bytes; ++i) text += std::to_string(i * 7919) + ";";
  return text;
}

std::string InBrackets(const std::string& piece) { return "[" + piece + "]"; }

NetworkConfig LossyConfig() {
  NetworkConfig config = TestBench::MakeConfig();
  config.internet.loss = 0.05;
  return config;
}

struct SessionBench : TestBench {
  using TestBench::TestBench;
  ScriptedService service{InBrackets};
};

/// A session that says `text` and hears it back in brackets, over a link that loses segments.
std::unique_ptr<TestBench> Session(uint64_t seed, const std::string& text) {
  auto bench = std::make_unique<SessionBench>(seed, LossyConfig());
  bench->network.AddHost(
      {.name = "mqtt.vendor.example", .address = {}, .party = kVendor, .identity = {}});
  bench->network.Serve("mqtt.vendor.example", 8883, PortSecurity::kTls, bench->service);
  EXPECT_EQ(bench->Join(), NetStatus::kOk);
  RobotTls robot(*bench, "mqtt.vendor.example", 8883, bench->network.authority().certificate_pem());
  robot.tls().Write(AsBytes(text));
  EXPECT_TRUE(robot.RunUntil(
      [&] { return robot.heard().size() >= text.size() + 2 && robot.heard().back() == ']'; }));
  bench->network.Finish();
  EXPECT_EQ(bench->service.heard.text, text);
  return bench;
}

TEST(TlsOnTheWireTest, RecordsThePlaintextThatWasSentAndTheCiphertextThatCarriedIt) {
  const std::string text = LongText(50'000);
  const auto bench = Session(1, text);
  EXPECT_EQ(bench->sink.Joined(EmissionKind::kPlaintext, Direction::kFromRobot), text);
  EXPECT_NE(bench->sink.FindEvent("tls_handshake_done"), nullptr);
  const std::string wire = bench->sink.Joined(EmissionKind::kWire, Direction::kFromRobot);
  EXPECT_EQ(wire.find(text.substr(0, 20)), std::string::npos);
  EXPECT_NE(wire.find("mqtt.vendor.example"),
            std::string::npos);  // The server's name in the hello.
  ASSERT_EQ(bench->sink.attachments.size(), 1u);
  EXPECT_NE(Text(bench->sink.attachments[0].data).find("SERVER_TRAFFIC_SECRET_0 "),
            std::string::npos);
}

TEST(TlsOnTheWireTest, SetsHandshakeAndDataApart) {
  const auto bench = Session(1, "short");
  uint64_t next_offset = 0;
  bool data_seen = false;
  for (const Emission& emission : bench->sink.emissions) {
    if (emission.kind != EmissionKind::kWire || emission.direction != Direction::kFromRobot)
      continue;
    EXPECT_EQ(emission.stream_offset, next_offset);
    next_offset += emission.payload.size();
    // In TLS 1.3 the first record is the hello in the clear; data and the client's Finished look
    // alike.
    if (next_offset == emission.payload.size()) {
      EXPECT_FALSE(emission.encrypted);
      EXPECT_EQ(emission.payload[0], std::byte{0x16});
    }
    data_seen |= emission.encrypted;
  }
  EXPECT_TRUE(data_seen);
}

TEST(TlsOnTheWireTest, GivesTheSameRecordingForTheSameSeed) {
  const auto first = Session(3, "same"), second = Session(3, "same"), other = Session(4, "same");
  const auto digest = [](const TestBench& bench) {
    Hasher hasher;
    bench.network.AddToHash(hasher);
    return hasher.Digest();
  };
  EXPECT_EQ(digest(*first), digest(*second));
  EXPECT_NE(digest(*first), digest(*other));
  EXPECT_EQ(first->sink.Joined(EmissionKind::kWire, Direction::kToRobot),
            second->sink.Joined(EmissionKind::kWire, Direction::kToRobot));
}

TEST(TlsOnTheWireTest, MintsACertificateForAHostThatNobodyDeclared) {
  TestBench bench;
  ASSERT_EQ(bench.Join(), NetStatus::kOk);
  RobotTls robot(bench, "leak.example", 4443, bench.network.authority().certificate_pem());
  robot.tls().Write(AsBytes("GET /?q=secret HTTP/1.1\r\n\r\n"));
  ASSERT_TRUE(robot.RunUntil([&] { return robot.heard().ends_with("{}"); }));
  const auto it = std::find_if(bench.sink.emissions.begin(), bench.sink.emissions.end(),
                               [](const Emission& emission) {
                                 return emission.kind == EmissionKind::kPlaintext &&
                                        emission.direction == Direction::kFromRobot;
                               });
  ASSERT_NE(it, bench.sink.emissions.end());
  EXPECT_EQ(it->party.key, "other");
  EXPECT_EQ(it->party.host, "leak.example");
  EXPECT_EQ(it->protocol, "http");
  EXPECT_TRUE(it->encrypted);
}

TEST(TlsOnTheWireTest, SaysThatFirmwarePinsAnotherAuthority) {
  TestBench bench;
  ASSERT_EQ(bench.Join(), NetStatus::kOk);
  const CertificateAuthority pinned =
      CertificateAuthority::Create(Seed(99), TestBench::MakeConfig().start, "Vendor Root");
  RobotTls robot(bench, "api.vendor.example", 443, pinned.certificate_pem());
  robot.RunUntil([&] { return bench.sink.FindEvent("tls_handshake_failed") != nullptr; });
  const RunEvent* event = bench.sink.FindEvent("tls_handshake_failed");
  ASSERT_NE(event, nullptr);
  EXPECT_NE(event->detail.find("reason=unknown_ca evidence=pinned"), std::string::npos)
      << event->detail;
}

TEST(TlsOnTheWireTest, CatchesFirmwareThatTrustsAnybody) {
  TestBench bench;
  bench.network.AddHost({.name = "api.vendor.example",
                         .address = {},
                         .party = kVendor,
                         .identity = {},
                         .rogue_certificate = true});
  ASSERT_EQ(bench.Join(), NetStatus::kOk);
  RobotTls careless(bench, "api.vendor.example", 443, "");
  careless.RunUntil([&] { return bench.sink.FindEvent("rogue_certificate_accepted") != nullptr; });
  EXPECT_NE(bench.sink.FindEvent("rogue_certificate_accepted"), nullptr);
}

}  // namespace
}  // namespace dustproof
