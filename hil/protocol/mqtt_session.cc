#include "hil/protocol/mqtt_session.h"

#include <algorithm>
#include <utility>

#include "hil/protocol/mqtt_topic.h"

namespace dustproof::mqtt {

std::optional<uint8_t> Session::GrantedQos(std::string_view topic) const {
  std::optional<uint8_t> granted;
  for (const auto& [filter, qos] : subscriptions_) {
    if (TopicMatches(filter, topic)) granted = std::max(granted.value_or(0), qos);
  }
  return granted;
}

void Session::Resume(SendPacket send) {
  send_ = std::move(send);
  for (size_t i = 0; i < inflight_; ++i) {
    const Outgoing& outgoing = outgoing_[i];
    if (outgoing.stage == Stage::kReleased) {
      send_(Ack{.type = PacketType::kPubrel, .packet_id = outgoing.message.packet_id});
    } else {
      Publish again = outgoing.message;
      again.duplicate = true;  // [MQTT-3.3.1-1]
      send_(again);
    }
  }
  SendWaiting();
}

bool Session::Deliver(Publish message) {
  if (message.qos == 0) {
    if (!send_) return false;
    send_(message);
    return true;
  }
  if (outgoing_.size() >= limits_.queued_max) return false;
  outgoing_.push_back({.message = std::move(message)});
  SendWaiting();
  return true;
}

void Session::SendWaiting() {
  while (send_ && inflight_ < outgoing_.size() && inflight_ < limits_.inflight_max) {
    Outgoing& outgoing = outgoing_[inflight_++];
    outgoing.message.packet_id = NextPacketId();
    outgoing.stage = Stage::kSent;
    send_(outgoing.message);
  }
}

/// The next identifier that no message in flight uses [MQTT-2.3.1-2].
uint16_t Session::NextPacketId() {
  const auto in_use = [&](uint16_t id) {
    return std::any_of(outgoing_.begin(),
                       outgoing_.begin() + static_cast<std::ptrdiff_t>(inflight_),
                       [id](const Outgoing& outgoing) { return outgoing.message.packet_id == id; });
  };
  do {
    last_packet_id_ = last_packet_id_ == 0xFFFF ? 1 : static_cast<uint16_t>(last_packet_id_ + 1);
  } while (in_use(last_packet_id_));
  return last_packet_id_;
}

std::deque<Session::Outgoing>::iterator Session::FindInflight(uint16_t packet_id, uint8_t qos) {
  const auto end = outgoing_.begin() + static_cast<std::ptrdiff_t>(inflight_);
  const auto it = std::find_if(outgoing_.begin(), end, [&](const Outgoing& outgoing) {
    return outgoing.message.packet_id == packet_id && outgoing.message.qos == qos;
  });
  return it == end ? outgoing_.end() : it;
}

void Session::OnPuback(uint16_t packet_id) {
  const auto it = FindInflight(packet_id, 1);
  if (it == outgoing_.end()) return;
  outgoing_.erase(it);
  --inflight_;
  SendWaiting();
}

void Session::OnPubrec(uint16_t packet_id) {
  if (const auto it = FindInflight(packet_id, 2); it != outgoing_.end()) {
    it->stage = Stage::kReleased;
    it->message.payload.clear();  // It is never sent again.
  }
  // An unknown identifier is answered too: the client's message is complete, and it waits for this.
  if (send_) send_(Ack{.type = PacketType::kPubrel, .packet_id = packet_id});
}

void Session::OnPubcomp(uint16_t packet_id) {
  const auto it = FindInflight(packet_id, 2);
  if (it == outgoing_.end() || it->stage != Stage::kReleased) return;
  outgoing_.erase(it);
  --inflight_;
  SendWaiting();
}

void Session::AddToHash(Hasher& hasher) const {
  hasher.Add(subscriptions_.size());
  for (const auto& [filter, qos] : subscriptions_) {
    hasher.Add(filter);
    hasher.Add(qos);
  }
  hasher.Add(outgoing_.size());
  for (const Outgoing& outgoing : outgoing_) {
    hasher.Add(outgoing.message.topic);
    hasher.AddBytes(outgoing.message.payload);
    hasher.Add(outgoing.message.packet_id);
    hasher.Add(outgoing.stage);
  }
  hasher.Add(receiving_.size());
  for (const uint16_t id : receiving_) hasher.Add(id);
  hasher.Add(last_packet_id_);
}

}  // namespace dustproof::mqtt
