#include "hil/protocol/mqtt_broker.h"

#include <algorithm>

#include "hil/protocol/internal/mqtt_connection.h"
#include "hil/protocol/mqtt_topic.h"
#include "sim/core/check.h"

namespace dustproof::mqtt {

Broker::~Broker() {
  for (Connection* connection : connections_) connection->Orphan();
}

std::unique_ptr<StreamCore> Broker::Accept(SimTime now, const StreamPeer& peer) {
  auto connection = std::make_unique<Connection>(now, *this, peer);
  connections_.push_back(connection.get());
  return connection;
}

void Broker::Publish(const mqtt::Publish& message) {
  DP_CHECK(IsValidTopicName(message.topic), message.topic);
  Route(message);
}

bool Broker::IsConnected(const std::string& client_id) const {
  const auto it = clients_.find(client_id);
  return it != clients_.end() && it->second.connection;
}

void Broker::Evict(SimTime now, const std::string& client_id, const std::string& reason) {
  const auto it = clients_.find(client_id);
  if (it == clients_.end()) return;
  it->second.clean = true;  // So that nothing of it stays.
  if (Connection* connection = it->second.connection) {
    connection->End(now, reason, Connection::WillFate::kDiscarded);
  } else {
    clients_.erase(it);
  }
}

void Broker::DropConnections(SimTime now, const std::string& reason) {
  for (Connection* connection : std::vector(connections_))
    connection->End(now, reason, Connection::WillFate::kSent);
}

bool Broker::Attach(SimTime now, Connection& connection, bool clean) {
  const std::string& id = connection.client_id();
  if (const auto it = clients_.find(id);
      it != clients_.end() && it->second.connection) {  // [MQTT-3.1.4-2]
    it->second.connection->End(now, "another connection took its client id over",
                               Connection::WillFate::kSent);
  }
  if (clean) clients_.erase(id);  // [MQTT-3.1.2-6]
  const auto [it, is_new] = clients_.try_emplace(id, Client{.session = Session(config_.session)});
  it->second.clean = clean;
  it->second.connection = &connection;
  return !is_new;
}

void Broker::Detach(Connection& connection) {
  const auto it = clients_.find(connection.client_id());
  if (it == clients_.end() || it->second.connection != &connection) return;
  it->second.connection = nullptr;
  it->second.session.Suspend();
  if (it->second.clean) clients_.erase(it);
}

void Broker::Route(const mqtt::Publish& message) {
  if (message.retain && message.payload.empty()) {
    retained_.erase(message.topic);  // [MQTT-3.3.1-10]
  } else if (message.retain) {
    retained_[message.topic] = message;
  }
  for (auto& [id, client] : clients_) {
    const std::optional<uint8_t> granted = client.session.GrantedQos(message.topic);
    if (!granted) continue;
    client.session.Deliver({.topic = message.topic,
                            .payload = message.payload,
                            .qos = std::min(*granted, message.qos)});
  }
}

void Broker::SendRetained(Session& session, const Subscription& subscription) const {
  for (const auto& [topic, message] : retained_) {
    if (!TopicMatches(subscription.filter, topic)) continue;
    session.Deliver({.topic = topic,
                     .payload = message.payload,
                     .qos = std::min(subscription.qos, message.qos),
                     .retain = true});  // [MQTT-3.3.1-8]
  }
}

void Broker::AddToHash(Hasher& hasher) const {
  hasher.Add(clients_.size());
  for (const auto& [id, client] : clients_) {
    hasher.Add(id);
    hasher.Add(client.clean);
    hasher.Add(client.connection != nullptr);
    client.session.AddToHash(hasher);
  }
  hasher.Add(retained_.size());
  for (const auto& [topic, message] : retained_) {
    hasher.Add(topic);
    hasher.AddBytes(message.payload);
  }
}

}  // namespace dustproof::mqtt
