#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "robots/vacuum/firmware/cloud/byte_stream.h"
#include "robots/vacuum/firmware/cloud/consent_gate.h"
#include "robots/vacuum/firmware/cloud/mqtt_codec.h"

namespace vacuum {

/// One MQTT session over one stream. Used by one task. After a failure it is over; the owner makes
/// a new one.
class MqttClient {
 public:
  using Now = std::function<uint64_t()>;

  /// `now_us` is the clock of the time-outs.
  MqttClient(std::unique_ptr<ByteStream> stream, Now now_us)
      : stream_(std::move(stream)), now_us_(std::move(now_us)) {}

  /// Blocking: CONNECT and its answer. False where the broker refused or did not answer.
  bool Connect(const Permit& permit, const MqttConnect& connect);
  /// Blocking: SUBSCRIBE and its answer. Messages that come meanwhile are kept for Poll.
  bool Subscribe(const Permit& permit, const std::string& filter);
  /// False: the session is over, or the permit has lapsed.
  bool Publish(const Permit& permit, const std::string& topic, const std::string& payload, int qos);

  struct Message {
    std::string topic, payload;
  };
  /// Blocking until a message comes or `timeout_us` has passed; pings meanwhile where due. The
  /// message is acknowledged to the broker before it is returned.
  std::optional<Message> Poll(const Permit& permit, uint64_t timeout_us);
  /// Blocking: until the broker has acknowledged everything, or the time-out.
  void Settle(const Permit& permit, uint64_t timeout_us);
  /// Says goodbye, where the permit still holds, and closes.
  void Disconnect(const Permit& permit);

  bool alive() const { return alive_; }
  /// Whether the broker has been within easy reach for `duration_us`: what it had for us would have
  /// come by now.
  bool SteadyFor(uint64_t duration_us) const;
  /// Payloads of `topic` that went out at QoS 1 and were never acknowledged.
  std::vector<std::string> Unacknowledged(const std::string& topic) const;

 private:
  bool Send(const Permit& permit, const std::string& packet);
  /// Waits for bytes until `deadline_us` and handles one packet. False when nothing came.
  bool Step(const Permit& permit, uint64_t deadline_us);
  void Handle(const Permit& permit, MqttPacket packet);
  std::optional<MqttPacket> Await(const Permit& permit, MqttPacketType type, uint64_t timeout_us);
  uint16_t NextId();

  std::unique_ptr<ByteStream> stream_;
  Now now_us_;
  MqttDecoder decoder_;
  bool alive_ = true;
  uint64_t ping_after_us_ = 0;  // Of silence on our side.
  uint64_t last_sent_us_ = 0;
  uint64_t last_heard_us_ = 0;
  uint64_t steady_since_us_ = 0;  // Connected, and no answer was long in coming since.
  uint64_t ping_sent_us_ = 0;     // 0: none is unanswered.
  uint16_t last_id_ = 0;
  std::map<uint16_t, Message> unacknowledged_;
  std::vector<Message> inbox_;
  std::optional<MqttPacket> answer_;  // The newest CONNACK or SUBACK.
};

}  // namespace vacuum
