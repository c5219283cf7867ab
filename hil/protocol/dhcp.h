#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/core/result.h"

/// DHCP messages (RFC 2131, options of RFC 2132) over Ethernet addresses.
namespace dustproof {

using Bytes = std::vector<std::byte>;
using MacAddress = std::array<uint8_t, 6>;

enum class DhcpType : uint8_t {
  kDiscover = 1,
  kOffer = 2,
  kRequest = 3,
  kDecline = 4,
  kAck = 5,
  kNak = 6,
  kRelease = 7
};

enum class DhcpOption : uint8_t {
  kSubnetMask = 1,
  kRouter = 3,
  kDnsServer = 6,
  kHostName = 12,
  kRequestedAddress = 50,
  kLeaseTime = 51,
  kMessageType = 53,
  kServerId = 54,
  kParameterList = 55,
  kClientId = 61,
};

struct DhcpMessage {
  struct Option {
    uint8_t code = 0;
    Bytes data;
  };

  bool reply = false;  ///< BOOTREPLY (server to client) rather than BOOTREQUEST.
  uint32_t transaction = 0;
  uint16_t seconds = 0;
  bool broadcast = false;       ///< The client asks for broadcast replies.
  uint32_t client_address = 0;  ///< ciaddr. Addresses in host byte order.
  uint32_t your_address = 0;    ///< yiaddr.
  uint32_t server_address = 0;  ///< siaddr.
  uint32_t relay_address = 0;   ///< giaddr.
  MacAddress client_mac{};
  std::vector<Option> options;  ///< In the order sent.

  void AddOption(DhcpOption code, Bytes data);
  void AddOption(DhcpOption code, uint32_t value);
  void AddOption(DhcpOption code, std::string_view text);
  void SetType(DhcpType type);
  std::optional<DhcpType> type() const;
  const Bytes* Find(DhcpOption code) const;
  std::optional<uint32_t> FindU32(DhcpOption code) const;
};

Result<DhcpMessage> ParseDhcp(std::span<const std::byte> bytes);
/// At least 300 bytes, as BOOTP relays expect. @pre each option holds at most 255 bytes.
Bytes SerializeDhcp(const DhcpMessage& message);

/// What a station asks for: DISCOVER, and REQUEST once it was offered something. `host_name` is
/// left out where empty.
DhcpMessage MakeDhcpDiscover(uint32_t transaction, const MacAddress& mac,
                             std::string_view host_name);
DhcpMessage MakeDhcpRequest(const DhcpMessage& offer, std::string_view host_name);
/// OFFER for a DISCOVER, ACK for a REQUEST.
struct DhcpLease {
  uint32_t address = 0;
  uint32_t server = 0;  ///< Also router and resolver, as on a home router.
  uint32_t mask = 0xffffff00;
  uint32_t seconds = 86400;
};
DhcpMessage MakeDhcpReply(const DhcpMessage& request, DhcpType type, const DhcpLease& lease);

}  // namespace dustproof
