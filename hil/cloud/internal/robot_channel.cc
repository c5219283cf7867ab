#include "hil/cloud/internal/robot_channel.h"

#include <algorithm>
#include <array>

#include "hil/cloud/internal/json_reply.h"

namespace dustproof {
namespace {

constexpr std::array<std::string_view, 8> kStates = {
    "idle", "exploring", "cleaning", "returning", "charging", "docked", "error", "stuck"};

/// A robot that comes back first answers what it did while it was away; what is still unanswered
/// then is sent again.
constexpr SimDuration kAnswerGrace = SimDuration::Seconds(5);

bool IsOpen(const CloudCommand& command) {
  return command.status == CloudCommand::Status::kQueued ||
         command.status == CloudCommand::Status::kSent;
}

CloudCommand* FindCommand(RobotRecord& robot, uint32_t id) {
  const auto it = std::find_if(robot.commands.begin(), robot.commands.end(),
                               [id](const auto& c) { return c.id == id; });
  return it == robot.commands.end() ? nullptr : &*it;
}

}  // namespace

std::string RobotChannel::Prefix(const std::string& client_id, const char* direction) {
  return "s/" + client_id + "/" + direction + "/";
}

bool RobotChannel::IsGuest(const std::string& client_id) const {
  return store_.config().anonymous_mqtt && store_.FindByClientId(client_id) == nullptr;
}

uint32_t RobotChannel::SendCommand(SimTime now, RobotRecord& robot, const std::string& command) {
  const uint32_t id = ++robot.last_message_id;
  robot.commands.push_back({.id = id, .command = command, .issued = now});
  queue_.Schedule(now + store_.config().command_lifetime, EventSource::kCloud,
                  [this, number = robot.number, id] { Expire(queue_.now(), number, id); });
  SendWaiting(now, robot);
  return id;
}

void RobotChannel::SendConsents(SimTime now, RobotRecord& robot) {
  robot.consent_message_id = ++robot.last_message_id;
  SendWaiting(now, robot);
}

void RobotChannel::SendWaiting(SimTime now, RobotRecord& robot) {
  if (!robot.session.subscribed) return;
  // Consents go first: a command must not be carried out under the old ones.
  uint32_t& version_sent = robot.session.consent_version_sent;
  if (std::max(robot.consent_version_known, version_sent) < robot.consent_version) {
    version_sent = robot.consent_version;
    Publish(robot, "consent",
            json{{"id", robot.consent_message_id},
                 {"version", robot.consent_version},
                 {"consents", robot.consents}}
                .dump());
    store_.Event(now, "consent_sent",
                 Name(robot) + ", version " + std::to_string(robot.consent_version));
  }
  for (CloudCommand& command : robot.commands) {
    if (command.status == CloudCommand::Status::kQueued) SendNow(now, robot, command);
  }
}

void RobotChannel::SendNow(SimTime now, RobotRecord& robot, CloudCommand& command) {
  command.status = CloudCommand::Status::kSent;
  command.session = robot.session.client_id;
  Publish(robot, "command", json{{"id", command.id}, {"command", command.command}}.dump());
  store_.Event(now, "command_published",
               Name(robot) + ", " + command.command + " " + std::to_string(command.id));
}

void RobotChannel::Resend(SimTime now, const std::string& client_id) {
  RobotRecord* robot = store_.FindByClientId(client_id);
  if (!robot || !robot->session.subscribed) return;
  for (CloudCommand& command : robot->commands) {
    const bool unanswered =
        command.status == CloudCommand::Status::kSent && command.session != client_id;
    if (unanswered) SendNow(now, *robot, command);
  }
}

void RobotChannel::Publish(const RobotRecord& robot, const std::string& leaf,
                           const std::string& payload) {
  broker_.Publish({.topic = Prefix(robot.session.client_id, "down") + leaf,
                   .payload = ToBytes(payload),
                   .qos = 1});
}

void RobotChannel::Expire(SimTime now, uint32_t robot_number, uint32_t command_id) {
  const auto robot = store_.robots.find(robot_number);
  CloudCommand* command =
      robot == store_.robots.end() ? nullptr : FindCommand(robot->second, command_id);
  if (!command || !IsOpen(*command)) return;
  command->status = CloudCommand::Status::kExpired;
  store_.Event(now, "command_expired",
               Name(robot->second) + ", " + command->command + " " + std::to_string(command_id));
}

void RobotChannel::OpenSession(SimTime now, RobotRecord& robot) {
  const std::string earlier = robot.session.client_id;
  robot.session = {.client_id = store_.NewSecret("client_id", 20),
                   .user_name = store_.NewSecret("user_name", 12),
                   .password = store_.NewSecret("mqtt_password"),
                   .consent_version_told = robot.consent_version};
  robot.consent_version_known = robot.consent_version;  // The session's answer carries them.
  if (!earlier.empty()) broker_.Evict(now, earlier, "the robot opened another session");
  store_.Event(now, "session_opened", Name(robot));
}

void RobotChannel::SayGoodbye(SimTime now, RobotRecord& robot) {
  robot.deleted = true;
  if (!IsOnline(robot)) {
    robot.session = {};
    return;
  }
  SendCommand(now, robot, "delete_data");
  queue_.Schedule(now + store_.config().farewell_time, EventSource::kCloud,
                  [this, number = robot.number] { EndFarewell(queue_.now(), number); });
}

void RobotChannel::EndFarewell(SimTime now, uint32_t robot_number) {
  const auto robot = store_.robots.find(robot_number);
  if (robot == store_.robots.end() || robot->second.session.client_id.empty()) return;
  const std::string client_id = robot->second.session.client_id;
  robot->second.session = {};
  broker_.Evict(now, client_id, "its account is deleted");
}

mqtt::Authority::Verdict RobotChannel::Authenticate(SimTime, const StreamPeer& peer,
                                                    const mqtt::Connect& connect) {
  using mqtt::ConnectCode;
  if (!peer.encrypted && !store_.config().mqtt_without_tls)
    return {ConnectCode::kNotAuthorized, "not encrypted"};
  if (IsGuest(connect.client_id)) return {};
  const RobotRecord* robot = store_.FindByClientId(connect.client_id);
  if (!robot) return {ConnectCode::kIdentifierRejected, "no session has this client id"};
  if (connect.user_name != robot->session.user_name || !connect.password ||
      AsText(*connect.password) != robot->session.password) {
    return {ConnectCode::kBadUserNameOrPassword, "wrong user name or password"};
  }
  return {};
}

bool RobotChannel::MayPublish(SimTime, const std::string& client_id, std::string_view topic) {
  return IsGuest(client_id) || topic.starts_with(Prefix(client_id, "up"));
}

bool RobotChannel::MaySubscribe(SimTime, const std::string& client_id, std::string_view filter) {
  return IsGuest(client_id) || filter.starts_with(Prefix(client_id, "down"));
}

void RobotChannel::OnConnected(SimTime now, const std::string& client_id) {
  if (const RobotRecord* robot = store_.FindByClientId(client_id))
    store_.Event(now, "robot_online", Name(*robot));
}

void RobotChannel::OnDisconnected(SimTime now, const std::string& client_id,
                                  const std::string& reason) {
  RobotRecord* robot = store_.FindByClientId(client_id);
  if (!robot) return;
  robot->session.subscribed = false;
  store_.Event(now, "robot_offline", Name(*robot) + ": " + reason);
}

void RobotChannel::OnSubscribed(SimTime now, const std::string& client_id, const mqtt::Subscribe&) {
  RobotRecord* robot = store_.FindByClientId(client_id);
  if (!robot || robot->session.subscribed) return;
  robot->session.subscribed = true;
  robot->consent_version_confirmed = robot->session.consent_version_told;
  SendWaiting(now, *robot);
  queue_.Schedule(now + kAnswerGrace, EventSource::kCloud,
                  [this, client_id] { Resend(queue_.now(), client_id); });
}

void RobotChannel::OnPublished(SimTime now, const std::string& client_id,
                               const mqtt::Publish& message) {
  RobotRecord* robot = store_.FindByClientId(client_id);
  if (!robot) return;
  const std::string leaf = message.topic.substr(Prefix(client_id, "up").size());
  if (leaf == "state") {
    HandleState(now, *robot, message.payload);
  } else if (leaf == "ack") {
    HandleAck(now, *robot, message.payload);
  } else {
    store_.Event(
        now, "unknown_topic",
        Name(*robot) + ", up/" + leaf + ", " + std::to_string(message.payload.size()) + " bytes");
  }
}

void RobotChannel::HandleState(SimTime now, RobotRecord& robot, const Bytes& payload) {
  const auto body = ParseObject(payload);
  const std::string state = body ? TextOf(*body, "state") : "";
  if (std::find(kStates.begin(), kStates.end(), state) == kStates.end()) {
    return store_.Event(now, "message_refused", Name(robot) + ", up/state: not a state");
  }
  robot.state = state;
  store_.Event(now, "state_reported", Name(robot) + ", " + state);
}

void RobotChannel::HandleAck(SimTime now, RobotRecord& robot, const Bytes& payload) {
  const auto body = ParseObject(payload);
  const auto id = body ? CountOf(*body, "id") : std::nullopt;
  const bool has_ok = body && body->contains("ok") && body->at("ok").is_boolean();
  if (!id || !has_ok)
    return store_.Event(now, "message_refused", Name(robot) + ", up/ack: no id and ok");
  const bool ok = body->at("ok").get<bool>();
  if (*id == robot.consent_message_id && ok) {
    robot.consent_version_known = robot.consent_version_confirmed = robot.consent_version;
    return store_.Event(now, "consent_acked",
                        Name(robot) + ", version " + std::to_string(robot.consent_version));
  }
  CloudCommand* command = FindCommand(robot, *id);
  if (!command || !IsOpen(*command))
    return store_.Event(now, "ack_ignored", Name(robot) + ", " + std::to_string(*id));
  command->status = ok ? CloudCommand::Status::kDone : CloudCommand::Status::kFailed;
  command->error = ok ? "" : TextOf(*body, "error");
  store_.Event(
      now, "command_answered",
      Name(robot) + ", " + command->command + " " + std::to_string(*id) + (ok ? "" : ", refused"));
  const bool reset = ok && command->command == "factory_reset";
  if (reset) {  // It knows nobody any more, and nobody shall know it.
    CloudStore::EraseObjects(robot);
    robot.deleted = true;
    store_.Event(now, "robot_removed", Name(robot));
  }
  if (reset || (robot.deleted && command->command == "delete_data")) {
    // After this call: the broker still has to answer the message that is being handled.
    queue_.Schedule(now, EventSource::kCloud,
                    [this, number = robot.number] { EndFarewell(queue_.now(), number); });
  }
}

void RobotChannel::OnRefused(SimTime now, const StreamPeer&, const std::string&,
                             const std::string& reason) {
  store_.Event(now, "client_refused", reason);
}

}  // namespace dustproof
