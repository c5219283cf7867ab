#include "hil/protocol/mqtt_packet.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>

#include "sim/core/random.h"

namespace dustproof::mqtt {
namespace {

Bytes Raw(std::initializer_list<int> values) {
  Bytes bytes;
  for (const int value : values) bytes.push_back(static_cast<std::byte>(value));
  return bytes;
}

/// Feeds a whole stream; the first packet, or why there is none.
Result<std::optional<Packet>> ReadOne(const Bytes& stream, size_t limit = 4096) {
  PacketReader reader(limit);
  reader.Append(stream);
  return reader.Next();
}

void ExpectRefused(const Bytes& stream, const std::string& why) {
  const auto packet = ReadOne(stream);
  ASSERT_FALSE(packet.ok()) << why;
  EXPECT_NE(ToString(packet.error()).find(why), std::string::npos) << ToString(packet.error());
}

// Client id "a", clean session, keep-alive 10 s: 10 bytes of variable header, 3 of payload.
const Bytes kPlainConnect = Raw({0x10, 13, 0, 4, 'M', 'Q', 'T', 'T', 4, 0x02, 0, 10, 0, 1, 'a'});

// Will "w" with payload "p" at QoS 1, retained; user "u", password "x": flags
// 0x80+0x40+0x20+0x08+0x04 = 0xEC.
const Bytes kFullConnect = Raw({0x10, 25, 0, 4,   'M', 'Q', 'T', 'T', 4, 0xEC, 0, 0, 0,  1,
                                'a',  0,  1, 'w', 0,   1,   'p', 0,   1, 'u',  0, 1, 'x'});

TEST(MqttPacketTest, ReadsAPlainConnect) {
  const auto packet = ReadOne(kPlainConnect);
  ASSERT_TRUE(packet.ok()) << ToString(packet.error());
  const auto& connect = std::get<Connect>(**packet);
  EXPECT_TRUE(connect.clean_session);
  EXPECT_EQ(connect.keep_alive_s, 10);
  EXPECT_EQ(connect.client_id, "a");
  EXPECT_FALSE(connect.will);
}

TEST(MqttPacketTest, ReadsAConnectWithEverything) {
  const auto packet = ReadOne(kFullConnect);
  ASSERT_TRUE(packet.ok()) << ToString(packet.error());
  const auto& connect = std::get<Connect>(**packet);
  EXPECT_FALSE(connect.clean_session);
  ASSERT_TRUE(connect.will);
  EXPECT_EQ(connect.will->topic, "w");
  EXPECT_EQ(connect.will->payload, Raw({'p'}));
  EXPECT_EQ(connect.will->qos, 1);
  EXPECT_TRUE(connect.will->retain);
  EXPECT_EQ(connect.user_name, "u");
  EXPECT_EQ(connect.password, Raw({'x'}));
  EXPECT_EQ(Encode(**packet), kFullConnect);
}

TEST(MqttPacketTest, ReadsPublishAndItsFlags) {
  const auto packet = ReadOne(Raw({0x3D, 7, 0, 1, 't', 0, 9, 'h', 'i'}));
  ASSERT_TRUE(packet.ok()) << ToString(packet.error());
  const auto& publish = std::get<Publish>(**packet);
  EXPECT_TRUE(publish.duplicate);
  EXPECT_TRUE(publish.retain);
  EXPECT_EQ(publish.qos, 2);
  EXPECT_EQ(publish.packet_id, 9);
  EXPECT_EQ(publish.payload, Raw({'h', 'i'}));
}

TEST(MqttPacketTest, WritesEveryKindAsTheStandardLaysItOut) {
  EXPECT_EQ(Encode(Connack{.session_present = true, .code = 0}), Raw({0x20, 2, 1, 0}));
  EXPECT_EQ(Encode(Publish{.topic = "a/b", .payload = Raw({'x'})}),
            Raw({0x30, 6, 0, 3, 'a', '/', 'b', 'x'}));
  EXPECT_EQ(Encode(Ack{PacketType::kPuback, 0x0102}), Raw({0x40, 2, 1, 2}));
  EXPECT_EQ(Encode(Ack{PacketType::kPubrel, 1}), Raw({0x62, 2, 0, 1}));
  EXPECT_EQ(Encode(Subscribe{.packet_id = 1, .subscriptions = {{"a", 1}, {"b", 0}}}),
            Raw({0x82, 10, 0, 1, 0, 1, 'a', 1, 0, 1, 'b', 0}));
  EXPECT_EQ(Encode(Suback{.packet_id = 1, .codes = {1, 0x80}}), Raw({0x90, 4, 0, 1, 1, 0x80}));
  EXPECT_EQ(Encode(Unsubscribe{.packet_id = 1, .filters = {"a"}}), Raw({0xA2, 5, 0, 1, 0, 1, 'a'}));
  EXPECT_EQ(Encode(Bare{PacketType::kPingresp}), Raw({0xD0, 0}));
}

// 321 = 65 + 2 * 128: the standard's own kind of example, digits 0xC1 0x02.
TEST(MqttPacketTest, WritesAndReadsALengthOfTwoDigits) {
  const Publish publish{.topic = "t", .payload = Bytes(318)};
  const Bytes bytes = Encode(publish);
  EXPECT_EQ(bytes[1], std::byte{0xC1});
  EXPECT_EQ(bytes[2], std::byte{0x02});
  const auto packet = ReadOne(bytes);
  ASSERT_TRUE(packet.ok());
  EXPECT_EQ(std::get<Publish>(**packet).payload.size(), 318u);
}

TEST(MqttPacketTest, WaitsForTheRestOfAPacket) {
  PacketReader reader(4096);
  for (size_t i = 0; i + 1 < kFullConnect.size(); ++i) {
    reader.Append(std::span(kFullConnect).subspan(i, 1));
    const auto packet = reader.Next();
    ASSERT_TRUE(packet.ok());
    EXPECT_FALSE(packet->has_value());
  }
  reader.Append(std::span(kFullConnect).last(1));
  EXPECT_TRUE(reader.Next()->has_value());
  EXPECT_EQ(reader.buffered_bytes(), 0u);
}

TEST(MqttPacketTest, RefusesWhatIsMalformed) {
  ExpectRefused(Raw({0x00, 0}), "reserved packet type 0");
  ExpectRefused(Raw({0xF0, 0}), "reserved packet type 15");
  ExpectRefused(Raw({0xC1, 0}), "PINGREQ: wrong fixed header flags");
  ExpectRefused(Raw({0x80, 5, 0, 1, 0, 1, 'a', 0}), "SUBSCRIBE: wrong fixed header flags");
  ExpectRefused(Raw({0x60, 2, 0, 1}), "PUBREL: wrong fixed header flags");
  ExpectRefused(Raw({0x36, 5, 0, 1, 't', 0, 1}), "QoS 3");
  ExpectRefused(Raw({0x38, 3, 0, 1, 't'}), "duplicate flag at QoS 0");
  ExpectRefused(Raw({0x32, 5, 0, 1, 't', 0, 0}), "packet identifier 0");
  ExpectRefused(Raw({0x30, 3, 0, 9, 't'}), "longer than the packet");
  ExpectRefused(Raw({0x30, 4, 0, 2, 0xC0, 0x80}), "not UTF-8");
  ExpectRefused(Raw({0x30, 3, 0, 1, 0}), "U+0000");
  ExpectRefused(Raw({0x40, 3, 0, 1, 0}), "bytes after its last field");
  ExpectRefused(Raw({0x82, 2, 0, 1}), "SUBSCRIBE: it ends too early");
  ExpectRefused(Raw({0x82, 6, 0, 1, 0, 1, 'a', 3}), "requested QoS above 2");
  ExpectRefused(Raw({0x82, 6, 0, 1, 0, 1, 'a', 4}), "reserved bits");
  ExpectRefused(Raw({0xA2, 2, 0, 1}), "UNSUBSCRIBE: it ends too early");
  ExpectRefused(Raw({0x30, 0xFF, 0xFF, 0xFF, 0xFF, 0x01}), "more than four bytes");
  ExpectRefused(Raw({0x30, 0x81, 0x20}),
                "exceeds the limit");  // 4097 bytes; refused before they arrive.
}

TEST(MqttPacketTest, RefusesABadConnect) {
  const auto changed = [](size_t at, int value) {
    Bytes bytes = kPlainConnect;
    bytes[at] = static_cast<std::byte>(value);
    return bytes;
  };
  ExpectRefused(changed(4, 'X'), "unknown protocol name");
  ExpectRefused(changed(9, 0x03), "reserved flag");
  ExpectRefused(changed(9, 0x0A), "will QoS or retain without a will");
  ExpectRefused(changed(9, 0x22), "will QoS or retain without a will");
  ExpectRefused(changed(9, 0x42), "password without user name");
  Bytes will_qos_3 = kFullConnect;
  will_qos_3[9] = std::byte{0xFC};
  ExpectRefused(will_qos_3, "will QoS 3");
}

TEST(MqttPacketTest, KnowsUtf8) {
  EXPECT_TRUE(IsValidString("caf\xC3\xA9 \xE2\x82\xAC \xF0\x9F\xA4\x96"));
  EXPECT_TRUE(
      IsValidString("\xEF\xBB\xBF"));  // A byte order mark is an ordinary character [MQTT-1.5.3-3].
  EXPECT_FALSE(IsValidString("\xED\xA0\x80"));      // A surrogate.
  EXPECT_FALSE(IsValidString("\xE0\x80\xAF"));      // Overlong.
  EXPECT_FALSE(IsValidString("\xF4\x90\x80\x80"));  // Beyond U+10FFFF.
  EXPECT_FALSE(IsValidString("\xC3"));              // Cut short.
  EXPECT_FALSE(IsValidString(std::string("a\0b", 3)));
}

// Whatever comes, the reader answers with packets or an error, and what it accepts it can write
// again.
TEST(MqttPacketTest, SurvivesFlippedBitsAndNoise) {
  RandomStream random(7);
  for (int round = 0; round < 20000; ++round) {
    Bytes bytes = round % 2 ? kFullConnect : Raw({0x82, 10, 0, 1, 0, 1, 'a', 1, 0, 1, 'b', 0});
    if (round % 5 == 0) random.Fill(bytes);
    for (uint64_t flips = random.Below(4); flips > 0; --flips) {
      bytes[random.Below(bytes.size())] ^= static_cast<std::byte>(1 << random.Below(8));
    }
    PacketReader reader(4096);
    reader.Append(bytes);
    for (auto packet = reader.Next(); packet.ok() && packet->has_value(); packet = reader.Next()) {
      if (const auto* connect = std::get_if<Connect>(&**packet);
          connect && connect->protocol_level != 4)
        continue;
      const Bytes again = Encode(**packet);
      EXPECT_TRUE(ReadOne(again).ok());
    }
  }
}

}  // namespace
}  // namespace dustproof::mqtt
