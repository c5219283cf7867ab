#include "hil/protocol/mqtt_broker.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sim/core/random.h"

namespace dustproof::mqtt {
namespace {

SimTime At(double seconds) { return SimTime::Zero() + SimDuration::FromSeconds(seconds); }

Bytes ToBytes(std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text));
  return Bytes(bytes.begin(), bytes.end());
}

std::string ToText(const Bytes& bytes) {
  return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

/// Lets everybody in but "mallory", and keeps "secret" topics from everybody.
struct OpenAuthority final : Authority {
  Verdict Authenticate(SimTime, const StreamPeer&, const Connect& connect) override {
    if (connect.client_id != "mallory") return {};
    return {.code = ConnectCode::kBadUserNameOrPassword, .reason = "mallory"};
  }
  bool MayPublish(SimTime, const std::string&, std::string_view topic) override {
    return !topic.starts_with("secret");
  }
  bool MaySubscribe(SimTime, const std::string&, std::string_view filter) override {
    return !filter.starts_with("secret");
  }
  void OnDisconnected(SimTime, const std::string& id, const std::string& reason) override {
    log.push_back(id + ": " + reason);
  }
  void OnRefused(SimTime, const StreamPeer&, const std::string& id,
                 const std::string& reason) override {
    log.push_back("refused " + id + ": " + reason);
  }
  std::vector<std::string> log;
};

/// What a client heard, one short line a packet: "PUBLISH t=x q1", "PUBACK 3".
std::string Describe(const Packet& packet) {
  if (const auto* connack = std::get_if<Connack>(&packet)) {
    return "CONNACK " + std::to_string(connack->code) +
           (connack->session_present ? " present" : "");
  }
  if (const auto* publish = std::get_if<Publish>(&packet)) {
    return "PUBLISH " + publish->topic + "=" + ToText(publish->payload) + " q" +
           std::to_string(publish->qos) + (publish->retain ? " retained" : "") +
           (publish->duplicate ? " dup" : "");
  }
  if (const auto* ack = std::get_if<Ack>(&packet)) {
    return std::string(Name(ack->type)) + " " + std::to_string(ack->packet_id);
  }
  if (const auto* suback = std::get_if<Suback>(&packet)) {
    std::string text = "SUBACK";
    for (const uint8_t code : suback->codes) text += " " + std::to_string(code);
    return text;
  }
  return std::string(Name(std::get<Bare>(packet).type));
}

class MqttBrokerTest : public testing::Test {
 protected:
  using Lines = std::vector<std::string>;

  /// A client's side of a connection.
  class Client {
   public:
    explicit Client(Broker& broker, SimTime now = At(0)) : core(broker.Accept(now, {})) {
      core->OnOpen(now);
    }
    void Send(const Packet& packet, SimTime now = At(0)) { core->OnBytes(now, Encode(packet)); }
    Lines Hear() {
      reader_.Append(core->TakeOutput());
      Lines lines;
      for (auto packet = reader_.Next(); packet.ok() && packet->has_value();
           packet = reader_.Next()) {
        lines.push_back(Describe(**packet));
      }
      return lines;
    }
    std::unique_ptr<StreamCore> core;

   private:
    PacketReader reader_{1 << 20};
  };

  Client Connected(const std::string& id, bool clean = true, uint16_t keep_alive_s = 0) {
    Client client(broker);
    client.Send(Connect{.clean_session = clean, .keep_alive_s = keep_alive_s, .client_id = id});
    return client;
  }
  /// As `Connected`, with the CONNACK heard.
  Client Quiet(const std::string& id, bool clean = true) {
    Client client = Connected(id, clean);
    client.Hear();
    return client;
  }
  static Packet Sub(const std::string& filter, uint8_t qos) {
    return Subscribe{.packet_id = 1, .subscriptions = {{filter, qos}}};
  }
  static Publish Pub(const std::string& topic, const std::string& text, uint8_t qos = 0,
                     uint16_t id = 0) {
    return {.topic = topic, .payload = ToBytes(text), .qos = qos, .packet_id = id};
  }

  OpenAuthority authority;
  Broker broker{Broker::Config{}, authority};
};

TEST_F(MqttBrokerTest, AcceptsAndAnswersPings) {
  Client client = Connected("a");
  client.Send(Bare{PacketType::kPingreq});
  EXPECT_EQ(client.Hear(), (Lines{"CONNACK 0", "PINGRESP"}));
  EXPECT_TRUE(broker.IsConnected("a"));
}

TEST_F(MqttBrokerTest, AClientThatDoesNotReadMissesMessagesOfQos0Alone) {
  Client deaf = Quiet("deaf"), talker = Quiet("talker");
  deaf.Send(Sub("#", 1));
  deaf.Hear();
  deaf.core->set_held_bytes(2 << 20);
  talker.Send(Pub("t", "missed"));
  talker.Send(Pub("t", "kept", 1, 7));
  EXPECT_EQ(deaf.Hear(), (Lines{"PUBLISH t=kept q1"}));
  deaf.core->set_held_bytes(0);
  talker.Send(Pub("t", "heard"));
  EXPECT_EQ(deaf.Hear(), (Lines{"PUBLISH t=heard q0"}));
}

TEST_F(MqttBrokerTest, ClosesWhenTheFirstPacketIsNotConnect) {
  Client client(broker);
  client.Send(Bare{PacketType::kPingreq});
  EXPECT_TRUE(client.core->wants_close());
  EXPECT_EQ(client.Hear(), Lines{});
}

TEST_F(MqttBrokerTest, ClosesOnASecondConnect) {
  Client client = Quiet("a");
  client.Send(Connect{.client_id = "a"});
  EXPECT_TRUE(client.core->wants_close());
  EXPECT_FALSE(broker.IsConnected("a"));
}

TEST_F(MqttBrokerTest, RefusesOtherVersionsInTheirOwnForm) {
  Client five(broker);
  five.Send(Connect{.protocol_level = 5, .client_id = "a"});
  const Bytes expected = {std::byte{0x20}, std::byte{3}, std::byte{0}, std::byte{0x84},
                          std::byte{0}};
  EXPECT_EQ(five.core->TakeOutput(), expected);
  EXPECT_TRUE(five.core->wants_close());
  Client three(broker);
  three.Send(Connect{.protocol_level = 3, .client_id = "a"});
  EXPECT_EQ(three.Hear(), (Lines{"CONNACK 1"}));
  EXPECT_TRUE(three.core->wants_close());
}

TEST_F(MqttBrokerTest, RefusesWhomTheAuthorityRefuses) {
  Client client = Connected("mallory");
  EXPECT_EQ(client.Hear(), (Lines{"CONNACK 4"}));
  EXPECT_TRUE(client.core->wants_close());
  EXPECT_EQ(authority.log, (Lines{"refused mallory: mallory"}));
}

TEST_F(MqttBrokerTest, NamesTheNamelessAndRefusesThemALastingSession) {
  Client nameless = Connected("");
  EXPECT_EQ(nameless.Hear(), (Lines{"CONNACK 0"}));
  Client lasting = Connected("", false);
  EXPECT_EQ(lasting.Hear(), (Lines{"CONNACK 2"}));
  EXPECT_TRUE(lasting.core->wants_close());
}

TEST_F(MqttBrokerTest, DeliversAtTheLowerQos) {
  Client subscriber = Quiet("s");
  subscriber.Send(
      Subscribe{.packet_id = 5, .subscriptions = {{"t", 1}, {"bad", 0}, {"secret/x", 2}}});
  EXPECT_EQ(subscriber.Hear(), (Lines{"SUBACK 1 0 128"}));
  Client publisher = Quiet("p");
  publisher.Send(Pub("t", "zero", 0));
  publisher.Send(Pub("t", "one", 1, 7));
  publisher.Send(Pub("t", "two", 2, 8));
  EXPECT_EQ(publisher.Hear(), (Lines{"PUBACK 7", "PUBREC 8"}));
  EXPECT_EQ(subscriber.Hear(),
            (Lines{"PUBLISH t=zero q0", "PUBLISH t=one q1", "PUBLISH t=two q1"}));
}

TEST_F(MqttBrokerTest, DeliversOnceWhereSubscriptionsOverlap) {
  Client client = Quiet("a");
  client.Send(Subscribe{.packet_id = 1, .subscriptions = {{"#", 0}, {"t/+", 2}, {"t/x", 1}}});
  client.Hear();
  broker.Publish(Pub("t/x", "v", 2));
  EXPECT_EQ(client.Hear(), (Lines{"PUBLISH t/x=v q2"}));
}

TEST_F(MqttBrokerTest, StopsAfterUnsubscribe) {
  Client client = Quiet("a");
  client.Send(Sub("t", 0));
  client.Send(Unsubscribe{.packet_id = 2, .filters = {"t", "never"}});
  client.Hear();
  broker.Publish(Pub("t", "v"));
  EXPECT_EQ(client.Hear(), Lines{});
}

TEST_F(MqttBrokerTest, ForwardsAQos2MessageOnceHoweverOftenItIsSent) {
  Client subscriber = Quiet("s");
  subscriber.Send(Sub("t", 0));
  subscriber.Hear();
  Client publisher = Quiet("p");
  Publish message = Pub("t", "v", 2, 9);
  publisher.Send(message);
  message.duplicate = true;
  publisher.Send(message);
  publisher.Send(Ack{PacketType::kPubrel, 9});
  publisher.Send(
      Ack{PacketType::kPubrel, 9});  // Answered again: the first PUBCOMP may have been lost.
  EXPECT_EQ(publisher.Hear(), (Lines{"PUBREC 9", "PUBREC 9", "PUBCOMP 9", "PUBCOMP 9"}));
  EXPECT_EQ(subscriber.Hear(), (Lines{"PUBLISH t=v q0"}));
  publisher.Send(Pub("t", "w", 2, 9));  // The identifier is free: this is another message.
  EXPECT_EQ(subscriber.Hear(), (Lines{"PUBLISH t=w q0"}));
}

TEST_F(MqttBrokerTest, SendsAgainWhatWasNotAcknowledged) {
  Client first = Quiet("a", false);
  first.Send(Sub("t", 2));
  first.Hear();
  broker.Publish(Pub("t", "acked", 1));
  broker.Publish(Pub("t", "lost", 1));
  broker.Publish(Pub("t", "released", 2));
  first.Hear();
  first.Send(Ack{PacketType::kPuback, 1});
  first.Send(Ack{PacketType::kPubrec, 3});
  EXPECT_EQ(first.Hear(), (Lines{"PUBREL 3"}));
  first.core->OnClose(At(1));
  broker.Publish(Pub("t", "offline", 1));
  broker.Publish(Pub("t", "offline at QoS 0", 0));

  Client second = Connected("a", false);
  EXPECT_EQ(second.Hear(), (Lines{"CONNACK 0 present", "PUBLISH t=lost q1 dup", "PUBREL 3",
                                  "PUBLISH t=offline q1"}));
  second.Send(Ack{PacketType::kPubcomp, 3});
  Client third = Connected("a", true);  // A clean session forgets all of it.
  EXPECT_EQ(third.Hear(), (Lines{"CONNACK 0"}));
  broker.Publish(Pub("t", "v", 1));
  EXPECT_EQ(third.Hear(), Lines{});
}

TEST_F(MqttBrokerTest, HoldsBackBeyondTheWindow) {
  Client client = Quiet("a");
  client.Send(Sub("t", 1));
  client.Hear();
  for (int i = 0; i < 25; ++i) broker.Publish(Pub("t", std::to_string(i), 1));
  EXPECT_EQ(client.Hear().size(), 20u);
  client.Send(Ack{PacketType::kPuback, 4});
  EXPECT_EQ(client.Hear(), (Lines{"PUBLISH t=20 q1"}));
}

TEST_F(MqttBrokerTest, KeepsRetainedMessagesForLaterSubscribers) {
  Client publisher = Quiet("p");
  Publish message = Pub("t/a", "old", 1, 1);
  message.retain = true;
  publisher.Send(message);
  message.payload = ToBytes("new");
  publisher.Send(message);
  Client client = Quiet("a");
  client.Send(Sub("t/#", 0));
  EXPECT_EQ(client.Hear(), (Lines{"SUBACK 0", "PUBLISH t/a=new q0 retained"}));
  message.payload = ToBytes("live");
  publisher.Send(message);
  EXPECT_EQ(client.Hear(),
            (Lines{"PUBLISH t/a=live q0"}));  // Not retained for who is subscribed already.
  message.payload.clear();
  publisher.Send(message);
  EXPECT_EQ(client.Hear(), (Lines{"PUBLISH t/a= q0"}));
  client.Send(Sub("t/#", 0));
  EXPECT_EQ(client.Hear(), (Lines{"SUBACK 0"}));
}

TEST_F(MqttBrokerTest, SendsTheWillUnlessTheClientSaysGoodbye) {
  Client watcher = Quiet("w");
  watcher.Send(Sub("will", 1));
  watcher.Hear();
  const Connect connect{.client_id = "a",
                        .will = Will{.topic = "will", .payload = ToBytes("gone"), .qos = 1}};
  Client polite(broker);
  polite.Send(connect);
  polite.Send(Bare{PacketType::kDisconnect});
  EXPECT_TRUE(polite.core->wants_close());
  EXPECT_EQ(watcher.Hear(), Lines{});
  Client rude(broker);
  rude.Send(connect);
  rude.core->OnClose(At(1));
  EXPECT_EQ(watcher.Hear(), (Lines{"PUBLISH will=gone q1"}));
}

TEST_F(MqttBrokerTest, LetsANewConnectionTakeTheClientIdOver) {
  Client first = Quiet("a", false);
  first.Send(Sub("t", 1));
  first.Hear();
  Client second = Connected("a", false);
  EXPECT_TRUE(first.core->wants_close());
  EXPECT_EQ(second.Hear(), (Lines{"CONNACK 0 present"}));
  first.core->OnClose(At(1));
  first.core.reset();
  EXPECT_TRUE(broker.IsConnected("a"));
  broker.Publish(Pub("t", "v", 1));
  EXPECT_EQ(second.Hear(), (Lines{"PUBLISH t=v q1"}));
}

TEST_F(MqttBrokerTest, EndsAConnectionThatIsSilentFor1500MillisecondsPerKeepAliveSecond) {
  Client client = Connected("a", true, 10);
  EXPECT_EQ(client.core->next_timer(), At(15));
  client.Send(Bare{PacketType::kPingreq}, At(4));
  EXPECT_EQ(client.core->next_timer(), At(19));
  client.core->OnTimer(At(15));
  EXPECT_FALSE(client.core->wants_close());
  client.core->OnTimer(At(19));
  EXPECT_TRUE(client.core->wants_close());
  EXPECT_FALSE(broker.IsConnected("a"));
}

TEST_F(MqttBrokerTest, EndsAConnectionThatNeverConnects) {
  Client client(broker, At(1));
  EXPECT_EQ(client.core->next_timer(), At(11));
  client.core->OnTimer(At(11));
  EXPECT_TRUE(client.core->wants_close());
}

TEST_F(MqttBrokerTest, DisconnectsWhoPublishesWhereItMayNot) {
  Client client = Quiet("a");
  client.Send(Pub("secret/x", "v", 1, 1));
  EXPECT_TRUE(client.core->wants_close());
  EXPECT_EQ(client.Hear(), Lines{});
  EXPECT_EQ(authority.log, (Lines{"a: may not publish to secret/x"}));
}

TEST_F(MqttBrokerTest, KeepsClientsFromTalkingOverServerTopics) {
  Client subscriber = Quiet("s");
  subscriber.Send(
      Subscribe{.packet_id = 1, .subscriptions = {{"#", 0}, {"$SYS/#", 0}, {"+/x", 0}}});
  subscriber.Hear();
  Client publisher = Quiet("p");
  publisher.Send(Pub("$SYS/x", "v", 1, 3));
  EXPECT_EQ(publisher.Hear(), (Lines{"PUBACK 3"}));
  EXPECT_EQ(subscriber.Hear(), Lines{});
}

TEST_F(MqttBrokerTest, ClosesOnWildcardsInATopicName) {
  Client client = Quiet("a");
  client.Send(Pub("a/#", "v"));
  EXPECT_TRUE(client.core->wants_close());
}

TEST_F(MqttBrokerTest, ForgetsWhomItEvicts) {
  Client client = Quiet("a", false);
  client.Send(Sub("t", 1));
  broker.Evict(At(1), "a", "the account is gone");
  EXPECT_TRUE(client.core->wants_close());
  Client again = Connected("a", false);
  EXPECT_EQ(again.Hear(), (Lines{"CONNACK 0"}));
}

TEST_F(MqttBrokerTest, OutlivedByAConnectionThatIsThenDead) {
  auto mortal = std::make_unique<Broker>(Broker::Config{}, authority);
  Client client(*mortal);
  client.Send(Connect{.client_id = "a"});
  mortal.reset();
  client.Send(Bare{PacketType::kPingreq});
  client.core->OnClose(At(1));
  EXPECT_EQ(client.Hear(), (Lines{"CONNACK 0"}));
}

// Cut anywhere and damaged anywhere, a conversation never crashes the broker, and equal bytes leave
// equal state.
TEST_F(MqttBrokerTest, SurvivesDamagedConversations) {
  Bytes script;
  for (const Packet& packet : std::vector<Packet>{
           Connect{.clean_session = false,
  .client_id = "a",
  .will = Will{.topic = "w", .payload = ToBytes("x"), .qos = 2}},
           Sub("t/#", 2), Pub("t/a", "one", 1, 1), Pub("t/b", "two", 2, 2),
           Ack{PacketType::kPubrel, 2}, Ack{PacketType::kPuback, 1}, Ack{PacketType::kPubrec, 2},
           Ack{PacketType::kPubcomp, 2}, Unsubscribe{.packet_id = 4, .filters = {"t/#"}},
           Bare{PacketType::kDisconnect}}) {
    const Bytes bytes = Encode(packet);
    script.insert(script.end(), bytes.begin(), bytes.end());
  }
  const auto play = [&](uint64_t seed) {
    RandomStream random(seed);
    Broker victim{Broker::Config{}, authority};
    std::vector<std::unique_ptr<StreamCore>> cores;
    for (int round = 0; round < 20; ++round) {
      Bytes bytes = script;
      for (uint64_t flips = random.Below(3); flips > 0; --flips) {
        bytes[random.Below(bytes.size())] ^= static_cast<std::byte>(1 << random.Below(8));
      }
      bytes.resize(random.Below(bytes.size() + 1));
      cores.push_back(victim.Accept(At(round), {}));
      const size_t cut = random.Below(bytes.size() + 1);
      cores.back()->OnBytes(At(round), std::span(bytes).first(cut));
      cores.back()->OnBytes(At(round), std::span(bytes).subspan(cut));
      if (random.Chance(0.5)) cores.back()->OnClose(At(round));
      if (random.Chance(0.5))
        cores.erase(cores.begin() + static_cast<long>(random.Below(cores.size())));
    }
    Hasher hasher;
    victim.AddToHash(hasher);
    return hasher.Digest();
  };
  for (uint64_t seed = 1; seed <= 300; ++seed) EXPECT_EQ(play(seed), play(seed)) << seed;
}

}  // namespace
}  // namespace dustproof::mqtt
