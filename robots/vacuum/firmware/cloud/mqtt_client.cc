#include "robots/vacuum/firmware/cloud/mqtt_client.h"

#include <algorithm>

#include "robots/vacuum/firmware/platform.h"

namespace vacuum {
namespace {

constexpr uint64_t kAnswerTimeoutUs = Seconds(10);
constexpr uint64_t kPingTimeoutUs = Seconds(15);
// A broker that says nothing is asked this often whether it is still there.
constexpr uint64_t kSilenceUs = Seconds(15);
// An answer that takes longer has waited for a line that was down.
constexpr uint64_t kPromptUs = Seconds(3);

}  // namespace

bool MqttClient::Send(const Permit& permit, const std::string& packet) {
  if (!alive_ || !permit.valid()) return false;
  alive_ = stream_->Write(packet);
  last_sent_us_ = now_us_();
  return alive_;
}

bool MqttClient::Connect(const Permit& permit, const MqttConnect& connect) {
  // Pings are sent well before the keep-alive runs out.
  ping_after_us_ = Seconds(connect.keep_alive_s) * 3 / 4;
  if (!Send(permit, EncodeConnect(connect))) return false;
  const auto answer = Await(permit, MqttPacketType::kConnack, kAnswerTimeoutUs);
  if (!answer || answer->return_code != 0) alive_ = false;
  steady_since_us_ = now_us_();
  return alive_;
}

bool MqttClient::SteadyFor(uint64_t duration_us) const {
  const bool waiting_long = ping_sent_us_ != 0 && now_us_() > ping_sent_us_ + kPromptUs;
  return alive_ && !waiting_long && now_us_() >= steady_since_us_ + duration_us;
}

bool MqttClient::Subscribe(const Permit& permit, const std::string& filter) {
  if (!Send(permit, EncodeSubscribe(NextId(), filter, 1))) return false;
  const auto answer = Await(permit, MqttPacketType::kSuback, kAnswerTimeoutUs);
  if (!answer || answer->return_code > 1) alive_ = false;
  return alive_;
}

bool MqttClient::Publish(const Permit& permit, const std::string& topic, const std::string& payload,
                         int qos) {
  if (!alive_ || !permit.valid()) return false;
  const uint16_t id = qos > 0 ? NextId() : 0;
  if (qos > 0) unacknowledged_[id] = {topic, payload};
  return Send(permit, EncodePublish(topic, payload, qos, id));
}

std::optional<MqttClient::Message> MqttClient::Poll(const Permit& permit, uint64_t timeout_us) {
  const uint64_t deadline_us = now_us_() + timeout_us;
  while (alive_ && inbox_.empty() && Step(permit, deadline_us)) {
  }
  if (inbox_.empty()) return std::nullopt;
  Message message = std::move(inbox_.front());
  inbox_.erase(inbox_.begin());
  return message;
}

void MqttClient::Settle(const Permit& permit, uint64_t timeout_us) {
  const uint64_t deadline_us = now_us_() + timeout_us;
  while (alive_ && !unacknowledged_.empty() && Step(permit, deadline_us)) {
  }
}

void MqttClient::Disconnect(const Permit& permit) {
  Send(permit, EncodeDisconnect());
  alive_ = false;
  stream_.reset();
}

std::vector<std::string> MqttClient::Unacknowledged(const std::string& topic) const {
  std::vector<std::string> payloads;
  for (const auto& [id, message] : unacknowledged_) {
    if (message.topic == topic) payloads.push_back(message.payload);
  }
  return payloads;
}

bool MqttClient::Step(const Permit& permit, uint64_t deadline_us) {
  if (auto packet = decoder_.Next()) {
    Handle(permit, std::move(*packet));
    return true;
  }
  if (decoder_.broken()) {
    alive_ = false;
    return false;
  }
  const uint64_t now = now_us_();
  if (ping_sent_us_ != 0 && now >= ping_sent_us_ + kPingTimeoutUs) {
    alive_ = false;
    return false;
  }
  const bool ping_due = now >= last_sent_us_ + ping_after_us_ || now >= last_heard_us_ + kSilenceUs;
  if (ping_sent_us_ == 0 && ping_after_us_ != 0 && ping_due) {
    if (!Send(permit, EncodePing())) return false;
    ping_sent_us_ = now;
  }
  uint8_t piece[2048];
  const int count = stream_->Read(piece, sizeof(piece), deadline_us > now ? deadline_us - now : 0);
  if (count > 0) {
    last_heard_us_ = now_us_();
    if (ping_sent_us_ != 0 && last_heard_us_ > ping_sent_us_ + kPromptUs)
      steady_since_us_ = last_heard_us_;
    decoder_.Feed(piece, static_cast<size_t>(count));
    return true;
  }
  if (count != DP_ERR_TIMEOUT) alive_ = false;
  return false;
}

void MqttClient::Handle(const Permit& permit, MqttPacket packet) {
  switch (packet.type) {
    case MqttPacketType::kPublish:
      if (packet.qos == 1) Send(permit, EncodePuback(packet.packet_id));
      inbox_.push_back({std::move(packet.topic), std::move(packet.payload)});
      break;
    case MqttPacketType::kPuback:
      unacknowledged_.erase(packet.packet_id);
      break;
    case MqttPacketType::kPingresp:
      ping_sent_us_ = 0;
      break;
    case MqttPacketType::kConnack:
    case MqttPacketType::kSuback:
      answer_ = std::move(packet);
      break;
  }
}

std::optional<MqttPacket> MqttClient::Await(const Permit& permit, MqttPacketType type,
                                            uint64_t timeout_us) {
  answer_.reset();
  const uint64_t deadline_us = now_us_() + timeout_us;
  while (alive_ && Step(permit, deadline_us)) {
    if (answer_ && answer_->type == type) return answer_;
  }
  return std::nullopt;
}

uint16_t MqttClient::NextId() {
  do {
    ++last_id_;
  } while (last_id_ == 0 || unacknowledged_.contains(last_id_));
  return last_id_;
}

}  // namespace vacuum
