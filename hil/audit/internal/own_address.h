#pragma once

#include <set>
#include <string>
#include <vector>

#include "hil/audit/internal/content.h"
#include "hil/audit/internal/flows.h"

namespace dustproof::internal {

/// Where a packet holds its sender's own Ethernet address because the protocol has it there, as a radio shows its own: sender and
/// target of ARP (RFC 826), the link-layer address options of neighbour discovery (RFC 4861, 4.6.1), and interface identifiers made
/// of it (EUI-64, RFC 4291, appendix A) in the IPv6 address that it sends from or asks and answers for. Anything else in the packet is
/// the sender's free choice. `stations`: addresses of boards on the wire, "a4:c1:38:0b:5e:99".
std::vector<ByteRange> OwnAddressPlaces(const Flow& flow, const std::set<std::string>& stations);

}  // namespace dustproof::internal
