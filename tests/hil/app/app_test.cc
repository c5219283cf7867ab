#include "hil/app/app.h"

#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "hil/app/user_script.h"
#include "hil/cloud/cloud.h"
#include "hil/protocol/http_router.h"
#include "tests/hil/app/fake_phone.h"
#include "tests/hil/app/map_file.h"
#include "tests/hil/cloud/collecting_sink.h"
#include "tests/hil/cloud/wire_clients.h"

namespace dustproof {
namespace {

using nlohmann::json;

SimTime At(double seconds) { return SimTime::Zero() + SimDuration::FromSeconds(seconds); }

/// A robot in its box: it opens its hotspot, takes what it is given, and turns up at the cloud a
/// little later.
class BoxedRobot {
 public:
  BoxedRobot(EventQueue& queue, FakePhone& phone, Cloud& cloud)
      : queue_(queue), phone_(phone), cloud_(cloud) {
    router_.Add("GET", "/info", [](const HttpCall&) {
      return HttpReply{.response = HttpResponse::With(200, "application/json",
                                                      R"({"model":"DP-V1","protocol":1})")};
    });
    router_.Add("POST", "/provision", [this](const HttpCall& call) { return Provision(call); });
    phone_.services["tcp:192.168.4.1:80"] = &setup_;
    OpenHotspot();
  }
  void OpenHotspot() { phone_.networks["DustproofVac-Setup"] = "label"; }

  WireRobot wire;
  json provisioned;
  SimDuration comes_after = SimDuration::Seconds(2);  // It was provisioned.

 private:
  HttpReply Provision(const HttpCall& call) {
    provisioned = json::parse(AsText(call.request.body));
    queue_.ScheduleAfter(SimDuration::Seconds(1), EventSource::kFirmware,
                         [this] { phone_.networks.erase("DustproofVac-Setup"); });
    queue_.ScheduleAfter(comes_after, EventSource::kFirmware, [this] {
      const json token = {{"pairing_token", provisioned.at("pairing_token")}};
      wire.credential =
          AskOnce(cloud_.api(), queue_.now(), "POST", "/v1/bind", token).body.at("credential");
      wire.Connect(cloud_, queue_.now());
      wire.Say("state", {{"state", "docked"}}, queue_.now());
    });
    return {.response = HttpResponse::With(202, "application/json", R"({"accepted":true})")};
  }

  EventQueue& queue_;
  FakePhone& phone_;
  Cloud& cloud_;
  HttpRouter router_;
  HttpService setup_{HttpService::Config{},
                     [this](SimTime now, const StreamPeer& peer, const HttpRequest& request) {
                       return router_.Handle(now, peer, request);
                     }};
};

class AppTest : public testing::Test {
 protected:
  AppTest() {
    phone.networks["home"] = "wifi-password";
    phone.services["tls:cloud.example:443"] = &cloud.api();
    config.account = "mei";
    config.password = "pw";
    config.wifi_ssid = "home";
    config.wifi_password = "wifi-password";
    config.hotspot_passphrase = "label";
    config.cloud_host = "cloud.example";
    config.consents = {"C_POLICY", "C_MAP_UPLOAD", "C_DEVID"};
    config.answers.initial = {{"C_POLICY", ConsentState::kGranted},
                              {"C_MAP_UPLOAD", ConsentState::kGranted},
                              {"C_DEVID", ConsentState::kDenied}};
  }
  static Cloud::Config CloudConfig() {
    Cloud::Config cloud_config;
    cloud_config.accounts = {{.id = "mei", .password = "pw"}};
    return cloud_config;
  }
  App& Build() {
    app = std::make_unique<App>(config, queue, phone, sink);
    return *app;
  }
  void PairBy(double seconds) {
    Build().Perform("pair");
    queue.RunUntil(At(seconds));
    ASSERT_EQ(sink.Count("paired"), 1u);
  }
  void PutMap(const Bytes& file) {
    AskOnce(cloud.api(), queue.now(), "PUT", "/v1/maps/current", std::string(AsText(file)),
            robot.wire.credential, {{"Content-Type", "application/octet-stream"}});
  }

  EventQueue queue;
  CollectingSink sink;
  Cloud cloud{CloudConfig(), queue, sink};
  FakePhone phone{queue};
  BoxedRobot robot{queue, phone, cloud};
  App::Config config;
  std::unique_ptr<App> app;
};

TEST_F(AppTest, PairsARobotWithTheConsentsOfTheScreens) {
  PairBy(20);
  EXPECT_EQ(sink.consents, (std::vector<std::string>{"C_POLICY=granted", "C_MAP_UPLOAD=granted",
                                                     "C_DEVID=denied"}));
  EXPECT_EQ(app->ConsentsNow(), "C_DEVID=denied,C_MAP_UPLOAD=granted,C_POLICY=granted");
  EXPECT_EQ(robot.provisioned.at("consents"),
            (json{{"C_POLICY", "granted"}, {"C_MAP_UPLOAD", "granted"}, {"C_DEVID", "denied"}}));
  EXPECT_EQ(robot.provisioned.at("ssid"), "home");
  EXPECT_EQ(robot.provisioned.at("password"), "wifi-password");
  EXPECT_EQ(robot.provisioned.at("host"), "cloud.example");
  EXPECT_EQ(robot.provisioned.at("mqtt_port"), 8883);
  EXPECT_EQ(phone.joined, "home");
  EXPECT_EQ(sink.Last("paired"), "robot 1");
  EXPECT_EQ(sink.Last("state_shown"), "docked");
  EXPECT_EQ(sink.Last("policy_shown"), "2023-01-30");
}

TEST_F(AppTest, UsesNoNetworkWhileThePolicyIsDeclined) {
  config.answers.initial["C_POLICY"] = ConsentState::kDenied;
  App& declined = Build();
  EXPECT_TRUE(declined.Perform("pair"));
  queue.RunUntil(At(60));
  EXPECT_EQ(phone.used, 0);
  EXPECT_EQ(sink.consents, (std::vector<std::string>{"C_POLICY=denied"}));
  EXPECT_EQ(sink.Count("policy_declined"), 1u);
  EXPECT_FALSE(declined.Perform("clean"));
}

TEST_F(AppTest, SendsWhatWaitedForThePairingAndSeesItAnswered) {
  Build().Perform("pair");
  EXPECT_TRUE(app->Perform("clean"));  // Too early: it waits.
  queue.RunUntil(At(20));
  EXPECT_EQ(robot.wire.Hear(At(20)).at(0).at("command"), "clean");
  EXPECT_EQ(sink.Last("command_sent"), "1 clean");
  robot.wire.Say("ack", {{"id", 1}, {"ok", true}}, At(20));
  app->Perform("locate");
  queue.RunUntil(At(27));
  robot.wire.Say("ack", {{"id", 2}, {"ok", false}, {"error", "busy"}}, At(27));
  queue.RunUntil(At(40));
  EXPECT_EQ(sink.Last("command_acked"), "1 clean");
  EXPECT_EQ(sink.Last("command_failed"), "2 locate: busy");
  EXPECT_EQ(app->seen().commands_acked, 1);
  EXPECT_EQ(app->seen().commands_failed, 1);
}

TEST_F(AppTest, ShowsTheMapOnceAVersion) {
  PairBy(20);
  PutMap(MakeMapFile());
  queue.RunUntil(At(60));
  EXPECT_EQ(sink.Count("map_shown"), 1u);
  EXPECT_EQ(sink.Last("map_shown").substr(0, 58),
            "3x2 cells of 50 mm, 2 free, 1 occupied, path of 2 points, ");
  PutMap(MakeMapFile(/*last_cell=*/1));
  queue.RunUntil(At(90));
  EXPECT_EQ(app->seen().maps_shown, 2);
  PutMap(ToBytes("DPMP and nonsense"));
  queue.RunUntil(At(120));
  EXPECT_EQ(sink.Count("map_broken"), 1u);
}

TEST_F(AppTest, SeesTheCleaningFinishAndTheRobotDock) {
  PairBy(20);
  EXPECT_FALSE(app->seen().docked);  // In its box it was, but it has not cleaned.
  for (const auto& [time, state] : std::vector<std::pair<int, std::string>>{{30, "exploring"},
                                                                            {40, "cleaning"},
                                                                            {50, "returning"},
                                                                            {60, "charging"},
                                                                            {70, "cleaning"},
                                                                            {80, "returning"},
                                                                            {90, "docked"}}) {
    queue.RunUntil(At(time));
    robot.wire.Say("state", {{"state", state}}, At(time));
    queue.RunUntil(At(time + 7));
    EXPECT_EQ(app->seen().cleaning_finished,
              state == "returning" || state == "charging" || state == "docked")
        << state;
    EXPECT_EQ(app->seen().docked, state == "charging" || state == "docked") << state;
  }
  EXPECT_EQ(sink.Count("docked_shown"), 2u);
}

TEST_F(AppTest, WithdrawsAConsentAtItsTimeEvenThroughAnOutage) {
  config.answers.changes = {
      {.at = At(30), .consent = "C_MAP_UPLOAD", .state = ConsentState::kWithdrawn}};
  PairBy(20);
  robot.wire.Hear(At(20));
  phone.services.clear();
  queue.RunUntil(At(29));
  EXPECT_EQ(app->ConsentsNow(), "C_DEVID=denied,C_MAP_UPLOAD=granted,C_POLICY=granted");
  queue.RunUntil(At(30));
  EXPECT_EQ(app->ConsentsNow(), "C_DEVID=denied,C_MAP_UPLOAD=withdrawn,C_POLICY=granted");
  EXPECT_EQ(sink.consents.back(), "C_MAP_UPLOAD=withdrawn");
  phone.services["tls:cloud.example:443"] = &cloud.api();
  queue.RunUntil(At(45));
  const auto heard = robot.wire.Hear(At(45));
  ASSERT_EQ(heard.size(), 1u);
  EXPECT_EQ(heard[0].at("consents").at("C_MAP_UPLOAD"), "withdrawn");
  robot.wire.Say("ack", {{"id", heard[0].at("id")}, {"ok", true}}, At(45));
  queue.RunUntil(At(55));
  EXPECT_EQ(sink.Last("consents_on_robot_shown"), "version 2");
  PutMap(MakeMapFile());
  queue.RunUntil(At(120));
  EXPECT_EQ(sink.Count("map_shown"), 0u);  // The map's page is gone with its consent.
}

// Two switches within one outage: what is saved in the end is what holds in the end.
TEST_F(AppTest, SavesTheLatestOfTwoAnswers) {
  config.answers.changes = {
      {.at = At(30), .consent = "C_MAP_UPLOAD", .state = ConsentState::kWithdrawn},
      {.at = At(32), .consent = "C_MAP_UPLOAD", .state = ConsentState::kGranted}};
  PairBy(20);
  robot.wire.Hear(At(20));
  phone.services.clear();
  queue.RunUntil(At(33));
  phone.services["tls:cloud.example:443"] = &cloud.api();
  queue.RunUntil(At(120));
  EXPECT_EQ(robot.wire.Hear(At(120)).back().at("consents").at("C_MAP_UPLOAD"), "granted");
}

TEST_F(AppTest, TakesEverythingBackWithThePolicyAndFallsSilent) {
  config.answers.changes = {
      {.at = At(30), .consent = "C_POLICY", .state = ConsentState::kWithdrawn}};
  PairBy(20);
  queue.RunUntil(At(32));
  EXPECT_EQ(app->ConsentsNow(), "C_DEVID=denied,C_MAP_UPLOAD=withdrawn,C_POLICY=withdrawn");
  const auto heard = robot.wire.Hear(At(32));
  ASSERT_FALSE(heard.empty());
  robot.wire.Say("ack", {{"id", heard.back().at("id")}, {"ok", true}}, At(32));
  queue.RunUntil(At(40));
  EXPECT_EQ(sink.Last("app_closed"), "the policy is no longer accepted");
  const int used = phone.used;
  queue.RunUntil(At(200));
  EXPECT_EQ(phone.used, used);
}

TEST_F(AppTest, TriesAgainUntilTheRobotIsThere) {
  phone.networks.erase("DustproofVac-Setup");
  Build().Perform("pair");
  queue.ScheduleAfter(SimDuration::Seconds(90), EventSource::kFirmware,
                      [&] { robot.OpenHotspot(); });
  queue.RunUntil(At(120));
  EXPECT_EQ(sink.Count("paired"), 1u);
  EXPECT_GE(sink.Count("pairing_attempt_failed"), 1u);
}

TEST_F(AppTest, TakesARobotThatComesAfterItWasGivenUpOn) {
  // Another attempt has begun meanwhile, and finds no hotspot: the robot was provisioned by the first.
  config.online_timeout = SimDuration::Seconds(20);
  robot.comes_after = SimDuration::Seconds(45);
  Build().Perform("pair");
  queue.RunUntil(At(200));
  EXPECT_EQ(sink.Count("paired"), 1u);
  EXPECT_GE(sink.Count("pairing_attempt_failed"), 1u);
}

TEST_F(AppTest, GivesUpInTheEnd) {
  phone.networks.erase("DustproofVac-Setup");
  Build().Perform("pair");
  queue.RunUntil(At(600));
  EXPECT_EQ(sink.Count("pairing_failed"), 1u);
  EXPECT_FALSE(app->Perform("clean"));
}

TEST_F(AppTest, DeletesDataAndAccount) {
  PairBy(20);
  PutMap(MakeMapFile());
  app->Perform("delete_data");
  queue.RunUntil(At(22));
  EXPECT_EQ(cloud.stored_objects(), 0u);
  EXPECT_EQ(robot.wire.Hear(At(22)).at(0).at("command"), "delete_data");
  app->Perform("delete_account");
  queue.RunUntil(At(24));
  EXPECT_EQ(sink.Count("account_deleted"), 1u);
  EXPECT_FALSE(app->Perform("locate"));
}

TEST_F(AppTest, SeesARobotLeaveByFactoryReset) {
  PairBy(20);
  app->Perform("factory_reset");
  queue.RunUntil(At(22));
  robot.wire.Say("ack", {{"id", 1}, {"ok", true}}, At(22));
  queue.RunUntil(At(30));
  EXPECT_EQ(sink.Last("command_acked"), "1 factory_reset");
  EXPECT_EQ(sink.Last("app_closed"), "the robot has left the account");
}

TEST_F(AppTest, LetsTheUserReachForTheButtonWhereTheAppCannot) {
  config.answers.initial["C_POLICY"] = ConsentState::kDenied;
  std::string pressed, typed;
  ScriptStep pair{.at = SimDuration::Seconds(5), .action = "pair", .value = "", .where = {}},
      clean = pair, dock = pair, locate = pair, press = pair;
  clean.at = SimDuration::Seconds(40);
  clean.action = "clean";
  dock.at = SimDuration::Seconds(50);
  dock.action = "dock";
  locate.at = SimDuration::Seconds(60);
  locate.action = "locate";
  press.at = SimDuration::Seconds(70);
  press.action = "press";
  press.value = "reset";
  ScriptStep type = press;
  type.action = "type";
  type.value = "help\\x00\\xFF\\x";
  ScheduleScript({pair, clean, dock, locate, press, type}, queue, Build(), sink,
                 [&](const std::string& button) { pressed += button + " "; }, [&](const std::string& bytes) { typed += bytes; });
  queue.RunUntil(At(100));
  EXPECT_EQ(pressed, "clean home reset ");
  EXPECT_EQ(typed, std::string("help\0\xFF\\x", 8));
  EXPECT_EQ(sink.Last("action_skipped"), "locate: no robot is paired");
}

}  // namespace
}  // namespace dustproof
