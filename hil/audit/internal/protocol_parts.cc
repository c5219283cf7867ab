#include "hil/audit/internal/protocol_parts.h"

#include <algorithm>
#include <cctype>

#include "hil/audit/internal/number_text.h"
#include "hil/audit/internal/spellings.h"

namespace dustproof::internal {

namespace {

using Kind = ProtocolPart::Kind;

class PartList {
 public:
  void Add(Kind kind, size_t begin, size_t end, std::string label, std::string where = "") {
    if (begin < end)
      parts_.push_back({kind, std::move(label), std::move(where), {begin, end}, std::nullopt, {}});
  }
  std::vector<ProtocolPart>& parts() { return parts_; }

 private:
  std::vector<ProtocolPart> parts_;
};

/// Bytes that the protocol fixes; where they are something else, the sender has put it there.
void AddFixed(std::string_view text, ByteRange range, std::string_view expected,
              const std::string& where, PartList& list) {
  const bool as_fixed = text.substr(range.begin, range.size()) == expected;
  list.Add(as_fixed ? Kind::kFraming : Kind::kPayload, range.begin, range.end,
           as_fixed ? "fixed bytes" : "in place of fixed bytes", where);
}

/// Bytes that are zero where nobody hides anything in them.
void AddPadding(std::string_view text, size_t begin, size_t end, const std::string& where,
                PartList& list) {
  end = std::min(end, text.size());
  if (begin >= end) return;
  const bool zero =
      text.substr(begin, end - begin).find_first_not_of('\0') == std::string_view::npos;
  list.Add(zero ? Kind::kFraming : Kind::kPayload, begin, end, zero ? "padding" : "in padding",
           where);
}

uint16_t BigEndian16(std::string_view text, size_t at) {
  return static_cast<uint16_t>(static_cast<uint8_t>(text[at]) << 8 |
                               static_cast<uint8_t>(text[at + 1]));
}

// ----------------------------------------------------------------------------------------------
// HTTP

bool LooksLikeHttp(std::string_view text) {
  for (const char* start :
       {"GET ", "PUT ", "POST ", "HEAD ", "DELETE ", "PATCH ", "OPTIONS ", "HTTP/1."}) {
    if (text.starts_with(start)) return true;
  }
  return false;
}

/// Body in chunks from `at` on; returns the offset after it.
size_t TakeChunks(std::string_view text, size_t at, const std::string& where, PartList& list) {
  ProtocolPart body{Kind::kPayload, "http body", where, {at, at}, Bytes(), {}};
  while (at < text.size()) {
    const size_t line_end = text.find("\r\n", at);
    if (line_end == std::string_view::npos) break;
    const size_t digits_end =
        std::min({text.find_first_not_of("0123456789abcdefABCDEF", at), line_end, at + 16});
    const std::string digits(text.substr(at, digits_end - at));
    const size_t size = std::strtoul(digits.c_str(), nullptr, 16);
    list.Add(Kind::kFraming, at, digits_end, "http chunk");
    list.Add(Kind::kValue, digits_end, line_end, "http chunk extension", where);
    list.Add(Kind::kFraming, line_end, line_end + 2, "http chunk");
    at = line_end + 2;
    const size_t taken = std::min(size, text.size() - at);
    for (size_t i = 0; i < taken; ++i) {
      body.joined->push_back(static_cast<std::byte>(text[at + i]));
      body.table.push_back(static_cast<uint32_t>(at + i));
    }
    if (taken > 0) body.range.end = at + taken;
    at += taken;
    const size_t next = std::min(at + 2, text.size());
    AddFixed(text, {at, next}, "\r\n", where, list);
    at = next;
    if (size == 0) break;
  }
  if (!body.joined->empty()) {
    body.range.begin = body.table.front();
    body.table.push_back(static_cast<uint32_t>(body.range.end));
    list.parts().push_back(std::move(body));
  }
  return at;
}

size_t TakeHttpMessage(std::string_view text, size_t at, PartList& list) {
  const size_t head_end = text.find("\r\n\r\n", at);
  if (head_end == std::string_view::npos || !LooksLikeHttp(text.substr(at))) return at;
  const size_t line_end = text.find("\r\n", at);
  const std::string_view line = text.substr(at, line_end - at);
  const size_t first_space = line.find(' '), last_space = line.rfind(' ');
  std::string where = "http response";
  if (!line.starts_with("HTTP/") && last_space > first_space) {
    std::string_view path = line.substr(first_space + 1, last_space - first_space - 1);
    where = "http " + std::string(line.substr(0, first_space)) + " " +
            std::string(path.substr(0, path.find('?')));
    list.Add(Kind::kFraming, at, at + first_space + 1, "http method");
    list.Add(Kind::kRoute, at + first_space + 1, at + last_space, "http path", where);
    const bool known =
        line.substr(last_space).starts_with(" HTTP/1.") && line.size() == last_space + 9;
    list.Add(known ? Kind::kFraming : Kind::kValue, at + last_space, line_end, "http version",
             where);
    list.Add(Kind::kFraming, line_end, line_end + 2, "http line");
  } else {
    list.Add(Kind::kFraming, at, line_end + 2, "http status");
  }
  size_t length = 0;
  bool chunked = false;
  for (size_t header = line_end + 2; header < head_end + 2;) {
    const size_t end = text.find("\r\n", header);
    const size_t colon = text.find(':', header);
    if (colon == std::string_view::npos || colon > end) {
      list.Add(Kind::kValue, header, end, "http header", where);
    } else {
      const std::string name = Lower(text.substr(header, colon - header));
      size_t value = colon + 1;
      while (value < end && text[value] == ' ') ++value;
      const std::string_view content = text.substr(value, end - value);
      if (name == "content-length")
        length = std::strtoul(std::string(content.substr(0, 20)).c_str(), nullptr, 10);
      if (name == "transfer-encoding" && Lower(content) == "chunked") chunked = true;
      list.Add(Kind::kFraming, header, value, "http header name");
      list.Add(Kind::kValue, value, end, "http header " + name, where);
    }
    list.Add(Kind::kFraming, end, end + 2, "http line");
    header = end + 2;
  }
  list.Add(Kind::kFraming, head_end + 2, head_end + 4, "http line");
  at = head_end + 4;
  if (chunked) return TakeChunks(text, at, where, list);
  const size_t end = at + std::min(length, text.size() - at);
  list.Add(Kind::kPayload, at, end, "http body", where);
  return end;
}

void SplitHttp(std::string_view text, PartList& list) {
  size_t at = 0;
  while (at < text.size()) {
    const size_t next = TakeHttpMessage(text, at, list);
    if (next == at) break;
    at = next;
  }
  list.Add(Kind::kPayload, at, text.size(), "after http", "http rest");
}

// ----------------------------------------------------------------------------------------------
// MQTT

struct MqttPacket {
  int type = 0, flags = 0;
  size_t begin = 0, body = 0, end = 0;
};

bool TakeMqttPacket(std::string_view text, size_t at, MqttPacket& packet) {
  packet.begin = at;
  packet.type = static_cast<uint8_t>(text[at]) >> 4;
  packet.flags = static_cast<uint8_t>(text[at]) & 15;
  size_t length = 0;
  for (int shift = 0; shift < 28; shift += 7) {
    if (++at >= text.size()) return false;
    const auto byte = static_cast<uint8_t>(text[at]);
    length |= static_cast<size_t>(byte & 0x7f) << shift;
    if ((byte & 0x80) != 0) continue;
    packet.body = at + 1;
    packet.end = packet.body + length;
    return packet.type != 0 && packet.end <= text.size();
  }
  return false;
}

/// A string with its length in front; false where it leaves the packet.
bool TakeMqttField(std::string_view text, size_t& at, size_t end, ByteRange& field) {
  if (at + 2 > end) return false;
  field = {at + 2, at + 2 + BigEndian16(text, at)};
  if (field.end > end) return false;
  at = field.end;
  return true;
}

void SplitConnect(std::string_view text, const MqttPacket& packet, PartList& list) {
  ByteRange field;
  size_t at = packet.body;
  const bool has_name = TakeMqttField(text, at, packet.end, field);
  const std::string_view name = has_name ? text.substr(field.begin, field.size()) : "";
  if ((name != "MQTT" && name != "MQIsdp") || at + 4 > packet.end) {
    list.Add(Kind::kPayload, packet.begin, packet.end, "mqtt packet", "mqtt CONNECT");
    return;
  }
  const auto flags = static_cast<uint8_t>(text[at + 1]);
  at += 4;
  size_t framed = packet.begin;
  auto take = [&](const char* label, Kind kind) {
    if (!TakeMqttField(text, at, packet.end, field)) return;
    list.Add(Kind::kFraming, framed, field.begin, "mqtt connect");
    list.Add(kind, field.begin, field.end, label, "mqtt CONNECT");
    framed = field.end;
  };
  take("mqtt client id", Kind::kValue);
  if ((flags & 0x04) != 0)
    take("mqtt will topic", Kind::kRoute), take("mqtt will payload", Kind::kPayload);
  if ((flags & 0x80) != 0) take("mqtt user name", Kind::kValue);
  if ((flags & 0x40) != 0) take("mqtt password", Kind::kValue);
  const size_t fixed_end = framed == packet.begin ? at : framed;
  list.Add(Kind::kFraming, framed, fixed_end, "mqtt connect");
  list.Add(Kind::kPayload, fixed_end, packet.end, "mqtt packet", "mqtt CONNECT");
}

void SplitPublish(std::string_view text, const MqttPacket& packet, PartList& list) {
  ByteRange topic;
  size_t at = packet.body;
  if (!TakeMqttField(text, at, packet.end, topic)) {
    list.Add(Kind::kPayload, packet.begin, packet.end, "mqtt packet", "mqtt publish");
    return;
  }
  const std::string where = "mqtt " + std::string(text.substr(topic.begin, topic.size()));
  const size_t payload = std::min(packet.end, at + ((packet.flags >> 1 & 3) != 0 ? 2 : 0));
  list.Add(Kind::kFraming, packet.begin, topic.begin, "mqtt publish");
  list.Add(Kind::kRoute, topic.begin, topic.end, "mqtt topic", where);
  list.Add(Kind::kFraming, topic.end, payload, "mqtt publish");
  list.Add(Kind::kPayload, payload, packet.end, "mqtt payload", where);
}

void SplitSubscribe(std::string_view text, const MqttPacket& packet, PartList& list) {
  size_t at = std::min(packet.body + 2, packet.end), framed = packet.begin;
  ByteRange topic;
  while (at < packet.end && TakeMqttField(text, at, packet.end, topic)) {
    list.Add(Kind::kFraming, framed, topic.begin, "mqtt subscribe");
    list.Add(Kind::kRoute, topic.begin, topic.end, "mqtt topic",
             "mqtt subscribe " + std::string(text.substr(topic.begin, topic.size())));
    framed = topic.end;
    if (packet.type == 8) at = std::min(at + 1, packet.end);
  }
  list.Add(Kind::kFraming, framed, at, "mqtt subscribe");
  list.Add(Kind::kPayload, at, packet.end, "mqtt packet", "mqtt subscribe");
}

void SplitMqtt(std::string_view text, PartList& list) {
  size_t at = 0;
  MqttPacket packet;
  while (at < text.size() && TakeMqttPacket(text, at, packet)) {
    if (packet.type == 1) {
      SplitConnect(text, packet, list);
    } else if (packet.type == 3) {
      SplitPublish(text, packet, list);
    } else if (packet.type == 8 || packet.type == 10) {
      SplitSubscribe(text, packet, list);
    } else {
      list.Add(packet.end - packet.begin <= 4 ? Kind::kFraming : Kind::kPayload, packet.begin,
               packet.end, "mqtt packet", "mqtt packet of type " + std::to_string(packet.type));
    }
    at = packet.end;
  }
  list.Add(Kind::kPayload, at, text.size(), "after mqtt", "mqtt rest");
}

bool LooksLikeMqtt(std::string_view text) {
  return text.size() >= 12 && text[0] == 0x10 &&
         text.substr(0, 16).find("MQTT") != std::string_view::npos;
}

// ----------------------------------------------------------------------------------------------
// DNS, DHCP

void SplitDns(std::string_view text, PartList& list) {
  if (text.size() < 12) {
    list.Add(Kind::kPayload, 0, text.size(), "dns", "dns rest");
    return;
  }
  const int questions = BigEndian16(text, 4);
  size_t at = 12, framed = 0;
  for (int i = 0; i < questions && at < text.size(); ++i) {
    // The name as one part: its labels are joined with dots, the last length dropped.
    ProtocolPart name{Kind::kRoute, "dns name", "dns query", {at, at}, Bytes(), {}};
    while (at < text.size() && text[at] != 0 && (static_cast<uint8_t>(text[at]) & 0xC0) == 0) {
      const size_t length = static_cast<uint8_t>(text[at]);
      if (!name.joined->empty())
        name.joined->push_back(std::byte{'.'}), name.table.push_back(static_cast<uint32_t>(at));
      for (size_t k = 1; k <= length && at + k < text.size(); ++k) {
        name.joined->push_back(static_cast<std::byte>(text[at + k]));
        name.table.push_back(static_cast<uint32_t>(at + k));
      }
      at = std::min(at + 1 + length, text.size());
    }
    if (!name.joined->empty()) {
      list.Add(Kind::kFraming, framed, name.range.begin, "dns");
      name.range.end = at;
      name.table.push_back(static_cast<uint32_t>(at));
      framed = at;
      list.parts().push_back(std::move(name));
    }
    const bool pointer = at < text.size() && (static_cast<uint8_t>(text[at]) & 0xC0) != 0;
    at = std::min(at + (pointer ? 6 : 5), text.size());
  }
  const bool only_query = text.size() >= 12 && BigEndian16(text, 6) == 0 &&
                          BigEndian16(text, 8) == 0 && BigEndian16(text, 10) == 0;
  list.Add(Kind::kFraming, framed, at, "dns");
  list.Add(Kind::kPayload, at, text.size(), only_query ? "dns rest" : "dns records",
           only_query ? "dns rest" : "dns records");
}

void SplitDhcp(std::string_view text, PartList& list) {
  // Addresses, then a server's name and a boot file that no robot has, a magic number, the options.
  constexpr size_t kNames = 44, kMagic = 236, kOptions = 240;
  list.Add(Kind::kFraming, 0, std::min(kNames, text.size()), "dhcp");
  AddPadding(text, kNames, kMagic, "dhcp names", list);
  list.Add(Kind::kFraming, kMagic, std::min(kOptions, text.size()), "dhcp");
  size_t at = kOptions;
  while (at + 1 < text.size() && static_cast<uint8_t>(text[at]) != 255) {
    if (text[at] == 0) {
      list.Add(Kind::kFraming, at, at + 1, "dhcp pad");
      ++at;
      continue;
    }
    const auto option = static_cast<uint8_t>(text[at]);
    const size_t end = std::min(at + 2 + static_cast<uint8_t>(text[at + 1]), text.size());
    // Host name, vendor class, client identifier and what nobody knows are the client's own words.
    const bool own_words =
        option == 12 || option == 60 || option == 81 || (option > 61 && option != 82);
    list.Add(Kind::kFraming, at, at + 2, "dhcp option");
    list.Add(own_words ? Kind::kPayload : Kind::kFraming, at + 2, end,
             "dhcp option " + std::to_string(option), "dhcp option " + std::to_string(option));
    at = end;
  }
  const bool has_end = at < text.size() && static_cast<uint8_t>(text[at]) == 255;
  if (has_end) list.Add(Kind::kFraming, at, at + 1, "dhcp end");
  AddPadding(text, has_end ? at + 1 : at, text.size(), "dhcp end", list);
}

}  // namespace

std::vector<ProtocolPart> SplitClientHello(std::span<const std::byte> bytes) {
  PartList list;
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  // Record header 5, handshake header 4, version 2, random 32.
  size_t at = 43;
  if (text.size() < 48 || text[0] != 0x16 || text[5] != 1) return {};
  at += 1 + static_cast<uint8_t>(text[at]);
  if (at + 2 > text.size()) return {};
  at += 2 + BigEndian16(text, at);
  if (at + 1 > text.size()) return {};
  at += 1 + static_cast<uint8_t>(text[at]);
  at += 2;
  while (at + 4 <= text.size()) {
    const int type = BigEndian16(text, at);
    const size_t end = std::min(at + 4 + BigEndian16(text, at + 2), text.size());
    if (type == 0 && at + 9 < end)
      list.Add(Kind::kRoute, at + 9, end, "tls server name", "tls hello");
    if (type == 16 && at + 6 < end) list.Add(Kind::kValue, at + 6, end, "tls alpn", "tls hello");
    at = end;
    if (end == text.size()) break;
  }
  return std::move(list.parts());
}

std::vector<ProtocolPart> SplitFlow(const Flow& flow) {
  PartList list;
  const std::string_view text(reinterpret_cast<const char*>(flow.data.data()), flow.data.size());
  const bool mdns = flow.destination_port == 5353;
  if (flow.handshake) {
    // All of it is the protocol's but the names in it.
    size_t framed = 0;
    for (ProtocolPart& part : SplitClientHello(flow.data)) {
      list.Add(Kind::kFraming, framed, part.range.begin, "tls hello");
      framed = part.range.end;
      list.parts().push_back(std::move(part));
    }
    list.Add(Kind::kFraming, framed, text.size(), "tls hello");
  } else if (flow.opaque) {
    list.Add(Kind::kPayload, 0, text.size(), "encrypted", "tls that could not be decrypted");
  } else if (flow.kind == EmissionKind::kDns ||
             (flow.protocol == "dns" && flow.kind != EmissionKind::kPlaintext) || mdns) {
    SplitDns(text, list);
  } else if (flow.kind == EmissionKind::kDhcp || flow.protocol == "dhcp") {
    SplitDhcp(text, list);
  } else if (flow.protocol == "arp" || flow.protocol == "igmp" || flow.protocol == "ndp") {
    list.Add(Kind::kFraming, 0, text.size(), flow.protocol);
  } else if (LooksLikeMqtt(text)) {
    SplitMqtt(text, list);
  } else if (LooksLikeHttp(text)) {
    SplitHttp(text, list);
  } else {
    const char* label = flow.kind == EmissionKind::kRadioName ? "radio name"
                        : flow.kind == EmissionKind::kUart    ? "uart"
                                                              : "";
    list.Add(Kind::kPayload, 0, text.size(), label,
             std::string(label).empty() ? flow.protocol + " payload" : label);
  }
  return std::move(list.parts());
}

}  // namespace dustproof::internal
