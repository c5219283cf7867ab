#include "hil/cloud/cloud.h"

#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/hil/cloud/collecting_sink.h"
#include "tests/hil/cloud/wire_clients.h"

namespace dustproof {
namespace {

using nlohmann::json;

SimTime At(double seconds) { return SimTime::Zero() + SimDuration::FromSeconds(seconds); }

class CloudTest : public testing::Test {
 protected:
  static Cloud::Config DefaultConfig() {
    Cloud::Config config;
    config.accounts = {{.id = "mei", .password = "pw", .session_token = "planted-token"},
                       {.id = "bo", .password = "pw2"}};
    config.releases = {
        {"DP-V1", {.version = "1.0.1", .url = "https://c/fw.bin", .sha256 = "00ff"}}};
    return config;
  }

  WireAnswer Ask(const std::string& method, const std::string& target, const json& body = nullptr,
                 const std::string& bearer = "", const HttpHeaders& headers = {}) {
    return AskOnce(cloud->api(), queue.now(), method, target, body, bearer, headers);
  }

  std::string Login() {
    return Ask("POST", "/v1/login", {{"account", "mei"}, {"password", "pw"}}).body.at("token");
  }

  std::string PairingToken(const std::string& token) {
    const json body = {{"policy_version", "2023-01-30"},
                       {"consents", {{"C_POLICY", "granted"}, {"C_MAP_UPLOAD", "granted"}}}};
    return Ask("POST", "/v1/pairings", body, token).body.at("pairing_token");
  }

  using Robot = WireRobot;
  Robot Bind(const std::string& app_token) {
    Robot robot;
    robot.credential =
        Ask("POST", "/v1/bind", {{"pairing_token", PairingToken(app_token)}}).body.at("credential");
    return robot;
  }

  std::unique_ptr<StreamCore> Dial(const std::string& id, const std::string& user,
                                   const std::string& password, bool encrypted = true) {
    return Robot::Dial(*cloud, queue.now(), id, user, password, encrypted);
  }
  json Connect(Robot& robot) { return robot.Connect(*cloud, queue.now()); }

  void Rebuild(const Cloud::Config& config) {
    cloud = std::make_unique<Cloud>(config, queue, sink);
  }

  EventQueue queue;
  CollectingSink sink;
  std::unique_ptr<Cloud> cloud = std::make_unique<Cloud>(DefaultConfig(), queue, sink);
};

TEST_F(CloudTest, LogsInWithThePlantedTokenFirst) {
  EXPECT_EQ(Login(), "planted-token");
  EXPECT_NE(Login(), "planted-token");
  EXPECT_EQ(Ask("POST", "/v1/login", {{"account", "mei"}, {"password", "no"}}).status, 401);
  EXPECT_EQ(Ask("POST", "/v1/login", {{"account", 7}}).status, 401);
  EXPECT_EQ(Ask("POST", "/v1/login", "[1]").status, 400);
  EXPECT_EQ(Ask("GET", "/v1/robots", nullptr, "forged").status, 401);
}

TEST_F(CloudTest, PairsOnlyWhoAcceptedThePolicyAsItIs) {
  const std::string token = Login();
  const auto pair = [&](const json& body) {
    return Ask("POST", "/v1/pairings", body, token).status;
  };
  EXPECT_EQ(pair({{"policy_version", "2023-01-30"}, {"consents", {{"C_POLICY", "denied"}}}}), 403);
  EXPECT_EQ(pair({{"policy_version", "2023-01-30"}, {"consents", json::object()}}), 403);
  EXPECT_EQ(pair({{"policy_version", "2019"}, {"consents", {{"C_POLICY", "granted"}}}}), 409);
  EXPECT_EQ(pair({{"policy_version", "2023-01-30"}, {"consents", {{"C_POLICY", "yes"}}}}), 400);
  EXPECT_EQ(pair({{"policy_version", "2023-01-30"}, {"consents", {{"C_POLICY", "granted"}}}}), 201);
}

TEST_F(CloudTest, BindsOnceAToken) {
  const std::string token = PairingToken(Login());
  const std::string credential =
      Ask("POST", "/v1/bind", {{"pairing_token", token}}).body.at("credential");
  // The answer was lost and the robot asks again: the same robot, not a second one.
  EXPECT_EQ(Ask("POST", "/v1/bind", {{"pairing_token", token}}).body.at("credential"), credential);
  EXPECT_EQ(Ask("POST", "/v1/session", {{"credential", credential}}).status, 200);
  EXPECT_EQ(Ask("POST", "/v1/bind", {{"pairing_token", token}}).status, 403);
  EXPECT_EQ(sink.Last("client_refused"), "/v1/bind: pairing_token_used");
  EXPECT_EQ(Ask("POST", "/v1/bind", {{"pairing_token", "forged"}}).status, 403);
  const std::string late = PairingToken(Login());
  queue.RunUntil(At(600));
  EXPECT_EQ(Ask("POST", "/v1/bind", {{"pairing_token", late}}).status, 403);
}

TEST_F(CloudTest, GivesEachSessionItsOwnPseudonym) {
  Robot robot = Bind(Login());
  const json first = Connect(robot);
  EXPECT_EQ(first.at("consents"), (json{{"C_POLICY", "granted"}, {"C_MAP_UPLOAD", "granted"}}));
  EXPECT_EQ(first.at("consent_version"), 1);
  const std::unique_ptr<StreamCore> old_core = std::move(robot.core);
  const json second = Connect(robot);
  EXPECT_NE(first.at("client_id"), second.at("client_id"));
  EXPECT_TRUE(old_core->wants_close());
  EXPECT_FALSE(robot.core->wants_close());
  EXPECT_EQ(Ask("POST", "/v1/session", {{"credential", "forged"}}).status, 401);
}

TEST_F(CloudTest, RefusesForgersAtTheBroker) {
  Robot robot = Bind(Login());
  const json session = Ask("POST", "/v1/session", {{"credential", robot.credential}}).body;
  const std::string id = session.at("client_id"), user = session.at("username"),
                    password = session.at("password");
  EXPECT_TRUE(Dial("someone", user, password)->wants_close());
  EXPECT_EQ(sink.Last("client_refused"), "no session has this client id");
  EXPECT_TRUE(Dial(id, user, "wrong")->wants_close());
  EXPECT_EQ(sink.Last("client_refused"), "wrong user name or password");
  EXPECT_TRUE(Dial(id, user, password, /*encrypted=*/false)->wants_close());
  EXPECT_FALSE(Dial(id, user, password)->wants_close());
}

TEST_F(CloudTest, KeepsEachRobotToItsOwnTopics) {
  const std::string token = Login();
  Robot mine = Bind(token), other = Bind(token);
  Connect(mine);
  Connect(other);
  mine.Hear(At(0));
  // A wildcard over everybody's robots is refused; so are another's topics.
  for (const std::string& filter :
       {std::string("#"), std::string("s/+/down/#"), "s/" + other.client_id + "/down/#"}) {
    mine.core->TakeOutput();
    mine.Send(mqtt::Subscribe{.packet_id = 2, .subscriptions = {{filter, 0}}}, At(0));
    EXPECT_EQ(mine.core->TakeOutput(), mqtt::Encode(mqtt::Suback{.packet_id = 2, .codes = {0x80}}))
        << filter;
  }
  mine.Send(mqtt::Publish{.topic = "s/" + other.client_id + "/up/state", .payload = {}}, At(0));
  EXPECT_TRUE(mine.core->wants_close());
}

TEST_F(CloudTest, CarriesCommandsToTheRobotAndItsAnswerBack) {
  const std::string token = Login();
  Robot robot = Bind(token);
  EXPECT_EQ(Ask("POST", "/v1/robots/1/commands", {{"command", "clean"}}, token).body.at("id"),
            1);  // It waits.
  Connect(robot);
  EXPECT_EQ(robot.Hear(At(0)),
            (std::vector<json>{{{"topic", "command"}, {"id", 1}, {"command", "clean"}}}));
  robot.Say("ack", {{"id", 1}, {"ok", true}}, At(0));
  robot.Say("state", {{"state", "cleaning"}}, At(0));
  Ask("POST", "/v1/robots/1/commands", {{"command", "locate"}}, token);
  robot.Say("ack", {{"id", 2}, {"ok", false}, {"error", "busy"}}, At(0));
  const json state = Ask("GET", "/v1/robots/1/state", nullptr, token).body;
  EXPECT_EQ(state.at("state"), "cleaning");
  EXPECT_TRUE(state.at("online"));
  EXPECT_EQ(
      state.at("commands"),
      (json::array({{{"id", 1}, {"command", "clean"}, {"status", "done"}},
                    {{"id", 2}, {"command", "locate"}, {"status", "failed"}, {"error", "busy"}}})));
  EXPECT_EQ(Ask("POST", "/v1/robots/1/commands", {{"command", "dance"}}, token).status, 400);
}

TEST_F(CloudTest, SendsAnUnansweredCommandAgainAfterTheRobotHadItsSay) {
  const std::string token = Login();
  Robot robot = Bind(token);
  Connect(robot);
  Ask("POST", "/v1/robots/1/commands", {{"command", "clean"}}, token);
  Ask("POST", "/v1/robots/1/commands", {{"command", "locate"}}, token);
  robot.core->OnClose(At(0));
  Connect(robot);
  EXPECT_TRUE(robot.Hear(At(0)).empty());
  robot.Say("ack", {{"id", 1}, {"ok", true}}, At(0));  // It had got that one.
  queue.RunUntil(At(5));
  EXPECT_EQ(robot.Hear(At(5)),
            (std::vector<json>{{{"topic", "command"}, {"id", 2}, {"command", "locate"}}}));
  queue.RunUntil(At(130));
  EXPECT_EQ(Ask("GET", "/v1/robots/1/state", nullptr, token).body.at("commands")[1].at("status"),
            "expired");
}

TEST_F(CloudTest, TellsTheRobotOfConsentsNowOrWhenItIsBack) {
  const std::string token = Login();
  Robot robot = Bind(token);
  Connect(robot);
  const auto put = [&](const json& consents) {
    return Ask("PUT", "/v1/robots/1/consents", {{"consents", consents}}, token);
  };
  EXPECT_EQ(put({{"C_MAP_UPLOAD", "withdrawn"}}).body.at("consent_version"), 2);
  const auto heard = robot.Hear(At(0));
  ASSERT_EQ(heard.size(), 1u);
  EXPECT_EQ(heard[0].at("version"), 2);
  EXPECT_EQ(heard[0].at("consents").at("C_MAP_UPLOAD"), "withdrawn");
  EXPECT_EQ(Ask("GET", "/v1/robots/1/state", nullptr, token).body.at("consent_version_on_robot"),
            1);
  robot.Say("ack", {{"id", heard[0].at("id")}, {"ok", true}}, At(0));
  EXPECT_EQ(Ask("GET", "/v1/robots/1/state", nullptr, token).body.at("consent_version_on_robot"),
            2);

  robot.core->OnClose(At(0));
  put({{"C_MAP_UPLOAD", "granted"}});
  const json session = Connect(robot);
  EXPECT_EQ(session.at("consent_version"), 3);
  EXPECT_EQ(session.at("consents").at("C_MAP_UPLOAD"), "granted");
  EXPECT_TRUE(robot.Hear(At(0)).empty());  // The session's answer has said it.

  EXPECT_EQ(put({{"C_POLICY", "withdrawn"}}).status, 422);  // The map upload is still granted.
  EXPECT_EQ(put(json::object()).status, 400);
}

TEST_F(CloudTest, RestoredFromABackupItTellsTheConsentsBeforeAConfirmedChange) {
  const std::string token = Login();
  Robot robot = Bind(token);
  Connect(robot);
  EXPECT_FALSE(cloud->RestoreEarlierConsents(At(0)));  // Nothing was changed yet.
  Ask("PUT", "/v1/robots/1/consents", {{"consents", {{"C_MAP_UPLOAD", "withdrawn"}}}}, token);
  EXPECT_FALSE(cloud->RestoreEarlierConsents(At(0)));  // The robot has not confirmed it.
  robot.Say("ack", {{"id", robot.Hear(At(0))[0].at("id")}, {"ok", true}}, At(0));
  EXPECT_TRUE(cloud->RestoreEarlierConsents(At(0)));
  const json session = Connect(robot);
  EXPECT_EQ(session.at("consent_version"), 1);
  EXPECT_EQ(session.at("consents").at("C_MAP_UPLOAD"), "granted");
}

// A change that came while the robot was away counts as confirmed once it listens in the session
// whose answer told it.
TEST_F(CloudTest, ConfirmsWhatASessionToldOnceTheRobotListens) {
  const std::string token = Login();
  Robot robot = Bind(token);
  Ask("PUT", "/v1/robots/1/consents", {{"consents", {{"C_MAP_UPLOAD", "withdrawn"}}}}, token);
  Ask("POST", "/v1/session", {{"credential", robot.credential}});
  EXPECT_FALSE(cloud->RestoreEarlierConsents(At(0)));
  Connect(robot);
  EXPECT_TRUE(cloud->RestoreEarlierConsents(At(0)));
  EXPECT_EQ(sink.Last("consents_restored"), "robot 1, version 1");
}

TEST_F(CloudTest, StoresWhatRobotsSendAndShowsTheMap) {
  const std::string token = Login();
  Robot robot = Bind(token);
  EXPECT_EQ(Ask("GET", "/v1/robots/1/map", nullptr, token).status, 404);
  const HttpHeaders binary = {{"Content-Type", "application/octet-stream"}};
  EXPECT_EQ(Ask("PUT", "/v1/maps/current", "DPMP...", robot.credential, binary).status, 204);
  EXPECT_EQ(Ask("PUT", "/v1/maps/current", "JPEG", robot.credential, binary).status, 400);
  EXPECT_EQ(Ask("PUT", "/v1/maps/current", "DPMP", "forged", binary).status, 401);
  EXPECT_EQ(
      Ask("PUT", "/v1/identity", {{"robot_id", "DP1"}, {"mac", "02:00"}}, robot.credential).status,
      204);
  EXPECT_EQ(Ask("PUT", "/v1/logs/boot/1", "anything", robot.credential).status, 204);
  EXPECT_EQ(Ask("PUT", "/v1/telemetry", "anything", robot.credential).status, 404);
  EXPECT_EQ(sink.Last("unknown_request"), "PUT /v1/telemetry");
  EXPECT_EQ(Ask("GET", "/v1/firmware/DP-V1/latest", nullptr, robot.credential).body.at("version"),
            "1.0.1");
  EXPECT_EQ(cloud->stored_objects(), 3u);

  const WireAnswer map = Ask("GET", "/v1/robots/1/map", nullptr, token);
  EXPECT_EQ(AsText(map.response.body), "DPMP...");
  const std::string tag(map.response.header("ETag"));
  EXPECT_EQ(Ask("GET", "/v1/robots/1/map", nullptr, token, {{"If-None-Match", tag}}).status, 304);
  EXPECT_EQ(Ask("GET", "/v1/robots", nullptr, token).body.at("robots")[0].at("map_version"), 1);
  // Somebody else's app neither sees nor commands it.
  const std::string other =
      Ask("POST", "/v1/login", {{"account", "bo"}, {"password", "pw2"}}).body.at("token");
  EXPECT_EQ(Ask("GET", "/v1/robots/1/map", nullptr, other).status, 404);
  EXPECT_EQ(Ask("GET", "/v1/robots", nullptr, other).body.at("robots"), json::array());
}

TEST_F(CloudTest, DeletesDataAtOnceAndTellsTheRobot) {
  const std::string token = Login();
  Robot robot = Bind(token);
  Connect(robot);
  Ask("PUT", "/v1/maps/current", "DPMP", robot.credential,
      {{"Content-Type", "application/octet-stream"}});
  EXPECT_EQ(Ask("DELETE", "/v1/robots/1/data", nullptr, token).status, 202);
  EXPECT_EQ(cloud->stored_objects(), 0u);
  EXPECT_EQ(robot.Hear(At(0)).at(0).at("command"), "delete_data");
  EXPECT_EQ(Ask("GET", "/v1/robots/1/map", nullptr, token).status, 404);
}

TEST_F(CloudTest, ForgetsARobotThatWasReset) {
  const std::string token = Login();
  Robot robot = Bind(token);
  Connect(robot);
  Ask("PUT", "/v1/logs/x", "log", robot.credential);
  Ask("POST", "/v1/robots/1/commands", {{"command", "factory_reset"}}, token);
  robot.Say("ack", {{"id", 1}, {"ok", true}}, At(0));
  queue.RunUntil(At(0));
  EXPECT_TRUE(robot.core->wants_close());
  EXPECT_EQ(cloud->stored_objects(), 0u);
  EXPECT_EQ(Ask("GET", "/v1/robots/1/state", nullptr, token).status, 404);
  EXPECT_EQ(Ask("GET", "/v1/robots", nullptr, token).body.at("robots"), json::array());
  EXPECT_EQ(Ask("POST", "/v1/session", {{"credential", robot.credential}}).status, 401);
}

TEST_F(CloudTest, DeletesAnAccountWithAllThatHangsOnIt) {
  const std::string token = Login();
  Robot robot = Bind(token), silent = Bind(token);
  Connect(robot);
  Connect(silent);
  const std::string unused = PairingToken(token);
  Ask("PUT", "/v1/logs/x", "log", robot.credential);
  EXPECT_EQ(Ask("DELETE", "/v1/account", nullptr, token).status, 204);
  EXPECT_EQ(cloud->stored_objects(), 0u);
  EXPECT_EQ(Ask("GET", "/v1/robots", nullptr, token).status, 401);
  EXPECT_EQ(Ask("POST", "/v1/login", {{"account", "mei"}, {"password", "pw"}}).status, 401);
  EXPECT_EQ(Ask("POST", "/v1/session", {{"credential", robot.credential}}).status, 401);
  EXPECT_EQ(Ask("POST", "/v1/bind", {{"pairing_token", unused}}).status, 403);

  const auto heard = robot.Hear(At(0));
  ASSERT_EQ(heard.size(), 1u);
  EXPECT_EQ(heard[0].at("command"), "delete_data");
  robot.Say("ack", {{"id", heard[0].at("id")}, {"ok", true}}, At(0));
  queue.RunUntil(At(0));
  EXPECT_TRUE(robot.core->wants_close());
  EXPECT_FALSE(silent.core->wants_close());
  queue.RunUntil(At(10));
  EXPECT_TRUE(silent.core->wants_close());
}

TEST_F(CloudTest, MisbehavesAsConfigured) {
  Cloud::Config config = DefaultConfig();
  using Kind = Cloud::Fault::Kind;
  config.faults = {
      {.kind = Kind::kError, .from = At(10), .until = At(20), .path_prefix = "/v1/login"},
      {.kind = Kind::kDropConnection, .from = At(30), .until = At(40)}};
  Rebuild(config);
  const json login = {{"account", "mei"}, {"password", "pw"}};
  Robot robot = Bind(Login());
  Connect(robot);
  queue.RunUntil(At(10));
  EXPECT_EQ(Ask("POST", "/v1/login", login).status, 503);
  EXPECT_EQ(Ask("GET", "/v1/robots", nullptr, "planted-token").status, 200);
  queue.RunUntil(At(29));
  EXPECT_EQ(Ask("POST", "/v1/login", login).status, 200);
  EXPECT_FALSE(robot.core->wants_close());
  queue.RunUntil(At(30));
  EXPECT_TRUE(robot.core->wants_close());
  EXPECT_EQ(Ask("POST", "/v1/login", login).status, 0);
  EXPECT_TRUE(Dial("a", "b", "c")->wants_close());
}

TEST_F(CloudTest, IsTheSameTwice) {
  const auto digest = [&] {
    Rebuild(DefaultConfig());
    Robot robot = Bind(Login());
    Connect(robot);
    Hasher hasher;
    cloud->AddToHash(hasher);
    return std::pair(robot.client_id, hasher.Digest());
  };
  EXPECT_EQ(digest(), digest());
}

}  // namespace
}  // namespace dustproof
