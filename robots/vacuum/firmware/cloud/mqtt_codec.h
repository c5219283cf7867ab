#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// MQTT 3.1.1 control packets, as far as a client with clean sessions and QoS 0 and 1 needs them.
namespace vacuum {

struct MqttConnect {
  std::string client_id, username, password;
  uint16_t keep_alive_s = 60;
};

std::string EncodeConnect(const MqttConnect& connect);
/// @pre `qos` is 0 or 1; `packet_id` is above 0 where it is 1.
std::string EncodePublish(std::string_view topic, std::string_view payload, int qos,
                          uint16_t packet_id);
std::string EncodePuback(uint16_t packet_id);
std::string EncodeSubscribe(uint16_t packet_id, std::string_view filter, int qos);
std::string EncodePing();
std::string EncodeDisconnect();

enum class MqttPacketType : uint8_t {
  kConnack = 2,
  kPublish = 3,
  kPuback = 4,
  kSuback = 9,
  kPingresp = 13,
};

/// A packet that the broker sent.
struct MqttPacket {
  MqttPacketType type{};
  uint16_t packet_id = 0;   ///< PUBACK, SUBACK, PUBLISH at QoS 1.
  uint8_t return_code = 0;  ///< CONNACK, SUBACK (0x80: refused).
  int qos = 0;              ///< PUBLISH.
  std::string topic;        ///< PUBLISH.
  std::string payload;      ///< PUBLISH.
};

/// Cuts the broker's bytes into packets.
class MqttDecoder {
 public:
  explicit MqttDecoder(size_t packet_bytes_max = 65536) : packet_bytes_max_(packet_bytes_max) {}

  void Feed(const void* data, size_t bytes) {
    buffer_.append(static_cast<const char*>(data), bytes);
  }
  /// The next whole packet, or none yet. After a protocol error there is never another.
  std::optional<MqttPacket> Next();
  /// Whether the broker broke the protocol (or sent what a client must refuse).
  bool broken() const { return broken_; }

 private:
  std::optional<MqttPacket> Parse(uint8_t first, std::string_view body);

  const size_t packet_bytes_max_;
  std::string buffer_;
  bool broken_ = false;
};

}  // namespace vacuum
