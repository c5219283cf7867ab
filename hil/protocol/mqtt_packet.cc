#include "hil/protocol/mqtt_packet.h"

#include <array>

namespace dustproof::mqtt {
namespace {

constexpr std::array<std::string_view, 15> kNames = {
    "reserved",    "CONNECT",  "CONNACK", "PUBLISH",   "PUBACK",
    "PUBREC",      "PUBREL",   "PUBCOMP", "SUBSCRIBE", "SUBACK",
    "UNSUBSCRIBE", "UNSUBACK", "PINGREQ", "PINGRESP",  "DISCONNECT"};

constexpr size_t kRemainingLengthBytesMax = 4;
constexpr uint8_t kConnectUserName = 0x80, kConnectPassword = 0x40, kConnectWillRetain = 0x20,
                  kConnectWill = 0x04, kConnectCleanSession = 0x02, kConnectReserved = 0x01;

Error Malformed(PacketType type, std::string_view why) {
  return Error::BadInput("MQTT " + std::string(Name(type)) + ": " + std::string(why));
}

/// Reads a packet's body field by field; the first failure sticks, so that callers check once.
class FieldReader {
 public:
  explicit FieldReader(std::span<const std::byte> body) : rest_(body) {}

  uint8_t Byte() {
    if (rest_.empty()) return Fail<uint8_t>("it ends too early");
    const auto value = static_cast<uint8_t>(rest_.front());
    rest_ = rest_.subspan(1);
    return value;
  }
  uint16_t Word() {
    const unsigned high = Byte();
    return static_cast<uint16_t>(high << 8 | Byte());
  }
  std::span<const std::byte> Raw(size_t count) {
    if (count > rest_.size())
      return Fail<std::span<const std::byte>>("a field is longer than the packet");
    const auto field = rest_.first(count);
    rest_ = rest_.subspan(count);
    return field;
  }
  Bytes Binary() {
    const auto raw = Raw(Word());
    return Bytes(raw.begin(), raw.end());
  }
  std::string Text() {
    const auto raw = Raw(Word());
    std::string text(reinterpret_cast<const char*>(raw.data()), raw.size());
    if (!IsValidString(text)) return Fail<std::string>("a string is not UTF-8, or holds U+0000");
    return text;
  }
  uint16_t PacketId() {
    const uint16_t id = Word();
    if (ok() && id == 0) Fail<int>("packet identifier 0");
    return id;
  }
  Bytes Rest() {
    const auto raw = Raw(rest_.size());
    return Bytes(raw.begin(), raw.end());
  }

  bool AtEnd() const { return rest_.empty(); }
  bool ok() const { return problem_.empty(); }
  std::string_view problem() const { return problem_; }
  template <typename T>
  T Fail(std::string_view why) {
    if (problem_.empty()) problem_ = why;
    rest_ = {};
    return T{};
  }

 private:
  std::span<const std::byte> rest_;
  std::string_view problem_;
};

template <typename T>
Result<Packet> Finish(PacketType type, FieldReader& in, T packet) {
  if (in.ok() && !in.AtEnd()) in.Fail<int>("bytes after its last field");
  if (!in.ok()) return Malformed(type, in.problem());
  return Packet(std::move(packet));
}

Result<Packet> DecodeConnect(FieldReader& in) {
  Connect connect;
  const std::string protocol = in.Text();
  connect.protocol_level = in.Byte();
  if (in.ok() && protocol != "MQTT" && protocol != "MQIsdp")
    in.Fail<int>("unknown protocol name");  // [MQTT-3.1.2-1]
  if (!in.ok()) return Malformed(PacketType::kConnect, in.problem());
  if (protocol == "MQIsdp" && connect.protocol_level == 4)
    in.Fail<int>("protocol name and level do not agree");
  if (connect.protocol_level != 4) return Packet(std::move(connect));

  const uint8_t flags = in.Byte();
  connect.clean_session = flags & kConnectCleanSession;
  connect.keep_alive_s = in.Word();
  connect.client_id = in.Text();
  if (flags & kConnectReserved) in.Fail<int>("reserved flag is set");  // [MQTT-3.1.2-3]
  const uint8_t will_qos = flags >> 3 & 3;
  if (flags & kConnectWill) {
    Will will{.topic = in.Text(),
              .payload = in.Binary(),
              .qos = will_qos,
              .retain = (flags & kConnectWillRetain) != 0};
    if (will_qos == 3) in.Fail<int>("will QoS 3");  // [MQTT-3.1.2-14]
    connect.will = std::move(will);
  } else if (will_qos != 0 || (flags & kConnectWillRetain)) {
    in.Fail<int>("will QoS or retain without a will");  // [MQTT-3.1.2-11, -13, -15]
  }
  if (flags & kConnectUserName) connect.user_name = in.Text();
  if (flags & kConnectPassword) {
    if (!(flags & kConnectUserName)) in.Fail<int>("password without user name");  // [MQTT-3.1.2-22]
    connect.password = in.Binary();
  }
  return Finish(PacketType::kConnect, in, std::move(connect));
}

Result<Packet> DecodeConnack(FieldReader& in) {
  const uint8_t flags = in.Byte();
  const Connack connack{.session_present = (flags & 1) != 0, .code = in.Byte()};
  if (flags & 0xFE) in.Fail<int>("reserved flags are set");
  if (connack.session_present && connack.code != 0)
    in.Fail<int>("session present in a refusal");  // [MQTT-3.2.2-4]
  return Finish(PacketType::kConnack, in, connack);
}

Result<Packet> DecodePublish(uint8_t flags, FieldReader& in) {
  Publish publish;
  publish.retain = flags & 1;
  publish.qos = flags >> 1 & 3;
  publish.duplicate = flags & 8;
  publish.topic = in.Text();
  if (publish.qos > 0) publish.packet_id = in.PacketId();
  if (publish.qos == 3) in.Fail<int>("QoS 3");  // [MQTT-3.3.1-4]
  if (publish.qos == 0 && publish.duplicate)
    in.Fail<int>("duplicate flag at QoS 0");  // [MQTT-3.3.1-2]
  publish.payload = in.Rest();
  return Finish(PacketType::kPublish, in, std::move(publish));
}

Result<Packet> DecodeSubscribe(FieldReader& in) {
  Subscribe subscribe{.packet_id = in.PacketId(), .subscriptions = {}};
  do {  // [MQTT-3.8.3-3]: at least one.
    Subscription subscription{.filter = in.Text(), .qos = in.Byte()};
    if (subscription.qos > 2)
      in.Fail<int>("requested QoS above 2, or reserved bits set");  // [MQTT-3-8.3-4]
    subscribe.subscriptions.push_back(std::move(subscription));
  } while (in.ok() && !in.AtEnd());
  return Finish(PacketType::kSubscribe, in, std::move(subscribe));
}

Result<Packet> DecodeSuback(FieldReader& in) {
  Suback suback{.packet_id = in.PacketId(), .codes = {}};
  do {
    suback.codes.push_back(in.Byte());
    if (suback.codes.back() > 2 && suback.codes.back() != kSubscribeFailure)
      in.Fail<int>("reserved return code");
  } while (in.ok() && !in.AtEnd());
  return Finish(PacketType::kSuback, in, std::move(suback));
}

Result<Packet> DecodeUnsubscribe(FieldReader& in) {
  Unsubscribe unsubscribe{.packet_id = in.PacketId(), .filters = {}};
  do {  // [MQTT-3.10.3-2]: at least one.
    unsubscribe.filters.push_back(in.Text());
  } while (in.ok() && !in.AtEnd());
  return Finish(PacketType::kUnsubscribe, in, std::move(unsubscribe));
}

/// The four flag bits that a packet must carry; PUBLISH's are its own [MQTT-2.2.2-1].
uint8_t FixedFlags(PacketType type) {
  const bool two = type == PacketType::kPubrel || type == PacketType::kSubscribe ||
                   type == PacketType::kUnsubscribe;
  return two ? 2 : 0;
}

class FieldWriter {
 public:
  explicit FieldWriter(uint8_t first_byte) : first_byte_(first_byte) {}
  void Byte(uint8_t value) { body_.push_back(static_cast<std::byte>(value)); }
  void Word(size_t value) {
    DP_CHECK(value <= 0xFFFF, value);
    Byte(static_cast<uint8_t>(value >> 8));
    Byte(static_cast<uint8_t>(value));
  }
  void Raw(std::span<const std::byte> bytes) {
    body_.insert(body_.end(), bytes.begin(), bytes.end());
  }
  void Binary(std::span<const std::byte> bytes) {
    Word(bytes.size());
    Raw(bytes);
  }
  void Text(std::string_view text) { Binary(std::as_bytes(std::span(text))); }

  Bytes Finish() const {
    Bytes packet{static_cast<std::byte>(first_byte_)};
    size_t length = body_.size();
    do {
      const auto digit = static_cast<uint8_t>(length % 128);
      length /= 128;
      packet.push_back(static_cast<std::byte>(length > 0 ? digit | 0x80 : digit));
    } while (length > 0);
    packet.insert(packet.end(), body_.begin(), body_.end());
    return packet;
  }

 private:
  uint8_t first_byte_;
  Bytes body_;
};

FieldWriter Begin(PacketType type) {
  return FieldWriter(static_cast<uint8_t>(static_cast<unsigned>(type) << 4 | FixedFlags(type)));
}

Bytes EncodeOne(const Connect& connect) {
  FieldWriter out = Begin(PacketType::kConnect);
  out.Text("MQTT");
  out.Byte(connect.protocol_level);
  unsigned flags = connect.clean_session ? kConnectCleanSession : 0;
  if (connect.will)
    flags |=
        kConnectWill | connect.will->qos << 3 | (connect.will->retain ? kConnectWillRetain : 0);
  if (connect.user_name) flags |= kConnectUserName;
  if (connect.password) flags |= kConnectPassword;
  out.Byte(static_cast<uint8_t>(flags));
  out.Word(connect.keep_alive_s);
  out.Text(connect.client_id);
  if (connect.will) {
    out.Text(connect.will->topic);
    out.Binary(connect.will->payload);
  }
  if (connect.user_name) out.Text(*connect.user_name);
  if (connect.password) out.Binary(*connect.password);
  return out.Finish();
}

Bytes EncodeOne(const Connack& connack) {
  FieldWriter out = Begin(PacketType::kConnack);
  out.Byte(connack.session_present ? 1 : 0);
  out.Byte(connack.code);
  return out.Finish();
}

Bytes EncodeOne(const Publish& publish) {
  const unsigned flags =
      (publish.duplicate ? 8u : 0u) | publish.qos << 1 | (publish.retain ? 1u : 0u);
  FieldWriter out(static_cast<uint8_t>(static_cast<unsigned>(PacketType::kPublish) << 4 | flags));
  out.Text(publish.topic);
  if (publish.qos > 0) out.Word(publish.packet_id);
  out.Raw(publish.payload);
  return out.Finish();
}

Bytes EncodeOne(const Ack& ack) {
  FieldWriter out = Begin(ack.type);
  out.Word(ack.packet_id);
  return out.Finish();
}

Bytes EncodeOne(const Subscribe& subscribe) {
  FieldWriter out = Begin(PacketType::kSubscribe);
  out.Word(subscribe.packet_id);
  for (const Subscription& subscription : subscribe.subscriptions) {
    out.Text(subscription.filter);
    out.Byte(subscription.qos);
  }
  return out.Finish();
}

Bytes EncodeOne(const Suback& suback) {
  FieldWriter out = Begin(PacketType::kSuback);
  out.Word(suback.packet_id);
  for (const uint8_t code : suback.codes) out.Byte(code);
  return out.Finish();
}

Bytes EncodeOne(const Unsubscribe& unsubscribe) {
  FieldWriter out = Begin(PacketType::kUnsubscribe);
  out.Word(unsubscribe.packet_id);
  for (const std::string& filter : unsubscribe.filters) out.Text(filter);
  return out.Finish();
}

Bytes EncodeOne(const Bare& bare) { return Begin(bare.type).Finish(); }

/// Length of the well-formed UTF-8 sequence at the start of `text`, or 0.
size_t SequenceLength(std::string_view text) {
  const auto byte = [&](size_t i) {
    return i < text.size() ? static_cast<uint8_t>(text[i]) : uint8_t{0};
  };
  const uint8_t lead = byte(0);
  if (lead < 0x80) return 1;
  const size_t length = lead >= 0xC2 && lead <= 0xDF   ? 2
                        : lead >= 0xE0 && lead <= 0xEF ? 3
                        : lead >= 0xF0 && lead <= 0xF4 ? 4
                                                       : 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  const bool overlong = (lead == 0xE0 && byte(1) < 0xA0) || (lead == 0xF0 && byte(1) < 0x90);
  const bool surrogate = lead == 0xED && byte(1) > 0x9F;
  const bool too_high = lead == 0xF4 && byte(1) > 0x8F;
  return overlong || surrogate || too_high ? 0 : length;
}

}  // namespace

std::string_view Name(PacketType type) {
  const auto index = static_cast<size_t>(type);
  return index < kNames.size() ? kNames[index] : "reserved";
}

bool IsValidString(std::string_view text) {
  while (!text.empty()) {
    const size_t length = SequenceLength(text);
    if (length == 0 || text.front() == '\0') return false;
    text.remove_prefix(length);
  }
  return true;
}

Result<Packet> Decode(uint8_t first_byte, std::span<const std::byte> body) {
  const auto type = static_cast<PacketType>(first_byte >> 4);
  const uint8_t flags = first_byte & 0x0F;
  if (type != PacketType::kPublish && flags != FixedFlags(type))
    return Malformed(type, "wrong fixed header flags");
  FieldReader in(body);
  switch (type) {
    case PacketType::kConnect:
      return DecodeConnect(in);
    case PacketType::kConnack:
      return DecodeConnack(in);
    case PacketType::kPublish:
      return DecodePublish(flags, in);
    case PacketType::kSubscribe:
      return DecodeSubscribe(in);
    case PacketType::kSuback:
      return DecodeSuback(in);
    case PacketType::kUnsubscribe:
      return DecodeUnsubscribe(in);
    case PacketType::kPuback:
    case PacketType::kPubrec:
    case PacketType::kPubrel:
    case PacketType::kPubcomp:
    case PacketType::kUnsuback:
      return Finish(type, in, Ack{.type = type, .packet_id = in.PacketId()});
    case PacketType::kPingreq:
    case PacketType::kPingresp:
    case PacketType::kDisconnect:
      return Finish(type, in, Bare{.type = type});
  }
  return Error::BadInput("MQTT: reserved packet type " + std::to_string(first_byte >> 4));
}

Bytes Encode(const Packet& packet) {
  return std::visit([](const auto& one) { return EncodeOne(one); }, packet);
}

Result<std::optional<Packet>> PacketReader::Next() {
  const auto rest = std::span<const std::byte>(buffer_).subspan(begin_);
  size_t length = 0, header_bytes = 1;
  for (bool more = true; more; ++header_bytes) {
    if (header_bytes > kRemainingLengthBytesMax)
      return Error::BadInput("MQTT: remaining length has more than four bytes");
    if (header_bytes >= rest.size()) return std::optional<Packet>();
    const auto digit = static_cast<uint8_t>(rest[header_bytes]);
    length |= static_cast<size_t>(digit & 0x7F) << 7 * (header_bytes - 1);
    more = digit & 0x80;
  }
  if (length > packet_bytes_max_) {
    return Error::BadInput("MQTT: a packet of " + std::to_string(length) +
                           " bytes exceeds the limit of " + std::to_string(packet_bytes_max_));
  }
  if (rest.size() < header_bytes + length) return std::optional<Packet>();
  Result<Packet> packet = Decode(static_cast<uint8_t>(rest[0]), rest.subspan(header_bytes, length));
  if (!packet.ok()) return packet.error();
  begin_ += header_bytes + length;
  if (begin_ == buffer_.size() || begin_ > 64 * 1024) {
    buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(begin_));
    begin_ = 0;
  }
  return std::optional<Packet>(std::move(*packet));
}

}  // namespace dustproof::mqtt
