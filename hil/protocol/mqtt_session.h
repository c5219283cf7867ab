#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "hil/protocol/mqtt_packet.h"
#include "sim/core/hash.h"

namespace dustproof::mqtt {

/// What a broker remembers of one client (chapter 4.1): its subscriptions, the messages on their
/// way to it, and the QoS 2 messages it has begun to send. Survives the connection where the client
/// asked for that.
class Session {
 public:
  struct Limits {
    size_t inflight_max = 20;  ///< Messages sent and not yet acknowledged; further ones wait.
    size_t queued_max = 1000;  ///< Messages kept in all; the newest is dropped beyond that.
  };
  using SendPacket = std::function<void(const Packet&)>;

  explicit Session(Limits limits) : limits_(limits) {}

  /// Adds a subscription, or replaces the one with the same filter [MQTT-3.8.4-3].
  void Subscribe(const Subscription& subscription) {
    subscriptions_[subscription.filter] = subscription.qos;
  }
  void Unsubscribe(const std::string& filter) { subscriptions_.erase(filter); }
  /// The highest QoS among the subscriptions that take a topic [MQTT-3.3.5-1].
  std::optional<uint8_t> GrantedQos(std::string_view topic) const;

  /// A connection is there: what was not acknowledged is sent again, in its order [MQTT-4.4.0-1],
  /// then what waited.
  void Resume(SendPacket send);
  /// The connection is gone.
  void Suspend() { send_ = nullptr; }

  /// Sends a message at `message.qos`, or keeps it until it can be sent. False if it had to be
  /// dropped.
  bool Deliver(Publish message);

  void OnPuback(uint16_t packet_id);
  void OnPubrec(uint16_t packet_id);
  void OnPubcomp(uint16_t packet_id);

  /// Notes an incoming QoS 2 message; false if it is one seen before [MQTT-4.3.3-2].
  bool BeginReceive(uint16_t packet_id) { return receiving_.insert(packet_id).second; }
  void EndReceive(uint16_t packet_id) { receiving_.erase(packet_id); }

  void AddToHash(Hasher& hasher) const;

 private:
  enum class Stage : uint8_t { kWaiting, kSent, kReleased };
  struct Outgoing {
    Publish message;
    Stage stage = Stage::kWaiting;
  };

  std::deque<Outgoing>::iterator FindInflight(uint16_t packet_id, uint8_t qos);
  uint16_t NextPacketId();
  void SendWaiting();

  Limits limits_;
  SendPacket send_;
  std::map<std::string, uint8_t, std::less<>> subscriptions_;
  std::deque<Outgoing> outgoing_;  // Those in flight before those that wait.
  size_t inflight_ = 0;
  std::set<uint16_t> receiving_;
  uint16_t last_packet_id_ = 0;
};

}  // namespace dustproof::mqtt
