#pragma once

#include "hil/cloud/internal/cloud_store.h"
#include "hil/cloud/internal/robot_channel.h"
#include "hil/protocol/http_router.h"

namespace dustproof {

/// What robots ask over HTTPS: chapter 2 of robots/vacuum/firmware/PROTOCOL.md.
class RobotApi {
 public:
  /// Both outlive it.
  RobotApi(CloudStore& store, RobotChannel& channel) : store_(store), channel_(channel) {}
  /// The router must not outlive this.
  void AddRoutes(HttpRouter& router);

 private:
  using RobotHandler = HttpReply (RobotApi::*)(const HttpCall& call, RobotRecord& robot);
  /// A route for robots that show their credential.
  void AddForRobots(HttpRouter& router, const char* method, const char* pattern,
                    RobotHandler handler);

  HttpReply Bind(const HttpCall& call);
  bool IsUsed(const PendingPairing& pairing) const;
  HttpReply OpenSession(const HttpCall& call);
  HttpReply PutIdentity(const HttpCall& call, RobotRecord& robot);
  HttpReply PutMap(const HttpCall& call, RobotRecord& robot);
  HttpReply PutLog(const HttpCall& call, RobotRecord& robot);
  HttpReply GetRelease(const HttpCall& call, RobotRecord& robot);

  CloudStore& store_;
  RobotChannel& channel_;
};

}  // namespace dustproof
