#include "hil/gateway/internal/frame.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstdio>

namespace dustproof::internal {
namespace {

// Sizes and offsets as RFC 791 (IPv4), 9293 (TCP), 768 (UDP), 8200 (IPv6), 826 (ARP) and IEEE 802.1Q have them.
constexpr size_t kEthernetHeader = 14, kVlanTag = 4, kIpv4Header = 20, kIpv6Header = 40, kTcpHeader = 20, kUdpHeader = 8;
constexpr uint16_t kEtherTypeVlan = 0x8100, kEtherTypeServiceVlan = 0x88a8;
constexpr size_t kArpOverEthernet = 28, kArpSenderMac = 8;
constexpr uint8_t kIpv6HopByHop = 0;
constexpr uint16_t kFragmentMask = 0x3fff;  // "More fragments" and the offset.

using Span = std::span<const std::byte>;

uint8_t Byte(Span bytes, size_t at) { return static_cast<uint8_t>(bytes[at]); }
uint16_t Word(Span bytes, size_t at) { return static_cast<uint16_t>(Byte(bytes, at) << 8 | Byte(bytes, at + 1)); }
uint32_t Long(Span bytes, size_t at) { return static_cast<uint32_t>(Word(bytes, at)) << 16 | Word(bytes, at + 2); }

MacAddress Mac(Span bytes, size_t at) {
  MacAddress mac;
  for (size_t i = 0; i < mac.size(); ++i) mac[i] = Byte(bytes, at + i);
  return mac;
}

void ReadTransport(Span segment, Ipv4Packet* packet) {
  packet->payload = segment;
  if (packet->protocol == kIpTcp && segment.size() >= kTcpHeader) {
    const size_t header = static_cast<size_t>(Byte(segment, 12) >> 4) * 4;
    packet->tcp_flags = Byte(segment, 13);
    packet->tcp_sequence = Long(segment, 4);
    packet->payload = segment.subspan(std::clamp(header, kTcpHeader, segment.size()));
  } else if (packet->protocol == kIpUdp && segment.size() >= kUdpHeader) {
    packet->payload = segment.subspan(kUdpHeader);
  } else {
    return;
  }
  packet->source.port = Word(segment, 0);
  packet->destination.port = Word(segment, 2);
}

void ReadIpv4(Frame* frame) {
  const Span bytes = frame->network;
  if (bytes.size() < kIpv4Header || Byte(bytes, 0) >> 4 != 4) return;
  const size_t header = static_cast<size_t>(Byte(bytes, 0) & 15) * 4;
  // A segment that the network card still has to cut may say 0: it is longer than the field can tell.
  const size_t length = Word(bytes, 2) == 0 ? bytes.size() : Word(bytes, 2);
  if (header < kIpv4Header || length < header || length > bytes.size()) return;
  const Span padding = bytes.subspan(length);
  frame->padding_speaks = std::any_of(padding.begin(), padding.end(), [](std::byte b) { return b != std::byte{0}; });
  frame->network = bytes.first(length);
  if ((Word(bytes, 6) & kFragmentMask) != 0) return;
  Ipv4Packet& packet = frame->ipv4.emplace();
  packet.protocol = Byte(bytes, 9);
  packet.source.address = Long(bytes, 12);
  packet.destination.address = Long(bytes, 16);
  ReadTransport(frame->network.subspan(header), &packet);
}

// RFC 4861's neighbour discovery and RFC 3810's and 9777's group membership: what any station says to be on a network.
bool IsNeighbourDiscovery(uint8_t icmpv6_type) { return (icmpv6_type >= 130 && icmpv6_type <= 137) || icmpv6_type == 143; }

std::string ProtocolOfIpv6(Span bytes) {
  if (bytes.size() < kIpv6Header) return "ipv6";
  uint8_t next = Byte(bytes, 6);
  size_t at = kIpv6Header;
  if (next == kIpv6HopByHop && bytes.size() > at + 1) {
    next = Byte(bytes, at);
    at += (static_cast<size_t>(Byte(bytes, at + 1)) + 1) * 8;
  }
  if (next != kIpIcmpv6 || bytes.size() <= at) return "ipv6";
  return IsNeighbourDiscovery(Byte(bytes, at)) ? "ndp" : "icmpv6";
}

}  // namespace

std::optional<Frame> ParseFrame(Span bytes) {
  if (bytes.size() < kEthernetHeader) return std::nullopt;
  Frame frame;
  frame.destination = Mac(bytes, 0);
  frame.source = Mac(bytes, 6);
  frame.to_group = (frame.destination[0] & 1) != 0;
  size_t at = 12;
  while ((Word(bytes, at) == kEtherTypeVlan || Word(bytes, at) == kEtherTypeServiceVlan) && at + kVlanTag + 2 <= bytes.size()) at += kVlanTag;
  frame.ether_type = Word(bytes, at);
  frame.network = bytes.subspan(at + 2);
  if (frame.ether_type == kEtherTypeIpv4) ReadIpv4(&frame);
  return frame;
}

bool IsPlainArp(const Frame& frame) {
  const Span bytes = frame.network;
  if (frame.ether_type != kEtherTypeArp || bytes.size() < kArpOverEthernet) return false;
  const bool ipv4_over_ethernet = Word(bytes, 0) == 1 && Word(bytes, 2) == kEtherTypeIpv4 && Byte(bytes, 4) == 6 && Byte(bytes, 5) == 4;
  const Span padding = bytes.subspan(kArpOverEthernet);
  return ipv4_over_ethernet && Word(bytes, 6) <= 2 && Mac(bytes, kArpSenderMac) == frame.source &&
         std::all_of(padding.begin(), padding.end(), [](std::byte b) { return b == std::byte{0}; });
}

std::string ProtocolOf(const Frame& frame) {
  const Span bytes = frame.network;
  if (frame.ether_type == kEtherTypeArp) return "arp";
  if (frame.ether_type == kEtherTypeIpv6) return ProtocolOfIpv6(bytes);
  if (frame.ether_type != kEtherTypeIpv4) return "ethernet";
  if (!frame.ipv4) return "ipv4";
  switch (frame.ipv4->protocol) {
    case kIpIcmp:
      return "icmp";
    case kIpIgmp:
      return "igmp";
    case kIpTcp:
      return "tcp";
    case kIpUdp:
      return "udp";
    default:
      return "ipv4";
  }
}

std::string DestinationOf(const Frame& frame) {
  const Span bytes = frame.network;
  char text[INET6_ADDRSTRLEN] = {};
  if (frame.ether_type == kEtherTypeIpv6 && bytes.size() >= kIpv6Header) {
    inet_ntop(AF_INET6, bytes.data() + 24, text, sizeof text);
  } else if (frame.ether_type == kEtherTypeIpv4 && bytes.size() >= kIpv4Header) {
    return FormatAddress(Long(bytes, 16));
  } else {
    const MacAddress& mac = frame.destination;
    std::snprintf(text, sizeof text, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
  }
  return text;
}

}  // namespace dustproof::internal
