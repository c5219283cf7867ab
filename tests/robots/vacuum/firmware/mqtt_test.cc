#include <gtest/gtest.h>

#include "robots/vacuum/firmware/cloud/mqtt_client.h"
#include "tests/robots/vacuum/firmware/fake_hal.h"
#include "tests/robots/vacuum/firmware/scripted_stream.h"

namespace vacuum::test {
namespace {

using namespace std::string_literals;

// From the standard, section 3.1: fixed header 0x10, length, "MQTT", level 4, flags user name +
// password + clean session.
TEST(MqttCodecTest, EncodesConnect) {
  EXPECT_EQ(EncodeConnect({"c1", "u", "pw", 60}),
            "\x10\x15\x00\x04MQTT\x04\xC2\x00\x3C\x00\x02"s + "c1" + "\x00\x01u\x00\x02pw"s);
}

TEST(MqttCodecTest, EncodesPublishSubscribeAndTheRest) {
  EXPECT_EQ(EncodePublish("a/b", "hi", 0, 0), "\x30\x07\x00\x03"s + "a/bhi");
  EXPECT_EQ(EncodePublish("a/b", "hi", 1, 0x0102), "\x32\x09\x00\x03"s + "a/b\x01\x02hi");
  EXPECT_EQ(EncodeSubscribe(7, "s/#", 1), "\x82\x08\x00\x07\x00\x03"s + "s/#\x01");
  EXPECT_EQ(EncodePuback(0x0A0B), "\x40\x02\x0A\x0B"s);
  EXPECT_EQ(EncodePing(), "\xC0\x00"s);
  EXPECT_EQ(EncodeDisconnect(), "\xE0\x00"s);
}

// 321 bytes after the fixed header are written 0xC1 0x02 (the standard's own example,
// section 2.2.3).
TEST(MqttCodecTest, EncodesLengthsOfSeveralDigits) {
  const std::string packet = EncodePublish("t", std::string(318, 'x'), 0, 0);
  EXPECT_EQ(packet.substr(0, 3), "\x30\xC1\x02"s);
  EXPECT_EQ(packet.size(), 3u + 321u);
}

TEST(MqttCodecTest, DecodesPacketsHoweverTheyAreCut) {
  const std::string bytes = "\x20\x02\x00\x00"s + "\x32\x09\x00\x03"s + "a/b\x01\x02hi" +
                            "\x90\x03\x00\x07\x01"s + "\x40\x02\x0A\x0B\xD0\x00"s;
  for (size_t piece = 1; piece <= bytes.size(); ++piece) {
    MqttDecoder decoder;
    std::vector<MqttPacket> packets;
    for (size_t at = 0; at < bytes.size(); at += piece) {
      decoder.Feed(bytes.data() + at, std::min(piece, bytes.size() - at));
      while (auto packet = decoder.Next()) packets.push_back(*packet);
    }
    ASSERT_EQ(packets.size(), 5u);
    EXPECT_EQ(packets[0].type, MqttPacketType::kConnack);
    EXPECT_EQ(packets[1].topic, "a/b");
    EXPECT_EQ(packets[1].payload, "hi");
    EXPECT_EQ(packets[1].packet_id, 0x0102);
    EXPECT_EQ(packets[1].qos, 1);
    EXPECT_EQ(packets[2].return_code, 1);
    EXPECT_EQ(packets[3].packet_id, 0x0A0B);
    EXPECT_EQ(packets[4].type, MqttPacketType::kPingresp);
  }
}

TEST(MqttCodecTest, SeesABrokerThatBreaksTheProtocol) {
  for (const std::string& bytes :
       {"\x30\xFF\xFF\xFF\xFF\x01"s, "\x34\x05\x00\x01"s + "t\x00\x01"s, "\x30\x03\x00\x09t"s,
        "\x20\x03\x00\x00\x00"s, "\x10\x00"s, "\x41\x02\x00\x01"s, "\x30\xFF\xFF\x7F"s}) {
    MqttDecoder decoder;
    decoder.Feed(bytes.data(), bytes.size());
    EXPECT_FALSE(decoder.Next());
    EXPECT_TRUE(decoder.broken());
  }
}

// A robot whose user accepted the policy, and a client of its own on a scripted stream.
class MqttClientTest : public testing::Test {
 protected:
  MqttClientTest() {
    store_.Open();
    store_.Update([](Settings& s) { s.consents.Set(Consent::kPolicy, ConsentState::kGranted); });
    auto stream = std::make_unique<ScriptedStream>();
    stream_ = stream.get();
    client_ = std::make_unique<MqttClient>(std::move(stream), [this] { return stream_->now_us; });
  }
  Permit permit() { return *gate_.Ask(Payload::kSession); }
  bool Connect() {
    stream_->to_read = "\x20\x02\x00\x00"s;
    const bool connected = client_->Connect(permit(), {"c", "u", "p", 60});
    stream_->sent.clear();
    return connected;
  }

  FakeHal fake_;
  Platform hal_ = fake_.hal();
  SettingsStore store_{hal_};
  CloudHooks hooks_;
  ConsentGate gate_{store_, hooks_};
  ScriptedStream* stream_ = nullptr;
  std::unique_ptr<MqttClient> client_;
};

TEST_F(MqttClientTest, EndsWhereTheBrokerRefuses) {
  stream_->to_read = "\x20\x02\x00\x05"s;
  EXPECT_FALSE(client_->Connect(permit(), {"c", "u", "p", 60}));
  EXPECT_FALSE(client_->alive());
}

TEST_F(MqttClientTest, AcknowledgesAMessageAndKeepsWhatComesBeforeTheSuback) {
  ASSERT_TRUE(Connect());
  stream_->to_read = "\x32\x09\x00\x03"s + "a/b\x01\x02hi" + "\x90\x03\x00\x01\x01"s;
  EXPECT_TRUE(client_->Subscribe(permit(), "a/#"));
  const auto message = client_->Poll(permit(), 0);
  ASSERT_TRUE(message);
  EXPECT_EQ(message->payload, "hi");
  EXPECT_TRUE(stream_->sent.ends_with("\x40\x02\x01\x02"s));
}

TEST_F(MqttClientTest, PingsASilentBrokerAndEndsWhereNobodyAnswers) {
  ASSERT_TRUE(Connect());
  while (stream_->sent.empty() && stream_->now_us < Seconds(60))
    client_->Poll(permit(), Seconds(0.25));
  EXPECT_EQ(stream_->sent, "\xC0\x00"s);
  EXPECT_EQ(stream_->now_us, Seconds(15.25));
  while (client_->alive() && stream_->now_us < Seconds(120)) client_->Poll(permit(), Seconds(0.25));
  EXPECT_EQ(stream_->now_us, Seconds(30));
}

TEST_F(MqttClientTest, IsSteadyOnceTheLineHasNotFailedForAWhile) {
  ASSERT_TRUE(Connect());
  const auto poll_until = [&](double seconds) {
    while (stream_->now_us < Seconds(seconds)) client_->Poll(permit(), Seconds(0.25));
  };
  stream_->on_write = [&] { stream_->to_read = "\xD0\x00"s; };
  poll_until(19);
  EXPECT_FALSE(client_->SteadyFor(Seconds(20)));
  poll_until(21);
  EXPECT_TRUE(client_->SteadyFor(Seconds(20)));
  stream_->on_write = nullptr;  // The line fails; a ping, due at 30.5 s, is answered at 36 s.
  poll_until(36);
  EXPECT_FALSE(client_->SteadyFor(Seconds(20)));
  stream_->to_read = "\xD0\x00"s;
  stream_->on_write = [&] { stream_->to_read = "\xD0\x00"s; };
  poll_until(55);
  EXPECT_FALSE(client_->SteadyFor(Seconds(20)));
  poll_until(57);
  EXPECT_TRUE(client_->SteadyFor(Seconds(20)));
}

TEST_F(MqttClientTest, RemembersWhatTheBrokerDidNotAcknowledge) {
  ASSERT_TRUE(Connect());
  EXPECT_TRUE(client_->Publish(permit(), "up/ack", "one", 1));
  EXPECT_TRUE(client_->Publish(permit(), "up/ack", "two", 1));
  stream_->to_read = "\x40\x02\x00\x01"s;
  client_->Poll(permit(), 0);
  EXPECT_EQ(client_->Unacknowledged("up/ack"), std::vector<std::string>{"two"});
}

TEST_F(MqttClientTest, SendsNothingOnceThePermitHasLapsed) {
  ASSERT_TRUE(Connect());
  const Permit before = permit();
  store_.Update([](Settings& s) { s.consents.Set(Consent::kPolicy, ConsentState::kWithdrawn); });
  EXPECT_FALSE(client_->Publish(before, "up/state", "{}", 1));
  client_->Disconnect(before);
  EXPECT_EQ(fake_.sockets.size(), 0u);
}

}  // namespace
}  // namespace vacuum::test
