#include "hil/protocol/internal/mqtt_connection.h"

#include <algorithm>
#include <array>
#include <utility>
#include <variant>

#include "hil/protocol/mqtt_topic.h"

namespace dustproof::mqtt {
namespace {

/// Topics of the server itself; clients can't send to them (chapter 4.7.2).
bool IsServerTopic(std::string_view topic) { return topic.starts_with("$SYS"); }

constexpr size_t kUnsentBytesMax = 1 << 20;

/// CONNACK as MQTT 5 lays it out: no session, reason 0x84 "unsupported protocol version", no
/// properties.
constexpr std::array kConnackOfVersion5 = {std::byte{0x20}, std::byte{0x03}, std::byte{0x00},
                                           std::byte{0x84}, std::byte{0x00}};

}  // namespace

Connection::Connection(SimTime now, Broker& broker, StreamPeer peer)
    : broker_(&broker),
      peer_(std::move(peer)),
      reader_(broker.config_.packet_bytes_max),
      deadline_(now + broker.config_.connect_timeout) {}

Connection::~Connection() {
  if (!broker_) return;
  broker_->Detach(*this);
  std::erase(broker_->connections_, this);
}

void Connection::OnBytes(SimTime now, std::span<const std::byte> bytes) {
  if (ended_ || !broker_) return;
  reader_.Append(bytes);
  while (!ended_) {
    Result<std::optional<Packet>> packet = reader_.Next();
    if (!packet.ok()) return End(now, ToString(packet.error()), WillFate::kSent);  // [MQTT-4.8.0-1]
    if (!packet->has_value()) return;
    Handle(now, **packet);
    if (session_ && silence_max_ > SimDuration()) deadline_ = now + silence_max_;
  }
}

void Connection::OnTimer(SimTime now) {
  if (ended_ || !broker_ || !next_timer() || now < deadline_) return;
  End(now, session_ ? "nothing heard for 1.5 times the keep-alive" : "no CONNECT in time",
      WillFate::kSent);
}

std::optional<SimTime> Connection::next_timer() const {
  if (ended_ || (session_ && silence_max_ == SimDuration())) return std::nullopt;
  return deadline_;
}

void Connection::End(SimTime now, const std::string& reason, WillFate fate) {
  if (ended_) return;
  ended_ = true;
  Close();
  if (!broker_) return;
  Broker& broker = *broker_;
  const bool had_session = session_ != nullptr;
  broker.Detach(*this);
  session_ = nullptr;
  if (!had_session) return broker.authority_.OnRefused(now, peer_, client_id_, reason);
  if (will_ && fate == WillFate::kSent) {  // [MQTT-3.1.2-8]
    const mqtt::Publish message{.topic = will_->topic,
                                .payload = will_->payload,
                                .qos = will_->qos,
                                .retain = will_->retain};
    broker.authority_.OnPublished(now, client_id_, message);
    broker.Route(message);
  }
  broker.authority_.OnDisconnected(now, client_id_, reason);
}

void Connection::Handle(SimTime now, Packet& packet) {
  const bool is_connect = std::holds_alternative<Connect>(packet);
  if (is_connect == (session_ != nullptr)) {  // [MQTT-3.1.0-1, MQTT-3.1.0-2]
    return End(now, is_connect ? "a second CONNECT" : "the first packet is not CONNECT",
               WillFate::kSent);
  }
  std::visit([&](auto& one) { Handle(now, one); }, packet);
}

// A client that does not read misses messages of QoS 0: others are few until it acknowledges them.
void Connection::SendPacket(const Packet& packet) {
  const auto* publish = std::get_if<Publish>(&packet);
  if (publish != nullptr && publish->qos == 0 && unsent_bytes() > kUnsentBytesMax) return;
  Send(Encode(packet));
}

void Connection::Refuse(SimTime now, ConnectCode code, const std::string& reason) {
  SendPacket(Connack{.session_present = false, .code = static_cast<uint8_t>(code)});
  End(now, reason, WillFate::kDiscarded);
}

void Connection::Handle(SimTime now, Connect& connect) {
  if (connect.protocol_level == 5) {
    Send(kConnackOfVersion5);
    return End(now, "MQTT 5 is not spoken here", WillFate::kDiscarded);
  }
  if (connect.protocol_level != 4) {  // [MQTT-3.1.2-2]
    return Refuse(
        now, ConnectCode::kBadProtocolVersion,
        "protocol level " + std::to_string(connect.protocol_level) + " is not spoken here");
  }
  if (connect.client_id.empty() && !connect.clean_session) {  // [MQTT-3.1.3-8]
    return Refuse(now, ConnectCode::kIdentifierRejected, "a lasting session without a client id");
  }
  client_id_ = connect.client_id;
  const Authority::Verdict verdict = broker_->authority_.Authenticate(now, peer_, connect);
  if (verdict.code != ConnectCode::kAccepted) return Refuse(now, verdict.code, verdict.reason);
  if (client_id_.empty())
    client_id_ = "unnamed-" + std::to_string(++broker_->assigned_ids_);  // [MQTT-3.1.3-6]
  if (connect.will && !IsValidTopicName(connect.will->topic)) {
    return End(now, "the will's topic is not a topic name", WillFate::kDiscarded);
  }
  if (connect.will && !broker_->authority_.MayPublish(now, client_id_, connect.will->topic)) {
    return Refuse(now, ConnectCode::kNotAuthorized,
                  "may not publish its will to " + connect.will->topic);
  }
  will_ = std::move(connect.will);
  silence_max_ = SimDuration::Milliseconds(1500) * connect.keep_alive_s;  // [MQTT-3.1.2-24]

  const bool session_present = broker_->Attach(now, *this, connect.clean_session);
  session_ = &broker_->clients_.at(client_id_).session;
  SendPacket(Connack{.session_present = session_present, .code = 0});
  session_->Resume([this](const Packet& packet) { SendPacket(packet); });
  broker_->authority_.OnConnected(now, client_id_);
}

void Connection::Handle(SimTime now, Publish& publish) {
  if (!IsValidTopicName(publish.topic))
    return End(now, "PUBLISH: not a topic name", WillFate::kSent);
  if (!broker_->authority_.MayPublish(now, client_id_, publish.topic)) {
    return End(now, "may not publish to " + publish.topic, WillFate::kSent);
  }
  // At QoS 2 the message goes on at once, and its identifier is kept until PUBREL (method B of
  // figure 4.3).
  const bool is_new = publish.qos < 2 || session_->BeginReceive(publish.packet_id);
  if (is_new && !IsServerTopic(publish.topic)) {
    broker_->authority_.OnPublished(now, client_id_, publish);
    if (!ended_) broker_->Route(publish);
  }
  if (ended_ || publish.qos == 0) return;
  const PacketType answer = publish.qos == 1 ? PacketType::kPuback : PacketType::kPubrec;
  SendPacket(Ack{.type = answer, .packet_id = publish.packet_id});
}

void Connection::Handle(SimTime now, const Ack& ack) {
  switch (ack.type) {
    case PacketType::kPuback:
      return session_->OnPuback(ack.packet_id);
    case PacketType::kPubrec:
      return session_->OnPubrec(ack.packet_id);
    case PacketType::kPubcomp:
      return session_->OnPubcomp(ack.packet_id);
    case PacketType::kPubrel:
      session_->EndReceive(ack.packet_id);
      return SendPacket(Ack{.type = PacketType::kPubcomp, .packet_id = ack.packet_id});
    default:
      return End(now, std::string(Name(ack.type)) + " from a client", WillFate::kSent);
  }
}

void Connection::Handle(SimTime now, const Subscribe& subscribe) {
  Suback suback{.packet_id = subscribe.packet_id, .codes = {}};
  for (const Subscription& subscription : subscribe.subscriptions) {
    if (!IsValidTopicFilter(subscription.filter))
      return End(now, "SUBSCRIBE: not a topic filter", WillFate::kSent);
    const bool may = broker_->authority_.MaySubscribe(now, client_id_, subscription.filter);
    suback.codes.push_back(may ? subscription.qos : kSubscribeFailure);
  }
  SendPacket(suback);
  for (size_t i = 0; i < suback.codes.size(); ++i) {
    if (suback.codes[i] == kSubscribeFailure) continue;
    session_->Subscribe(subscribe.subscriptions[i]);
    broker_->SendRetained(*session_, subscribe.subscriptions[i]);
  }
  broker_->authority_.OnSubscribed(now, client_id_, subscribe);
}

void Connection::Handle(SimTime now, const Unsubscribe& unsubscribe) {
  for (const std::string& filter : unsubscribe.filters) {
    if (!IsValidTopicFilter(filter))
      return End(now, "UNSUBSCRIBE: not a topic filter", WillFate::kSent);
  }
  for (const std::string& filter : unsubscribe.filters) session_->Unsubscribe(filter);
  SendPacket(Ack{.type = PacketType::kUnsuback, .packet_id = unsubscribe.packet_id});
}

void Connection::Handle(SimTime now, const Bare& bare) {
  switch (bare.type) {
    case PacketType::kPingreq:
      return SendPacket(Bare{.type = PacketType::kPingresp});
    case PacketType::kDisconnect:
      return End(now, "the client disconnected", WillFate::kDiscarded);  // [MQTT-3.14.4-3]
    default:
      return End(now, std::string(Name(bare.type)) + " from a client", WillFate::kSent);
  }
}

}  // namespace dustproof::mqtt
