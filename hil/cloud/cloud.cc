#include "hil/cloud/cloud.h"

#include <utility>

#include "hil/cloud/internal/app_api.h"
#include "hil/cloud/internal/cloud_store.h"
#include "hil/cloud/internal/robot_api.h"
#include "hil/cloud/internal/robot_channel.h"
#include "hil/protocol/http_router.h"
#include "hil/protocol/http_server.h"

namespace dustproof {
namespace {

/// Hangs up on whoever calls.
class ClosedCore final : public StreamCore {
 public:
  void OnOpen(SimTime) override { Close(); }
  void OnBytes(SimTime, std::span<const std::byte>) override { Close(); }
};

}  // namespace

struct Cloud::Parts final : StreamService {
  Parts(const Config& config, EventQueue& queue, CaptureSink& sink)
      : store(config, sink),
        channel(store, queue),
        robot_api(store, channel),
        app_api(store, channel),
        https({.server_name = "dustproof-cloud"},
              [this](SimTime now, const StreamPeer& peer, const HttpRequest& request) {
                return Answer(now, peer, request);
              }) {
    robot_api.AddRoutes(router);
    app_api.AddRoutes(router);
    for (const Fault& fault : config.faults) {
      if (!DropsEverything(fault)) continue;
      queue.Schedule(fault.from, EventSource::kCloud, [this, &queue] {
        channel.broker().DropConnections(queue.now(), "the cloud is down");
      });
    }
  }

  static bool DropsEverything(const Fault& fault) {
    return fault.kind == Fault::Kind::kDropConnection && fault.path_prefix == "/";
  }

  /// The MQTT port: the broker, unless the cloud is down.
  std::unique_ptr<StreamCore> Accept(SimTime now, const StreamPeer& peer) override {
    for (const Fault& fault : store.config().faults) {
      if (DropsEverything(fault) && now >= fault.from && now < fault.until)
        return std::make_unique<ClosedCore>();
    }
    return channel.broker().Accept(now, peer);
  }

  HttpReply Answer(SimTime now, const StreamPeer& peer, const HttpRequest& request) {
    SimDuration delay;
    for (const Fault& fault : store.config().faults) {
      const bool applies = now >= fault.from && now < fault.until && !fault.path_prefix.empty() &&
                           request.path().starts_with(fault.path_prefix);
      if (!applies) continue;
      if (fault.kind == Fault::Kind::kDropConnection) return {.drop_connection = true};
      if (fault.kind == Fault::Kind::kError) {
        return {.response = HttpResponse::With(fault.status, "application/json",
                                               R"({"error":"unavailable"})")};
      }
      delay = fault.delay;
    }
    HttpReply reply = router.Handle(now, peer, request);
    if (reply.response.status == 404 || reply.response.status == 405) {
      store.Event(now, "unknown_request", request.method + " " + std::string(request.path()));
    }
    reply.delay = delay;
    return reply;
  }

  CloudStore store;
  RobotChannel channel;
  RobotApi robot_api;
  AppApi app_api;
  HttpRouter router;
  HttpService https;
};

Cloud::Cloud(const Config& config, EventQueue& queue, CaptureSink& sink)
    : parts_(std::make_unique<Parts>(config, queue, sink)) {}
Cloud::~Cloud() = default;

StreamService& Cloud::api() { return parts_->https; }
StreamService& Cloud::mqtt() { return *parts_; }

Cloud::RobotLogin Cloud::AddRobot(SimTime now, const std::string& account) {
  RobotRecord& robot = parts_->store.AddRobot(
      {.account = account, .consents = {}, .expires = SimTime::Max(), .robot_number = 0});
  parts_->channel.OpenSession(now, robot);
  const RobotSession& session = robot.session;
  return {.credential = robot.credential,
          .client_id = session.client_id,
          .user_name = session.user_name,
          .password = session.password,
          .publish_prefix = RobotChannel::Prefix(session.client_id, "up"),
          .subscribe_prefix = RobotChannel::Prefix(session.client_id, "down")};
}

bool Cloud::RestoreEarlierConsents(SimTime now) {
  bool any = false;
  for (auto& [number, robot] : parts_->store.robots) {
    if (!CloudStore::RestoreEarlierConsents(robot)) continue;
    any = true;
    parts_->store.Event(now, "consents_restored",
                        Name(robot) + ", version " + std::to_string(robot.consent_version));
  }
  return any;
}

size_t Cloud::stored_objects() const { return parts_->store.CountObjects(); }

void Cloud::AddToHash(Hasher& hasher) const {
  parts_->store.AddToHash(hasher);
  parts_->channel.broker().AddToHash(hasher);
}

}  // namespace dustproof
