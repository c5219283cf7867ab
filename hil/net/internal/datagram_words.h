#pragma once

#include <cstdint>
#include <string>

#include "hil/capture/messages.h"

/// What a datagram is called by its port and address, simulated or on a real wire.
namespace dustproof::internal {

constexpr uint16_t kDnsPort = 53, kDhcpServerUdpPort = 67, kDhcpClientUdpPort = 68, kNtpPort = 123, kMdnsPort = 5353, kSsdpPort = 1900;

/// "dns", "ntp", "mdns", "ssdp" by the server's port; "" where that says nothing.
std::string ProtocolOfPort(uint16_t port);

/// Whoever is on the same network.
Party PublicParty(uint32_t group_address);

}  // namespace dustproof::internal
