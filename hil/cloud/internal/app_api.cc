#include "hil/cloud/internal/app_api.h"

#include <algorithm>
#include <array>
#include <utility>

#include "hil/cloud/internal/json_reply.h"

namespace dustproof {
namespace {

constexpr std::array<std::string_view, 6> kCommands = {"clean",  "stop",        "dock",
                                                       "locate", "delete_data", "factory_reset"};

const char* ToWord(CloudCommand::Status status) {
  switch (status) {
    case CloudCommand::Status::kQueued:
      return "queued";
    case CloudCommand::Status::kSent:
      return "sent";
    case CloudCommand::Status::kDone:
      return "done";
    case CloudCommand::Status::kFailed:
      return "failed";
    case CloudCommand::Status::kExpired:
      return "expired";
  }
  return "";
}

/// No other consent can be granted where the policy isn't.
bool AgreesWithPolicy(const ConsentWords& consents) {
  const auto policy = consents.find("C_POLICY");
  if (policy != consents.end() && policy->second == "granted") return true;
  return std::none_of(consents.begin(), consents.end(),
                      [](const auto& consent) { return consent.second == "granted"; });
}

/// "v3" in quotes: the map's version as an entity tag.
std::string MapTag(const RobotRecord& robot) {
  return "\"v" + std::to_string(robot.map_version) + "\"";
}

}  // namespace

void AppApi::AddRoutes(HttpRouter& router) {
  router.Add("POST", "/v1/login", [this](const HttpCall& call) { return Login(call); });
  AddForAccounts(router, "POST", "/v1/pairings", &AppApi::CreatePairing);
  AddForAccounts(router, "GET", "/v1/robots", &AppApi::ListRobots);
  AddForAccounts(router, "DELETE", "/v1/account", &AppApi::DeleteAccount);
  AddForRobots(router, "GET", "/v1/robots/{number}/state", &AppApi::GetState);
  AddForRobots(router, "GET", "/v1/robots/{number}/map", &AppApi::GetMap);
  AddForRobots(router, "POST", "/v1/robots/{number}/commands", &AppApi::SendCommand);
  AddForRobots(router, "PUT", "/v1/robots/{number}/consents", &AppApi::PutConsents);
  AddForRobots(router, "DELETE", "/v1/robots/{number}/data", &AppApi::DeleteData);
}

void AppApi::AddForAccounts(HttpRouter& router, const char* method, const char* pattern,
                            AccountHandler handler) {
  router.Add(method, pattern, [this, handler](const HttpCall& call) {
    const std::string account = store_.FindAccountByToken(call.request.bearer());
    if (!account.empty()) return (this->*handler)(call, account);
    store_.Event(call.now, "app_refused",
                 std::string(call.request.path()) + ": no account has this token");
    return ErrorReply(401, "unknown_token");
  });
}

void AppApi::AddForRobots(HttpRouter& router, const char* method, const char* pattern,
                          RobotHandler handler) {
  router.Add(method, pattern, [this, handler](const HttpCall& call) {
    const std::string account = store_.FindAccountByToken(call.request.bearer());
    if (account.empty()) {
      store_.Event(call.now, "app_refused",
                   std::string(call.request.path()) + ": no account has this token");
      return ErrorReply(401, "unknown_token");
    }
    for (auto& [number, robot] : store_.robots) {
      if (std::to_string(number) == call.parameters.at("number") && robot.account == account &&
          !robot.deleted) {
        return (this->*handler)(call, robot);
      }
    }
    return ErrorReply(404,
                      "unknown_robot");  // Also for another's robot: whether it exists is not told.
  });
}

HttpReply AppApi::Login(const HttpCall& call) {
  const auto body = ParseObject(call.request.body);
  if (!body) return ErrorReply(400, "not_a_json_object");
  const auto account = store_.accounts.find(TextOf(*body, "account"));
  if (account == store_.accounts.end() || account->second.password != TextOf(*body, "password")) {
    store_.Event(call.now, "app_refused", "/v1/login: wrong account or password");
    return ErrorReply(401, "wrong_account_or_password");
  }
  auto& [password, first_token, tokens] = account->second;
  tokens.push_back(tokens.empty() && !first_token.empty() ? first_token
                                                          : store_.NewSecret("app_token"));
  store_.Event(call.now, "app_logged_in", "");
  return JsonReply(200,
                   {{"token", tokens.back()}, {"policy_version", store_.config().policy_version}});
}

HttpReply AppApi::CreatePairing(const HttpCall& call, const std::string& account) {
  const auto body = ParseObject(call.request.body);
  const auto consents = body ? ConsentsOf(*body, "consents") : std::nullopt;
  if (!consents) return ErrorReply(400, "consents_missing_or_malformed");
  if (TextOf(*body, "policy_version") != store_.config().policy_version)
    return ErrorReply(409, "policy_version_outdated");
  const auto policy = consents->find("C_POLICY");
  if (policy == consents->end() || policy->second != "granted")
    return ErrorReply(403, "policy_not_accepted");
  const std::string token = store_.NewSecret("pairing_token", 24);
  store_.pairings[token] = {.account = account,
                            .consents = *consents,
                            .expires = call.now + store_.config().pairing_lifetime};
  store_.Event(call.now, "pairing_created", "");
  return JsonReply(201, {{"pairing_token", token},
                         {"expires_in_s", store_.config().pairing_lifetime.milliseconds() / 1000}});
}

HttpReply AppApi::ListRobots(const HttpCall&, const std::string& account) {
  json robots = json::array();
  for (const auto& [number, robot] : store_.robots) {
    if (robot.account != account || robot.deleted) continue;
    robots.push_back({{"number", number},
                      {"online", channel_.IsOnline(robot)},
                      {"state", robot.state},
                      {"map_version", robot.map.empty() ? 0 : robot.map_version}});
  }
  return JsonReply(200, {{"robots", robots}});
}

HttpReply AppApi::GetState(const HttpCall&, RobotRecord& robot) {
  json commands = json::array();
  for (const CloudCommand& command : robot.commands) {
    json entry = {
        {"id", command.id}, {"command", command.command}, {"status", ToWord(command.status)}};
    if (!command.error.empty()) entry["error"] = command.error;
    commands.push_back(entry);
  }
  return JsonReply(200, {{"state", robot.state},
                         {"online", channel_.IsOnline(robot)},
                         {"consents", robot.consents},
                         {"consent_version", robot.consent_version},
                         {"consent_version_on_robot", robot.consent_version_known},
                         {"commands", commands}});
}

HttpReply AppApi::GetMap(const HttpCall& call, RobotRecord& robot) {
  if (robot.map.empty()) return ErrorReply(404, "no_map");
  const bool is_known = call.request.header("If-None-Match") == MapTag(robot);
  HttpReply reply{
      .response = {.status = is_known ? 304 : 200, .headers = {{"ETag", MapTag(robot)}}}};
  if (!is_known) {
    reply.response.headers.emplace_back("Content-Type", "application/octet-stream");
    reply.response.body = robot.map;
  }
  return reply;
}

HttpReply AppApi::SendCommand(const HttpCall& call, RobotRecord& robot) {
  const auto body = ParseObject(call.request.body);
  const std::string command = body ? TextOf(*body, "command") : "";
  if (std::find(kCommands.begin(), kCommands.end(), command) == kCommands.end())
    return ErrorReply(400, "unknown_command");
  return JsonReply(202, {{"id", channel_.SendCommand(call.now, robot, command)}});
}

HttpReply AppApi::PutConsents(const HttpCall& call, RobotRecord& robot) {
  const auto body = ParseObject(call.request.body);
  const auto changes = body ? ConsentsOf(*body, "consents") : std::nullopt;
  if (!changes || changes->empty()) return ErrorReply(400, "consents_missing_or_malformed");
  ConsentWords consents = robot.consents;
  for (const auto& [name, state] : *changes) consents[name] = state;
  if (!AgreesWithPolicy(consents)) return ErrorReply(422, "granted_without_policy");
  robot.earlier_consents.push_back(std::exchange(robot.consents, consents));
  ++robot.consent_version;
  channel_.SendConsents(call.now, robot);
  return JsonReply(200, {{"consent_version", robot.consent_version}});
}

HttpReply AppApi::DeleteData(const HttpCall& call, RobotRecord& robot) {
  CloudStore::EraseObjects(robot);
  store_.Event(call.now, "data_erased", Name(robot));
  return JsonReply(202, {{"id", channel_.SendCommand(call.now, robot, "delete_data")}});
}

HttpReply AppApi::DeleteAccount(const HttpCall& call, const std::string& account) {
  for (auto& [number, robot] : store_.robots) {
    if (robot.account != account || robot.deleted) continue;
    CloudStore::EraseObjects(robot);
    channel_.SayGoodbye(call.now, robot);
  }
  std::erase_if(store_.pairings,
                [&](const auto& pairing) { return pairing.second.account == account; });
  store_.accounts.erase(account);  // And its tokens with it; `account` is the caller's copy.
  store_.Event(call.now, "account_erased", "");
  return EmptyReply(204);
}

}  // namespace dustproof
