#include "hil/cloud/internal/robot_api.h"

#include "hil/cloud/internal/json_reply.h"

namespace dustproof {
namespace {

constexpr size_t kLogsMax = 10000;

std::string Size(const Bytes& body) { return std::to_string(body.size()) + " bytes"; }

}  // namespace

void RobotApi::AddRoutes(HttpRouter& router) {
  router.Add("POST", "/v1/bind", [this](const HttpCall& call) { return Bind(call); });
  router.Add("POST", "/v1/session", [this](const HttpCall& call) { return OpenSession(call); });
  AddForRobots(router, "PUT", "/v1/identity", &RobotApi::PutIdentity);
  AddForRobots(router, "PUT", "/v1/maps/current", &RobotApi::PutMap);
  AddForRobots(router, "PUT", "/v1/logs/*", &RobotApi::PutLog);
  AddForRobots(router, "POST", "/v1/logs/*", &RobotApi::PutLog);
  AddForRobots(router, "GET", "/v1/firmware/{model}/latest", &RobotApi::GetRelease);
}

void RobotApi::AddForRobots(HttpRouter& router, const char* method, const char* pattern,
                            RobotHandler handler) {
  router.Add(method, pattern, [this, handler](const HttpCall& call) {
    RobotRecord* robot = store_.FindByCredential(call.request.bearer());
    if (robot) return (this->*handler)(call, *robot);
    store_.Event(call.now, "client_refused",
                 std::string(call.request.path()) + ": no robot has this credential");
    return ErrorReply(401, "unknown_credential");
  });
}

HttpReply RobotApi::Bind(const HttpCall& call) {
  const auto body = ParseObject(call.request.body);
  const std::string token = body ? TextOf(*body, "pairing_token") : "";
  if (token.empty()) return ErrorReply(400, "pairing_token_missing");
  const auto pairing = store_.pairings.find(token);
  const char* refusal = pairing == store_.pairings.end()      ? "unknown_pairing_token"
                        : IsUsed(pairing->second)             ? "pairing_token_used"
                        : call.now >= pairing->second.expires ? "pairing_token_expired"
                                                              : nullptr;
  if (refusal) {
    store_.Event(call.now, "client_refused", std::string("/v1/bind: ") + refusal);
    return ErrorReply(403, refusal);
  }
  uint32_t& number = pairing->second.robot_number;
  if (number == 0) {
    number = store_.AddRobot(pairing->second).number;
    store_.Event(call.now, "robot_bound", Name(store_.robots.at(number)));
  }
  return JsonReply(200, {{"credential", store_.robots.at(number).credential}});
}

/// A token is used up once its robot has opened a session: until then the answer may have been
/// lost, and is repeated.
bool RobotApi::IsUsed(const PendingPairing& pairing) const {
  const auto robot = store_.robots.find(pairing.robot_number);
  return robot != store_.robots.end() &&
         (robot->second.deleted || !robot->second.session.client_id.empty());
}

HttpReply RobotApi::OpenSession(const HttpCall& call) {
  const auto body = ParseObject(call.request.body);
  if (!body) return ErrorReply(400, "not_a_json_object");
  RobotRecord* robot = store_.FindByCredential(TextOf(*body, "credential"));
  if (!robot) {
    store_.Event(call.now, "client_refused", "/v1/session: no robot has this credential");
    return ErrorReply(401, "unknown_credential");
  }
  channel_.OpenSession(call.now, *robot);
  const RobotSession& session = robot->session;
  return JsonReply(200, {{"client_id", session.client_id},
                         {"username", session.user_name},
                         {"password", session.password},
                         {"consents", robot->consents},
                         {"consent_version", robot->consent_version}});
}

HttpReply RobotApi::PutIdentity(const HttpCall& call, RobotRecord& robot) {
  const auto body = ParseObject(call.request.body);
  const std::string robot_id = body ? TextOf(*body, "robot_id") : "";
  if (robot_id.empty()) return ErrorReply(400, "robot_id_missing");
  robot.robot_id = robot_id;
  robot.mac = TextOf(*body, "mac");
  store_.Event(call.now, "identity_stored", Name(robot));
  return EmptyReply(204);
}

HttpReply RobotApi::PutMap(const HttpCall& call, RobotRecord& robot) {
  if (call.request.header("Content-Type") != "application/octet-stream")
    return ErrorReply(415, "not_an_octet_stream");
  if (!AsText(call.request.body).starts_with("DPMP")) return ErrorReply(400, "not_a_map");
  robot.map = call.request.body;
  ++robot.map_version;
  store_.Event(call.now, "map_stored", Name(robot) + ", " + Size(robot.map));
  return EmptyReply(204);
}

HttpReply RobotApi::PutLog(const HttpCall& call, RobotRecord& robot) {
  if (robot.logs.size() >= kLogsMax) return ErrorReply(429, "too_many_logs");
  robot.logs.push_back({.path = std::string(call.request.path()), .body = call.request.body});
  store_.Event(call.now, "log_stored", Name(robot) + ", " + Size(call.request.body));
  return EmptyReply(204);
}

HttpReply RobotApi::GetRelease(const HttpCall& call, RobotRecord&) {
  const auto release = store_.config().releases.find(call.parameters.at("model"));
  if (release == store_.config().releases.end()) return ErrorReply(404, "unknown_model");
  return JsonReply(200, {{"version", release->second.version},
                         {"url", release->second.url},
                         {"sha256", release->second.sha256}});
}

}  // namespace dustproof
