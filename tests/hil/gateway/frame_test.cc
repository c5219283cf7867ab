#include "hil/gateway/internal/frame.h"

#include <gtest/gtest.h>

#include <list>
#include <string>
#include <vector>

namespace dustproof::internal {
namespace {

using Octets = std::vector<uint8_t>;

Octets operator+(Octets left, const Octets& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

// A frame's views need its octets, which are kept.
std::optional<Frame> Parse(const Octets& octets) {
  static std::list<Octets> kept;
  return ParseFrame(std::as_bytes(std::span(kept.emplace_back(octets))));
}

// Written down from the standards' own pictures, byte by byte.
const Octets kToHost = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2};
const Octets kToAll = {255, 255, 255, 255, 255, 255, 2, 0, 0, 0, 0, 2};
const Octets kIpv4 = {0x08, 0x00}, kArp = {0x08, 0x06}, kIpv6 = {0x86, 0xdd}, kVlan7 = {0x81, 0x00, 0x00, 0x07};

Octets Ipv4Of(uint8_t protocol, const Octets& body, uint8_t fragment = 0) {
  const auto length = static_cast<uint8_t>(20 + body.size());
  return Octets{0x45, 0, 0, length, 0, 1, fragment, 0, 64, protocol, 0, 0, 192, 168, 1, 50, 8, 8, 4, 4} + body;
}
const Octets kUdpHello = {0xc0, 0x00, 0x00, 0x35, 0x00, 13, 0, 0, 'h', 'e', 'l', 'l', 'o'};

TEST(FrameTest, ADatagramHasItsEndsAndPayload) {
  const Octets octets = kToHost + kIpv4 + Ipv4Of(17, kUdpHello);
  const auto frame = Parse(octets);
  ASSERT_TRUE(frame && frame->ipv4);
  EXPECT_EQ(frame->ipv4->source, (NetEndpoint{MakeAddress(192, 168, 1, 50), 0xc000}));
  EXPECT_EQ(frame->ipv4->destination, (NetEndpoint{MakeAddress(8, 8, 4, 4), 53}));
  EXPECT_EQ(frame->ipv4->payload.size(), 5u);
  EXPECT_FALSE(frame->to_group);
  EXPECT_EQ(ProtocolOf(*frame), "udp");
}

TEST(FrameTest, VlanTagsAreSteppedOver) {
  const auto frame = Parse(kToAll + kVlan7 + kVlan7 + kIpv4 + Ipv4Of(17, kUdpHello));
  ASSERT_TRUE(frame && frame->ipv4);
  EXPECT_EQ(frame->ipv4->destination.port, 53);
  EXPECT_TRUE(frame->to_group);
}

TEST(FrameTest, PaddingIsNoPayloadButIsSeenWhereItSpeaks) {
  const Octets packet = kToHost + kIpv4 + Ipv4Of(17, kUdpHello);
  const auto zeros = Parse(packet + Octets(18, 0));
  EXPECT_EQ(zeros->ipv4->payload.size(), 5u);
  EXPECT_FALSE(zeros->padding_speaks);
  EXPECT_TRUE(Parse(packet + Octets{0, 0, 'k'})->padding_speaks);
}

TEST(FrameTest, TcpsOptionsAreNoPayload) {
  const Octets segment = {0xc0, 0, 1, 0xbb, 0, 0, 0, 1, 0, 0, 0, 0, 0x60, 0x02, 0, 0, 0, 0, 0, 0, 2, 4, 5, 0xb4, 'x'};
  const auto frame = Parse(kToHost + kIpv4 + Ipv4Of(6, segment));
  EXPECT_EQ(frame->ipv4->tcp_flags, kTcpSyn);
  EXPECT_EQ(frame->ipv4->destination.port, 443);
  EXPECT_EQ(frame->ipv4->payload.size(), 1u);
}

TEST(FrameTest, AFragmentIsAPacketAsAWhole) {
  for (const uint8_t fragment : {uint8_t{0x20}, uint8_t{0x01}}) {
    const auto frame = Parse(kToHost + kIpv4 + Ipv4Of(17, kUdpHello, fragment));
    EXPECT_FALSE(frame->ipv4);
    EXPECT_EQ(ProtocolOf(*frame), "ipv4");
    EXPECT_EQ(frame->network.size(), 33u);
    EXPECT_EQ(DestinationOf(*frame), "8.8.4.4");
  }
}

TEST(FrameTest, HeadersThatLieAreNotReadFurther) {
  Octets long_one = Ipv4Of(17, kUdpHello), short_header = long_one;
  long_one[3] = 200;
  short_header[0] = 0x44;
  EXPECT_FALSE(Parse(kToHost + kIpv4 + long_one)->ipv4);
  EXPECT_FALSE(Parse(kToHost + kIpv4 + short_header)->ipv4);
  EXPECT_FALSE(Parse(Octets(13, 0)));
  EXPECT_TRUE(Parse(kToHost + kIpv4));
  const Octets segment = {0xc0, 0, 1, 0xbb, 0, 0, 0, 1, 0, 0, 0, 0, 0xf0, 0x10, 0, 0, 0, 0, 0, 0};
  EXPECT_EQ(Parse(kToHost + kIpv4 + Ipv4Of(6, segment))->ipv4->payload.size(), 0u);
}

TEST(FrameTest, ArpIsPlainWhereItSaysOnlyWhoAsks) {
  const Octets request = {0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 2, 192, 168, 1, 50, 0, 0, 0, 0, 0, 0, 192, 168, 1, 1};
  EXPECT_TRUE(IsPlainArp(*Parse(kToAll + kArp + request)));
  EXPECT_TRUE(IsPlainArp(*Parse(kToAll + kArp + request + Octets(18, 0))));
  EXPECT_FALSE(IsPlainArp(*Parse(kToAll + kArp + request + Octets{'s', 'e', 'c'})));
  Octets of_another = request;
  of_another[13] = 9;
  EXPECT_FALSE(IsPlainArp(*Parse(kToAll + kArp + of_another)));
}

TEST(FrameTest, NeighbourDiscoveryIsToldFromWhatElseIpv6Says) {
  const auto ipv6 = [](uint8_t next, const Octets& body) {
    return Octets{0x60, 0, 0, 0, 0, 8, next, 255, 0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2} + body;
  };
  const auto solicitation = Parse(kToHost + kIpv6 + ipv6(58, {133, 0, 0, 0, 0, 0, 0, 0}));
  EXPECT_EQ(ProtocolOf(*solicitation), "ndp");
  EXPECT_EQ(DestinationOf(*solicitation), "ff02::2");
  EXPECT_EQ(ProtocolOf(*Parse(kToHost + kIpv6 + ipv6(58, {128, 0, 0, 0, 0, 0, 0, 0}))), "icmpv6");
  EXPECT_EQ(ProtocolOf(*Parse(kToHost + kIpv6 + ipv6(0, {58, 0, 5, 2, 0, 0, 1, 0, 143, 0, 0, 0}))), "ndp");
  EXPECT_EQ(ProtocolOf(*Parse(kToHost + kIpv6 + ipv6(17, kUdpHello))), "ipv6");
  EXPECT_EQ(ProtocolOf(*Parse(kToHost + kIpv6 + Octets{0x60})), "ipv6");
}

}  // namespace
}  // namespace dustproof::internal
