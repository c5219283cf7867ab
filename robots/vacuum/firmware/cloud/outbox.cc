#include "robots/vacuum/firmware/cloud/outbox.h"

namespace vacuum {

void Outbox::QueueAck(std::string json) {
  if (acks_.size() == kAcksMax) acks_.pop_front();
  acks_.push_back(std::move(json));
}

std::optional<std::string> Outbox::TakeAck() {
  if (acks_.empty()) return std::nullopt;
  std::string ack = std::move(acks_.front());
  acks_.pop_front();
  return ack;
}

void Outbox::Purge(const ConsentGate& gate) {
  if (!gate.Allows(Payload::kMap)) map_.reset();
  if (!gate.Allows(Payload::kAck)) acks_.clear();
}

void Outbox::Clear() {
  map_.reset();
  acks_.clear();
}

}  // namespace vacuum
