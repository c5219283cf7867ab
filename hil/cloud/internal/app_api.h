#pragma once

#include "hil/cloud/internal/cloud_store.h"
#include "hil/cloud/internal/robot_channel.h"
#include "hil/protocol/http_router.h"

namespace dustproof {

/// What the companion app asks over HTTPS: hil/cloud/APP_API.md.
class AppApi {
 public:
  /// Both outlive it.
  AppApi(CloudStore& store, RobotChannel& channel) : store_(store), channel_(channel) {}
  /// The router must not outlive this.
  void AddRoutes(HttpRouter& router);

 private:
  using AccountHandler = HttpReply (AppApi::*)(const HttpCall& call, const std::string& account);
  using RobotHandler = HttpReply (AppApi::*)(const HttpCall& call, RobotRecord& robot);
  /// A route for apps that show a token of their account.
  void AddForAccounts(HttpRouter& router, const char* method, const char* pattern,
                      AccountHandler handler);
  /// The same for one robot of that account, `{number}` in the pattern.
  void AddForRobots(HttpRouter& router, const char* method, const char* pattern,
                    RobotHandler handler);

  HttpReply Login(const HttpCall& call);
  HttpReply CreatePairing(const HttpCall& call, const std::string& account);
  HttpReply ListRobots(const HttpCall& call, const std::string& account);
  HttpReply DeleteAccount(const HttpCall& call, const std::string& account);
  HttpReply GetState(const HttpCall& call, RobotRecord& robot);
  HttpReply GetMap(const HttpCall& call, RobotRecord& robot);
  HttpReply SendCommand(const HttpCall& call, RobotRecord& robot);
  HttpReply PutConsents(const HttpCall& call, RobotRecord& robot);
  HttpReply DeleteData(const HttpCall& call, RobotRecord& robot);

  CloudStore& store_;
  RobotChannel& channel_;
};

}  // namespace dustproof
