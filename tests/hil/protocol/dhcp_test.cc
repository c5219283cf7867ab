#include "hil/protocol/dhcp.h"

#include <gtest/gtest.h>

#include "packet_mangling.h"

namespace dustproof {
namespace {

const MacAddress kMac = {0x50, 0xec, 0x50, 1, 2, 3};

// RFC 2131, figure 1: op 1, htype 1, hlen 6, hops 0, xid, secs 0, flags 0x8000 (broadcast), four
// addresses of zero, the MAC padded to 16 bytes, 64 + 128 bytes of zero, the cookie; then options
// 53 (1: DISCOVER), 12 "robo", 55, the end.
Bytes HandMadeDiscover() {
  Bytes bytes =
      FromHex("01 01 06 00 deadbeef 0000 8000 00000000 00000000 00000000 00000000 50ec50010203");
  bytes.resize(236);
  const Bytes options = FromHex("63825363 350101 0c04726f626f 3704 01030633 ff");
  bytes.insert(bytes.end(), options.begin(), options.end());
  bytes.resize(300);
  return bytes;
}

TEST(DhcpTest, WritesADiscoverAsTheRfcLaysItOut) {
  EXPECT_EQ(ToHex(SerializeDhcp(MakeDhcpDiscover(0xdeadbeef, kMac, "robo"))),
            ToHex(HandMadeDiscover()));
}

TEST(DhcpTest, ReadsADiscover) {
  const Result<DhcpMessage> discover = ParseDhcp(HandMadeDiscover());
  ASSERT_TRUE(discover.ok());
  EXPECT_EQ(discover->type(), DhcpType::kDiscover);
  EXPECT_EQ(discover->client_mac, kMac);
  EXPECT_TRUE(discover->broadcast);
  EXPECT_EQ(ToHex(*discover->Find(DhcpOption::kHostName)), "726f626f");
}

TEST(DhcpTest, SendsNoHostNameUnlessToldTo) {
  EXPECT_EQ(MakeDhcpDiscover(1, kMac, "").Find(DhcpOption::kHostName), nullptr);
}

TEST(DhcpTest, CarriesALeaseFromOfferToAcknowledgement) {
  const DhcpLease lease = {.address = 0xc0a80164, .server = 0xc0a80101};
  const DhcpMessage offer = MakeDhcpReply(MakeDhcpDiscover(7, kMac, ""), DhcpType::kOffer, lease);
  const DhcpMessage request =
      *ParseDhcp(SerializeDhcp(MakeDhcpRequest(*ParseDhcp(SerializeDhcp(offer)), "")));
  EXPECT_EQ(request.type(), DhcpType::kRequest);
  EXPECT_EQ(request.transaction, 7u);
  EXPECT_EQ(request.FindU32(DhcpOption::kRequestedAddress), 0xc0a80164u);
  EXPECT_EQ(request.FindU32(DhcpOption::kServerId), 0xc0a80101u);
}

TEST(DhcpTest, SurvivesWhateverArrives) {
  ForEachMangled(HandMadeDiscover(), [](std::span<const std::byte> bytes) {
    const Result<DhcpMessage> message = ParseDhcp(bytes);
    if (!message.ok()) return;
    SerializeDhcp(*message);
    MakeDhcpRequest(*message, "");
    message->type();
  });
}

}  // namespace
}  // namespace dustproof
