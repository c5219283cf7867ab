#include "hil/net/live_network.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

#include "hil/protocol/dhcp.h"
#include "hil/protocol/dns.h"
#include "test_bench.h"

namespace dustproof {
namespace {

constexpr uint32_t kAddress = MakeAddress(127, 0, 0, 1);
constexpr uint16_t kPort = 443;

/// A client that says `said` over and over, `times` times, and takes as much as it is let.
class Client final : public ByteStream {
 public:
  Client(std::string said, size_t times) : said_(std::move(said)), left_(times * said_.size()) {}

  void set_tap(Tap) override {}
  void set_on_event(Side, std::function<void()> on_event) override {
    on_event_ = std::move(on_event);
  }
  NetStatus status(Side) const override { return over ? NetStatus::kClosed : NetStatus::kOk; }
  std::span<const std::byte> Peek(Side) const override {
    return AsBytes(said_).first(std::min(left_, said_.size()));
  }
  size_t Read(Side, std::span<std::byte> out) override {
    const size_t count = std::min(left_, out.size());
    for (size_t i = 0; i < count; ++i) out[i] = AsBytes(said_)[(heard + i) % said_.size()];
    left_ -= count;
    heard += count;
    return count;
  }
  bool at_end(Side) const override { return false; }
  size_t Write(Side, std::span<const std::byte> bytes) override {
    const size_t count = std::min(bytes.size(), appetite);
    appetite -= count;
    taken += count;
    return count;
  }
  void Close(Side) override { over = true; }
  void Abort(Side) override { over = true; }
  void Vanish(Side) override { over = true; }

  void Eat(size_t bytes) {
    appetite = bytes;
    on_event_();
  }

  size_t heard = 0, taken = 0, appetite = 0;
  bool over = false;

 private:
  const std::string said_;
  size_t left_;
  std::function<void()> on_event_;
};

/// Says back what it hears, ten times.
class Echo final : public StreamService {
 public:
  std::unique_ptr<StreamCore> Accept(SimTime, const StreamPeer&) override {
    class Core final : public StreamCore {
      void OnBytes(SimTime, std::span<const std::byte> bytes) override {
        for (int i = 0; i < 10; ++i) Send(bytes);
      }
    };
    return std::make_unique<Core>();
  }
};

class LiveNetworkTest : public testing::Test {
 protected:
  void Connect(PortSecurity security, const std::shared_ptr<Client>& client) {
    network_.AddHost({.name = "a.example", .address = {}, .party = {}, .identity = {}});
    network_.Serve("a.example", kPort, security, echo_);
    network_.Accept(client, {kAddress, 50000}, {kAddress, kPort});
    RunFor(SimDuration::Milliseconds(1));
  }
  void RunFor(SimDuration time) { queue_.RunUntil(queue_.now() + time); }

  EventQueue queue_;
  MemorySink sink_;
  Echo echo_;
  LiveNetwork network_{queue_,
                       Seed(1),
                       {.address = kAddress, .default_host = "a.example", .start = {}},
                       CertificateAuthority::Create(Seed(1), {}),
                       sink_};
};

TEST_F(LiveNetworkTest, WhoDoesNotReadIsNotHeardUntilItDoes) {
  const auto client = std::make_shared<Client>(std::string(1000, 'x'), 10'000);
  Connect(PortSecurity::kPlain, client);
  EXPECT_LT(client->heard, 200'000u);
  const size_t before = client->heard;
  RunFor(SimDuration::Seconds(60));
  EXPECT_EQ(client->heard, before);
  for (int i = 0; i < 20; ++i) {
    client->Eat(300'000);
    ASSERT_LT(client->heard * 10 - client->taken, 2u << 20);
  }
  // One event is all that a socket gives.
  client->Eat(1 << 30);
  EXPECT_EQ(client->taken, 100'000'000u);
}

TEST_F(LiveNetworkTest, AHandshakeThatStallsIsEndedAndSaidSo) {
  // The record's header alone: 512 bytes were to come.
  const auto client = std::make_shared<Client>(std::string("\x16\x03\x01\x02\x00", 5), 1);
  Connect(PortSecurity::kTls, client);
  RunFor(SimDuration::Seconds(19));
  EXPECT_FALSE(client->over);
  RunFor(SimDuration::Seconds(2));
  EXPECT_TRUE(client->over);
  EXPECT_TRUE(std::any_of(sink_.events.begin(), sink_.events.end(), [](const RunEvent& event) {
    return event.name == "tls_handshake_failed" &&
           event.detail.find("reason=too_slow") != std::string::npos;
  }));
}

TEST_F(LiveNetworkTest, AnOpenConnectionMayBeSilentForLonger) {
  const auto client = std::make_shared<Client>("hello", 1);
  Connect(PortSecurity::kPlain, client);
  RunFor(SimDuration::Seconds(60));
  EXPECT_FALSE(client->over);
}

class GatewayNetworkTest : public testing::Test {
 protected:
  static constexpr uint32_t kRouter = MakeAddress(10, 42, 0, 1), kBoard = MakeAddress(10, 42, 0, 50);

  std::optional<Bytes> Hear(uint32_t to, uint16_t port, const Bytes& payload) {
    return network_.HearDatagram({kBoard, 50000}, {to, port}, payload);
  }
  std::optional<DhcpMessage> AnswerOf(const DhcpMessage& message) {
    const auto answer = network_.HearDatagram({0, 68}, {kBroadcastAddress, 67}, SerializeDhcp(message));
    if (!answer) return std::nullopt;
    return *ParseDhcp(*answer);
  }
  uint32_t AddressOf(const std::string& name) {
    const auto answer = Hear(kRouter, 53, SerializeDns(MakeDnsQuery(7, name)));
    const Result<DnsMessage> message = ParseDns(*answer);
    return DnsAddresses(*message).front();
  }
  const Emission& last() const { return sink_.emissions.back(); }

  EventQueue queue_;
  MemorySink sink_;
  LiveNetwork network_{queue_, Seed(1), {.default_host = "", .start = {}, .lan = GatewayLan{.router = kRouter, .prefix_bits = 24}}, CertificateAuthority::Create(Seed(1), {}), sink_};
};

TEST_F(GatewayNetworkTest, EachNameHasAnAddressThatIsItsOwn) {
  network_.AddHost({.name = "a.example", .address = {}, .party = {"vendor", "V", "first_party", "CN", ""}, .identity = {}});
  const uint32_t a = AddressOf("a.example");
  EXPECT_NE(a, AddressOf("b.example"));
  EXPECT_EQ(a, AddressOf("A.example."));
  EXPECT_EQ(last().party.key, "resolver");
  Hear(a, 9999, {std::byte{1}});
  EXPECT_EQ(last().party.key, "vendor");
  Hear(a + 1, 9999, {std::byte{1}});
  EXPECT_EQ(last().party.key, "other");
  EXPECT_EQ(last().party.host, FormatAddress(a + 1));
}

TEST_F(GatewayNetworkTest, AResolverThatIsNotTheRouterIsSomebodysHost) {
  ASSERT_TRUE(Hear(MakeAddress(8, 8, 8, 8), 53, SerializeDns(MakeDnsQuery(7, "a.example"))));
  ASSERT_EQ(sink_.emissions.size(), 2u);
  EXPECT_EQ(sink_.emissions[0].kind, EmissionKind::kDns);
  EXPECT_EQ(sink_.emissions[0].party.key, "other");
  EXPECT_EQ(sink_.emissions[1].direction, Direction::kToRobot);
  EXPECT_EQ(sink_.emissions[1].source_address, MakeAddress(8, 8, 8, 8));
}

TEST_F(GatewayNetworkTest, GroupsAreWhoeverIsThere) {
  for (const uint32_t group : {kBroadcastAddress, MakeAddress(10, 42, 0, 255), MakeAddress(239, 1, 2, 3)}) {
    EXPECT_FALSE(Hear(group, 5353, {std::byte{1}}));
    EXPECT_EQ(last().kind, EmissionKind::kBroadcast);
    EXPECT_EQ(last().party.key, "public");
    EXPECT_EQ(last().protocol, "mdns");
  }
  Hear(MakeAddress(10, 42, 1, 255), 9, {std::byte{1}});
  EXPECT_EQ(last().kind, EmissionKind::kDatagram);
}

TEST_F(GatewayNetworkTest, StationsHaveLeasesOfTheirOwnAndKeepThem) {
  const MacAddress first = {2, 0, 0, 0, 0, 1}, second = {2, 0, 0, 0, 0, 2};
  const auto offer = AnswerOf(MakeDhcpDiscover(1, first, "robot"));
  ASSERT_TRUE(offer);
  EXPECT_EQ(offer->type(), DhcpType::kOffer);
  EXPECT_EQ(offer->FindU32(DhcpOption::kRouter), kRouter);
  EXPECT_EQ(offer->FindU32(DhcpOption::kDnsServer), kRouter);
  EXPECT_EQ(offer->your_address >> 8, kRouter >> 8);
  EXPECT_NE(offer->your_address, kRouter);
  EXPECT_EQ(AnswerOf(MakeDhcpRequest(*offer, "robot"))->type(), DhcpType::kAck);
  EXPECT_NE(AnswerOf(MakeDhcpDiscover(2, second, ""))->your_address, offer->your_address);
  EXPECT_EQ(AnswerOf(MakeDhcpDiscover(3, first, ""))->your_address, offer->your_address);
  DhcpMessage of_another_network = MakeDhcpRequest(*offer, "");
  for (DhcpMessage::Option& option : of_another_network.options) {
    if (option.code == static_cast<uint8_t>(DhcpOption::kRequestedAddress)) option.data.back() = std::byte{200};
  }
  EXPECT_EQ(AnswerOf(of_another_network)->type(), DhcpType::kNak);
  EXPECT_EQ(last().kind, EmissionKind::kDhcp);
}

TEST_F(GatewayNetworkTest, WhoMakesUpStationsIsNotServedForEver) {
  size_t leases = 0;
  for (uint32_t i = 0; i < 400; ++i) leases += AnswerOf(MakeDhcpDiscover(i, {2, 0, 0, 1, static_cast<uint8_t>(i >> 8), static_cast<uint8_t>(i)}, "")).has_value();
  EXPECT_EQ(leases, 253u);
}

TEST_F(GatewayNetworkTest, GarbageIsRecordedAndNotAnswered) {
  for (const uint16_t port : {uint16_t{53}, uint16_t{67}, uint16_t{123}}) {
    EXPECT_FALSE(Hear(kRouter, port, {std::byte{1}, std::byte{2}}));
    EXPECT_EQ(last().payload.size(), 2u);
  }
}

}  // namespace
}  // namespace dustproof
