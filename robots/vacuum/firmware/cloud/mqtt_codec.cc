#include "robots/vacuum/firmware/cloud/mqtt_codec.h"

namespace vacuum {
namespace {

void PutU16(std::string& out, uint16_t value) {
  out += static_cast<char>(value >> 8);
  out += static_cast<char>(value & 0xFF);
}

void PutText(std::string& out, std::string_view text) {
  PutU16(out, static_cast<uint16_t>(text.size()));
  out += text;
}

uint16_t GetU16(std::string_view bytes, size_t at) {
  return static_cast<uint16_t>(static_cast<uint8_t>(bytes[at]) << 8 |
                               static_cast<uint8_t>(bytes[at + 1]));
}

std::string Packet(uint8_t first, std::string_view body) {
  std::string packet(1, static_cast<char>(first));
  size_t length = body.size();
  do {
    uint8_t digit = length & 0x7F;
    length >>= 7;
    if (length > 0) digit |= 0x80;
    packet += static_cast<char>(digit);
  } while (length > 0);
  return packet.append(body);
}

}  // namespace

std::string EncodeConnect(const MqttConnect& connect) {
  std::string body;
  PutText(body, "MQTT");
  body += '\x04';  // Protocol level of 3.1.1.
  body += '\xC2';  // User name, password, clean session.
  PutU16(body, connect.keep_alive_s);
  PutText(body, connect.client_id);
  PutText(body, connect.username);
  PutText(body, connect.password);
  return Packet(0x10, body);
}

std::string EncodePublish(std::string_view topic, std::string_view payload, int qos,
                          uint16_t packet_id) {
  std::string body;
  PutText(body, topic);
  if (qos > 0) PutU16(body, packet_id);
  body += payload;
  return Packet(static_cast<uint8_t>(0x30 | qos << 1), body);
}

std::string EncodePuback(uint16_t packet_id) {
  std::string body;
  PutU16(body, packet_id);
  return Packet(0x40, body);
}

std::string EncodeSubscribe(uint16_t packet_id, std::string_view filter, int qos) {
  std::string body;
  PutU16(body, packet_id);
  PutText(body, filter);
  body += static_cast<char>(qos);
  return Packet(0x82, body);
}

std::string EncodePing() { return Packet(0xC0, {}); }
std::string EncodeDisconnect() { return Packet(0xE0, {}); }

std::optional<MqttPacket> MqttDecoder::Next() {
  if (broken_) return std::nullopt;
  size_t length = 0;
  size_t header = 1;
  for (;; ++header) {
    if (header >= buffer_.size()) return std::nullopt;
    const auto digit = static_cast<uint8_t>(buffer_[header]);
    length |= static_cast<size_t>(digit & 0x7F) << (7 * (header - 1));
    if ((digit & 0x80) == 0) break;
    if (header == 4) {  // A fifth digit isn't allowed.
      broken_ = true;
      return std::nullopt;
    }
  }
  ++header;
  if (length > packet_bytes_max_) {
    broken_ = true;
    return std::nullopt;
  }
  if (buffer_.size() < header + length) return std::nullopt;
  auto packet =
      Parse(static_cast<uint8_t>(buffer_[0]), std::string_view(buffer_).substr(header, length));
  if (!packet) broken_ = true;
  buffer_.erase(0, header + length);
  return packet;
}

std::optional<MqttPacket> MqttDecoder::Parse(uint8_t first, std::string_view body) {
  MqttPacket packet;
  packet.type = static_cast<MqttPacketType>(first >> 4);
  if (packet.type != MqttPacketType::kPublish && (first & 0x0F) != 0) return std::nullopt;
  switch (packet.type) {
    case MqttPacketType::kConnack:
      if (body.size() != 2) return std::nullopt;
      packet.return_code = static_cast<uint8_t>(body[1]);
      return packet;
    case MqttPacketType::kPuback:
      if (body.size() != 2) return std::nullopt;
      packet.packet_id = GetU16(body, 0);
      return packet;
    case MqttPacketType::kSuback:
      if (body.size() != 3) return std::nullopt;  // One filter was asked for.
      packet.packet_id = GetU16(body, 0);
      packet.return_code = static_cast<uint8_t>(body[2]);
      return packet;
    case MqttPacketType::kPingresp:
      if (!body.empty()) return std::nullopt;
      return packet;
    case MqttPacketType::kPublish: {
      packet.qos = first >> 1 & 3;
      if (packet.qos > 1 || body.size() < 2) return std::nullopt;  // QoS 2 was never asked for.
      const size_t topic_bytes = GetU16(body, 0);
      const size_t payload_at = 2 + topic_bytes + (packet.qos > 0 ? 2 : 0);
      if (payload_at > body.size()) return std::nullopt;
      packet.topic = std::string(body.substr(2, topic_bytes));
      if (packet.qos > 0) packet.packet_id = GetU16(body, 2 + topic_bytes);
      packet.payload = std::string(body.substr(payload_at));
      return packet;
    }
  }
  return std::nullopt;
}

}  // namespace vacuum
