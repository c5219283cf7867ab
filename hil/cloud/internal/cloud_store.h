#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hil/cloud/cloud.h"

namespace dustproof {

/// Consents by name, each in a state's word.
using ConsentWords = std::map<std::string, std::string>;

struct CloudCommand {
  enum class Status { kQueued, kSent, kDone, kFailed, kExpired };
  uint32_t id = 0;
  std::string command;
  SimTime issued;
  Status status = Status::kQueued;
  std::string error = "";
  std::string session = "";  ///< The client id that it was last sent to.
};

/// What a robot signs in to the broker with; made anew for each session.
struct RobotSession {
  std::string client_id, user_name, password;
  bool subscribed = false;            ///< Commands are sent once the robot listens.
  uint32_t consent_version_told = 0;  ///< In the answer that opened it.
  uint32_t consent_version_sent = 0;  ///< Over MQTT, in this session.
};

struct StoredLog {
  std::string path;
  Bytes body;
};

struct RobotRecord {
  uint32_t number = 0;
  std::string account;
  std::string credential;
  ConsentWords consents;
  uint32_t consent_version = 1;
  uint32_t consent_version_known = 0;  ///< The newest one that the robot is known to have.
  /// The newest one that it has acknowledged, or opened a session on.
  uint32_t consent_version_confirmed = 0;
  std::vector<ConsentWords> earlier_consents;  ///< Of the versions before, the first at the front.
  uint32_t consent_message_id = 0;
  RobotSession session;
  std::string state = "unknown";
  std::vector<CloudCommand> commands;
  uint32_t last_message_id = 0;
  std::string robot_id, mac;  ///< "" until the robot tells them.
  Bytes map;
  uint32_t map_version = 0;
  std::vector<StoredLog> logs;
  bool deleted = false;  ///< Its account is gone; it is only let say goodbye.
};

struct PendingPairing {
  std::string account;
  ConsentWords consents;
  SimTime expires;
  uint32_t robot_number = 0;  ///< Of the robot that used it, 0 before.
};

struct AccountRecord {
  std::string password;
  std::string first_token;
  std::vector<std::string> tokens;
};

/// "robot 1", for events.
inline std::string Name(const RobotRecord& robot) {
  return "robot " + std::to_string(robot.number);
}

/// All that the cloud remembers, and what every part of it needs: chance and a place for events.
class CloudStore {
 public:
  CloudStore(const Cloud::Config& config, CaptureSink& sink);

  std::map<std::string, AccountRecord> accounts;
  std::map<std::string, PendingPairing> pairings;
  std::map<uint32_t, RobotRecord> robots;

  const Cloud::Config& config() const { return config_; }
  void Event(SimTime now, std::string name, std::string detail);

  /// A secret of 32 characters. The n-th of its kind is the same whatever else was drawn before it.
  std::string NewSecret(const std::string& kind, size_t length = 32);

  RobotRecord& AddRobot(const PendingPairing& pairing);
  /// The robot that a credential stands for; null for "", unknown and deleted ones.
  RobotRecord* FindByCredential(std::string_view credential);
  RobotRecord* FindByClientId(std::string_view client_id);
  /// The account that a token was given to, or "".
  std::string FindAccountByToken(std::string_view token) const;

  /// Goes back to the consents before the newest change, if the robot has confirmed that one. False
  /// where nothing was changed.
  static bool RestoreEarlierConsents(RobotRecord& robot);
  /// Forgets what a robot stored. The robot itself stays known.
  static void EraseObjects(RobotRecord& robot);
  size_t CountObjects() const;

  void AddToHash(Hasher& hasher) const;

 private:
  const Cloud::Config config_;
  CaptureSink& sink_;
  std::map<std::string, uint64_t> secrets_drawn_;
  uint32_t last_robot_number_ = 0;
};

}  // namespace dustproof
