#include "hil/audit/internal/own_address.h"

#include <algorithm>

#include "hil/audit/internal/patterns.h"

namespace dustproof::internal {

namespace {

constexpr size_t kMacBytes = 6;
// ARP over Ethernet for IPv4: eight bytes that say so and what is asked, then addresses of sender and target.
constexpr size_t kArpSender = 8, kArpTarget = 18;
// IPv6: where an address' second half lies, and the headers' lengths and numbers.
constexpr size_t kInterfaceIdentifier = 8, kIpv6Source = 8, kIpv6Header = 40, kIpv6NextHeader = 6;
constexpr uint8_t kHopByHop = 0, kIcmpv6 = 58;
constexpr uint8_t kRouterSolicitation = 133, kRouterAdvertisement = 134, kNeighbourSolicitation = 135, kNeighbourAdvertisement = 136,
                  kRedirect = 137;
constexpr uint8_t kSourceLinkLayerAddress = 1, kTargetLinkLayerAddress = 2;
constexpr size_t kIcmpTarget = 8, kOptionUnit = 8;

class Places {
 public:
  Places(std::span<const std::byte> bytes, const Bytes& mac) : bytes_(bytes), mac_(mac), identifier_(Eui64Of(mac)) {}

  void TakeArp() {
    TakeIfThere(kArpSender, mac_);
    TakeIfThere(kArpTarget, mac_);
  }

  void TakeIpv6() {
    if (bytes_.size() < kIpv6Header) return;
    TakeIfThere(kIpv6Source + kInterfaceIdentifier, identifier_);
    uint8_t next = Byte(kIpv6NextHeader);
    size_t at = kIpv6Header;
    if (next == kHopByHop && at + 1 < bytes_.size()) {
      next = Byte(at);
      at += (static_cast<size_t>(Byte(at + 1)) + 1) * 8;
    }
    if (next == kIcmpv6 && at < bytes_.size()) TakeNeighbourDiscovery(at);
  }

  std::vector<ByteRange> ranges;

 private:
  uint8_t Byte(size_t at) const { return static_cast<uint8_t>(bytes_[at]); }

  void TakeIfThere(size_t at, const Bytes& value) {
    if (at + value.size() > bytes_.size()) return;
    if (std::equal(value.begin(), value.end(), bytes_.begin() + static_cast<ptrdiff_t>(at))) ranges.push_back({at, at + value.size()});
  }

  void TakeNeighbourDiscovery(size_t icmp) {
    const uint8_t type = Byte(icmp);
    if (type == kNeighbourSolicitation || type == kNeighbourAdvertisement) TakeIfThere(icmp + kIcmpTarget + kInterfaceIdentifier, identifier_);
    const size_t fixed = type == kRouterSolicitation                                           ? 8
                         : type == kRouterAdvertisement                                        ? 16
                         : type == kNeighbourSolicitation || type == kNeighbourAdvertisement ? 24
                         : type == kRedirect                                                   ? 40
                                                                                               : 0;
    if (fixed == 0) return;
    // Nothing behind the packet's own end is an option of it.
    const size_t said = kIpv6Header + (static_cast<size_t>(Byte(4)) << 8 | Byte(5));
    const size_t end = std::min(bytes_.size(), said);
    size_t at = icmp + fixed;
    while (at + kOptionUnit <= end && Byte(at + 1) != 0) {
      const size_t length = Byte(at + 1) * kOptionUnit;
      const bool link_layer = Byte(at) == kSourceLinkLayerAddress || Byte(at) == kTargetLinkLayerAddress;
      if (link_layer && length == kOptionUnit) TakeIfThere(at + 2, mac_);
      at += length;
    }
  }

  std::span<const std::byte> bytes_;
  const Bytes& mac_;
  Bytes identifier_;
};

}  // namespace

std::vector<ByteRange> OwnAddressPlaces(const Flow& flow, const std::set<std::string>& stations) {
  const bool arp = flow.protocol == "arp";
  const bool ipv6 = flow.protocol == "ndp" || flow.protocol == "icmpv6" || flow.protocol == "ipv6";
  std::vector<ByteRange> all;
  if ((!arp && !ipv6) || !flow.from_robot()) return all;
  for (const std::string& station : stations) {
    const Bytes mac = ParseMac(station);
    if (mac.size() != kMacBytes) continue;
    Places places(flow.data, mac);
    if (arp) places.TakeArp();
    if (ipv6) places.TakeIpv6();
    all.insert(all.end(), places.ranges.begin(), places.ranges.end());
  }
  return all;
}

}  // namespace dustproof::internal
