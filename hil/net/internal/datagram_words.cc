#include "hil/net/internal/datagram_words.h"

#include "hil/net/net_types.h"

namespace dustproof::internal {

std::string ProtocolOfPort(uint16_t port) {
  switch (port) {
    case kDnsPort:
      return "dns";
    case kNtpPort:
      return "ntp";
    case kMdnsPort:
      return "mdns";
    case kSsdpPort:
      return "ssdp";
    default:
      return "";
  }
}

Party PublicParty(uint32_t group_address) {
  return {"public", "anyone on the local network", "public", "", FormatAddress(group_address)};
}

}  // namespace dustproof::internal
