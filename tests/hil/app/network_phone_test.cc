#include "hil/app/network_phone.h"

#include <gtest/gtest.h>

#include <array>
#include <nlohmann/json.hpp>
#include <string>

#include "hil/app/app.h"
#include "hil/cloud/cloud.h"
#include "hil/net/network.h"
#include "hil/protocol/http_parser.h"
#include "tests/hil/cloud/collecting_sink.h"
#include "tests/hil/cloud/wire_clients.h"

namespace dustproof {
namespace {

using nlohmann::json;

SimTime At(double seconds) { return SimTime::Zero() + SimDuration::FromSeconds(seconds); }

/// The robot's hotspot as firmware runs it, over the robot's sockets: one connection at a time.
class HotspotServer {
 public:
  HotspotServer(RobotInterface& robot, std::function<void(const HttpRequest&)> provisioned)
      : robot_(robot), provisioned_(std::move(provisioned)) {
    robot_.SetReadyHandler([this] { Serve(); });
    robot_.StartHotspot("DustproofVac-Setup", "label-passphrase");
    listener_ = robot_.Open(SocketKind::kTcp);
    robot_.Bind(listener_, 80);
  }

 private:
  void Serve() {
    NetEndpoint peer;
    if (socket_ <= 0) socket_ = robot_.Accept(listener_, peer);
    if (socket_ <= 0) return;
    std::array<std::byte, 512> piece;
    for (int32_t count; (count = robot_.Receive(socket_, piece)) > 0;)
      reader_.Append(std::span(piece).first(static_cast<size_t>(count)));
    for (auto request = reader_.Next(); request.ok() && request->has_value();
         request = reader_.Next()) {
      const bool is_info = (*request)->target == "/info";
      robot_.Send(socket_, Encode(HttpResponse::With(is_info ? 200 : 202, "application/json",
                                                     R"({"model":"DP-V1"})")));
      if (!is_info) provisioned_(**request);
    }
  }

  RobotInterface& robot_;
  std::function<void(const HttpRequest&)> provisioned_;
  int32_t listener_ = 0, socket_ = 0;
  HttpRequestReader reader_{HttpLimits{}};
};

TEST(NetworkPhoneTest, PairsThroughHotspotAndTlsInTheRunsNetwork) {
  EventQueue queue;
  CollectingSink sink;
  const Seed seed(5);
  NetworkConfig network_config;
  network_config.start = WallTime::FromUnixSeconds(1'772'413'200);
  Network network(queue, seed, network_config,
                  CertificateAuthority::Create(seed.Derive("ca"), network_config.start), sink);
  Cloud::Config cloud_config;
  cloud_config.accounts = {{.id = "mei", .password = "pw"}};
  Cloud cloud(cloud_config, queue, sink);
  HostSpec host;
  host.name = "cloud.example";
  network.AddHost(host);
  network.Serve("cloud.example", 443, PortSecurity::kTls, cloud.api());

  App::Config config;
  config.account = "mei";
  config.password = "pw";
  config.wifi_ssid = network_config.home.ssid;
  config.wifi_password = network_config.home_password;
  config.hotspot_passphrase = "label-passphrase";
  config.cloud_host = "cloud.example";
  config.consents = {"C_POLICY", "C_MAP_UPLOAD"};
  config.answers.initial = {{"C_POLICY", ConsentState::kGranted},
                            {"C_MAP_UPLOAD", ConsentState::kDenied}};
  NetworkPhone phone(network.app());
  App app(config, queue, phone, sink);
  network.SetConsents([&app] { return app.ConsentsNow(); });

  WireRobot robot;
  HotspotServer hotspot(network.robot(), [&](const HttpRequest& request) {
    const json body = json::parse(AsText(request.body));
    EXPECT_EQ(body.at("ssid"), config.wifi_ssid);
    queue.ScheduleAfter(
        SimDuration::Seconds(1), EventSource::kFirmware, [&, token = body.at("pairing_token")] {
          network.robot().Stop();
          robot.credential =
              AskOnce(cloud.api(), queue.now(), "POST", "/v1/bind", {{"pairing_token", token}})
                  .body.at("credential");
          robot.Connect(cloud, queue.now());
        });
  });
  app.Perform("pair");
  app.Perform("clean");
  queue.RunUntil(At(60));
  EXPECT_EQ(sink.Count("paired"), 1u);
  EXPECT_EQ(sink.Last("command_sent"), "1 clean");
  EXPECT_EQ(robot.Hear(At(60)).size(), 1u);
}

}  // namespace
}  // namespace dustproof
