#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "hil/protocol/stream_core.h"
#include "sim/core/result.h"

/// MQTT 3.1.1 control packets (OASIS standard, 29 October 2014): plain structs, a strict decoder
/// and an encoder for both directions. Tags such as [MQTT-3.1.2-3] name the standard's normative
/// statements.
namespace dustproof::mqtt {

enum class PacketType : uint8_t {
  kConnect = 1,
  kConnack = 2,
  kPublish = 3,
  kPuback = 4,
  kPubrec = 5,
  kPubrel = 6,
  kPubcomp = 7,
  kSubscribe = 8,
  kSuback = 9,
  kUnsubscribe = 10,
  kUnsuback = 11,
  kPingreq = 12,
  kPingresp = 13,
  kDisconnect = 14,
};

/// "PUBLISH" and so on, for messages.
std::string_view Name(PacketType type);

enum class ConnectCode : uint8_t {
  kAccepted = 0,
  kBadProtocolVersion = 1,
  kIdentifierRejected = 2,
  kServerUnavailable = 3,
  kBadUserNameOrPassword = 4,
  kNotAuthorized = 5,
};

/// What a SUBACK says of a filter that was refused.
inline constexpr uint8_t kSubscribeFailure = 0x80;

struct Will {
  std::string topic;
  Bytes payload;
  uint8_t qos = 0;
  bool retain = false;
};

/// Of a protocol level other than 4 only `protocol_level` is filled in: nothing else in it can be
/// relied on.
struct Connect {
  uint8_t protocol_level = 4;
  bool clean_session = true;
  uint16_t keep_alive_s = 0;
  std::string client_id;
  std::optional<Will> will = std::nullopt;
  std::optional<std::string> user_name = std::nullopt;
  std::optional<Bytes> password = std::nullopt;
};

struct Connack {
  bool session_present = false;
  uint8_t code = 0;
};

struct Publish {
  std::string topic;
  Bytes payload;
  uint8_t qos = 0;
  bool retain = false;
  bool duplicate = false;
  uint16_t packet_id = 0;  ///< Only at QoS 1 and 2, never 0 there.
};

/// PUBACK, PUBREC, PUBREL, PUBCOMP, UNSUBACK.
struct Ack {
  PacketType type{};
  uint16_t packet_id = 0;
};

struct Subscription {
  std::string filter;
  uint8_t qos = 0;
};

struct Subscribe {
  uint16_t packet_id = 0;
  std::vector<Subscription> subscriptions;
};

struct Suback {
  uint16_t packet_id = 0;
  std::vector<uint8_t> codes;  ///< Granted QoS, or `kSubscribeFailure`; one a filter.
};

struct Unsubscribe {
  uint16_t packet_id = 0;
  std::vector<std::string> filters;
};

/// PINGREQ, PINGRESP, DISCONNECT.
struct Bare {
  PacketType type{};
};

using Packet = std::variant<Connect, Connack, Publish, Ack, Subscribe, Suback, Unsubscribe, Bare>;

/// One packet from its fixed header's first byte and everything after the remaining length. Refuses
/// whatever the standard calls malformed or a protocol violation that is visible in a single
/// packet.
Result<Packet> Decode(uint8_t first_byte, std::span<const std::byte> body);

/// @pre The packet is one that `Decode` would accept.
Bytes Encode(const Packet& packet);

/// Cuts a byte stream into packets.
class PacketReader {
 public:
  /// Packets whose remaining length exceeds `packet_bytes_max` are refused as soon as their header
  /// is seen.
  explicit PacketReader(size_t packet_bytes_max) : packet_bytes_max_(packet_bytes_max) {}

  void Append(std::span<const std::byte> bytes) {
    buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
  }

  /// The next whole packet; nothing while one is incomplete. After an error the stream can't be
  /// resumed.
  Result<std::optional<Packet>> Next();

  size_t buffered_bytes() const { return buffer_.size() - begin_; }

 private:
  size_t packet_bytes_max_;
  Bytes buffer_;
  size_t begin_ = 0;
};

/// Well-formed UTF-8 without U+0000 [MQTT-1.5.3-1, MQTT-1.5.3-2].
bool IsValidString(std::string_view text);

}  // namespace dustproof::mqtt
