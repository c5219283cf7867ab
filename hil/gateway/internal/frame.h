#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "hil/net/net_types.h"

namespace dustproof::internal {

/// Of a whole IPv4 packet, no fragment.
struct Ipv4Packet {
  NetEndpoint source, destination;  ///< Ports are 0 where the protocol has none.
  uint8_t protocol = 0;
  uint8_t tcp_flags = 0;
  uint32_t tcp_sequence = 0;
  std::span<const std::byte> payload;  ///< Of TCP or UDP, else behind the header.
};

/// What one Ethernet frame carries. Spans are into the frame.
struct Frame {
  MacAddress destination{}, source{};
  uint16_t ether_type = 0;  ///< Behind VLAN tags.
  bool to_group = false;    ///< To several stations or all.
  std::span<const std::byte> network;  ///< From the network header on, without the padding behind an IPv4 packet.
  bool padding_speaks = false;         ///< Behind that packet is something that is not zero.

  std::optional<Ipv4Packet> ipv4;  ///< Of one that is no fragment.
};

constexpr uint16_t kEtherTypeIpv4 = 0x0800, kEtherTypeArp = 0x0806, kEtherTypeIpv6 = 0x86dd;
constexpr uint8_t kIpIcmp = 1, kIpIgmp = 2, kIpTcp = 6, kIpUdp = 17, kIpIcmpv6 = 58;
constexpr uint8_t kTcpSyn = 0x02, kTcpAck = 0x10;

/// Nothing where it is too short for Ethernet. What an upper layer's header says wrongly, that layer is not read.
std::optional<Frame> ParseFrame(std::span<const std::byte> bytes);

/// In an ARP message of IPv4 over Ethernet: the sender's IPv4 address, and how much is from there on.
constexpr size_t kArpSenderAddress = 14, kArpSaidBytes = 14;
/// Such a message, whose sender is the frame's own and behind which nothing stands.
bool IsPlainArp(const Frame& frame);

/// "icmp", "igmp", "ipv6", "icmpv6", "ndp" (its part that finds neighbours), "arp", …; "ethernet" where it has no name here.
std::string ProtocolOf(const Frame& frame);
/// Where the frame goes, for people: an IPv4, IPv6 or Ethernet address.
std::string DestinationOf(const Frame& frame);

}  // namespace dustproof::internal
