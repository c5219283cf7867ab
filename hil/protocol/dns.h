#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/core/result.h"

/// DNS messages (RFC 1035), as the resolver and the recording see them.
namespace dustproof {

using Bytes = std::vector<std::byte>;

enum class DnsType : uint16_t { kA = 1, kCname = 5, kPtr = 12, kTxt = 16, kAaaa = 28, kSrv = 33 };
enum class DnsCode : uint8_t {
  kNoError = 0,
  kFormatError = 1,
  kServerFailure = 2,
  kNoSuchName = 3,
  kNotImplemented = 4
};

struct DnsQuestion {
  std::string name;  ///< Labels joined by dots, without the last one; bytes as sent, case kept.
  uint16_t type = 1;
  uint16_t record_class = 1;
};

struct DnsRecord {
  std::string name;
  uint16_t type = 1;
  uint16_t record_class = 1;
  uint32_t ttl_s = 0;
  Bytes data;
};

struct DnsMessage {
  uint16_t id = 0;
  bool response = false;
  uint8_t opcode = 0;
  bool authoritative = false;
  bool truncated = false;
  bool recursion_desired = false;
  bool recursion_available = false;
  uint8_t code = 0;
  std::vector<DnsQuestion> questions;
  std::vector<DnsRecord> answers, authorities, additionals;
};

/// Reads a message, following compression pointers (backwards only, so that none can loop).
Result<DnsMessage> ParseDns(std::span<const std::byte> bytes);

/// Writes a message. Record names equal to the first question's are written as a pointer to it.
/// @pre every name is valid by `IsDnsName`.
Bytes SerializeDns(const DnsMessage& message);

/// Whether `name` can be asked for: labels of 1 to 63 bytes, 253 in all.
bool IsDnsName(std::string_view name);

/// A query for the IPv4 addresses of `name`, with recursion desired.
DnsMessage MakeDnsQuery(uint16_t id, std::string_view name);
/// The answer to `query` with these IPv4 addresses (host byte order); none means that the name
/// doesn't exist.
DnsMessage MakeDnsAnswer(const DnsMessage& query, std::span<const uint32_t> addresses,
                         uint32_t ttl_s);
/// IPv4 addresses among the answers, host byte order.
std::vector<uint32_t> DnsAddresses(const DnsMessage& message);

}  // namespace dustproof
