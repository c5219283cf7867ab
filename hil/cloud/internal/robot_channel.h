#pragma once

#include <string>

#include "hil/cloud/internal/cloud_store.h"
#include "hil/protocol/mqtt_broker.h"
#include "sim/core/event_queue.h"

namespace dustproof {

/// The broker's side of the cloud: who may connect under which pseudonym, what a robot says, what
/// it is told.
class RobotChannel final : public mqtt::Authority {
 public:
  /// Both outlive the channel.
  RobotChannel(CloudStore& store, EventQueue& queue)
      : store_(store), queue_(queue), broker_({}, *this) {}

  /// Of the topics that a client talks or listens on: `direction` is "up" or "down".
  static std::string Prefix(const std::string& client_id, const char* direction);

  mqtt::Broker& broker() { return broker_; }
  const mqtt::Broker& broker() const { return broker_; }
  bool IsOnline(const RobotRecord& robot) const {
    return broker_.IsConnected(robot.session.client_id);
  }

  /// Queues a command and sends it as soon as the robot listens; its id.
  uint32_t SendCommand(SimTime now, RobotRecord& robot, const std::string& command);
  /// The robot's consents have changed: tells it, now or when it comes back.
  void SendConsents(SimTime now, RobotRecord& robot);
  /// A fresh pseudonym; the one before it is worth nothing from now on.
  void OpenSession(SimTime now, RobotRecord& robot);
  /// The robot's account is gone: asks it to erase its data, and ends its session once it has, or
  /// soon.
  void SayGoodbye(SimTime now, RobotRecord& robot);

  Verdict Authenticate(SimTime now, const StreamPeer& peer, const mqtt::Connect& connect) override;
  bool MayPublish(SimTime now, const std::string& client_id, std::string_view topic) override;
  bool MaySubscribe(SimTime now, const std::string& client_id, std::string_view filter) override;
  void OnConnected(SimTime now, const std::string& client_id) override;
  void OnDisconnected(SimTime now, const std::string& client_id,
                      const std::string& reason) override;
  void OnSubscribed(SimTime now, const std::string& client_id,
                    const mqtt::Subscribe& subscribe) override;
  void OnPublished(SimTime now, const std::string& client_id,
                   const mqtt::Publish& message) override;
  void OnRefused(SimTime now, const StreamPeer& peer, const std::string& client_id,
                 const std::string& reason) override;

 private:
  /// Whether the configuration lets this client do as it likes.
  bool IsGuest(const std::string& client_id) const;
  void Publish(const RobotRecord& robot, const std::string& leaf, const std::string& payload);
  void SendWaiting(SimTime now, RobotRecord& robot);
  void SendNow(SimTime now, RobotRecord& robot, CloudCommand& command);
  /// Sends once more what was sent into an earlier session than `client_id`'s and is still
  /// unanswered.
  void Resend(SimTime now, const std::string& client_id);
  void Expire(SimTime now, uint32_t robot_number, uint32_t command_id);
  void HandleState(SimTime now, RobotRecord& robot, const Bytes& payload);
  void HandleAck(SimTime now, RobotRecord& robot, const Bytes& payload);
  void EndFarewell(SimTime now, uint32_t robot_number);

  CloudStore& store_;
  EventQueue& queue_;
  mqtt::Broker broker_;
};

}  // namespace dustproof
