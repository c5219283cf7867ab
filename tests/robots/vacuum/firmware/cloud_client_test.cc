#include "robots/vacuum/firmware/cloud/cloud_client.h"

#include <gtest/gtest.h>

#include <iostream>

#include "tests/robots/vacuum/firmware/fake_cloud.h"
#include "tests/robots/vacuum/firmware/fake_navigator.h"

namespace vacuum::test {
namespace {

using Strings = std::vector<std::string>;

// Keys take a while to make: one pair serves all tests.
const ServerIdentity& CloudIdentity() {
  static const ServerIdentity identity = MakeServerIdentity("cloud.example");
  return identity;
}

// A provisioned robot, its cloud, and what happens while the session lasts.
class CloudClientTest : public testing::Test {
 protected:
  CloudClientTest() {
    store_.Open();
    store_.Update([](Settings& s) {
      s.ssid = "Kitchen Router";
      s.wifi_password = "first-password";
      s.host = "cloud.example";
      s.api_port = 443;
      s.mqtt_port = 8883;
      s.pairing_token = "token-7f";
      s.consents.Set(Consent::kPolicy, ConsentState::kGranted);
    });
    fake_.on_time = [this] {
      for (auto& [at_us, act] : script_) {
        if (act && fake_.now_us >= start_us_ + at_us) std::exchange(act, nullptr)();
      }
      cloud_.drop_mqtt = fake_.now_us >= start_us_ + Seconds(40);
    };
  }

  ~CloudClientTest() override {
    if (!HasFailure()) return;
    for (const std::string& line : fake_.log) std::cerr << line << "\n";
  }

  // Does `act` that long after the session was begun.
  void At(double seconds, std::function<void()> act) {
    script_.emplace_back(Seconds(seconds), std::move(act));
  }
  // Forty seconds with the cloud.
  CloudClient::Outcome Run() {
    start_us_ = fake_.now_us;
    cloud_.drop_mqtt = false;
    return client_.Run();
  }
  Bytes SomeMap() { return Bytes(9000, 0x5A); }

  // The client takes the trust anchor when it is made.
  Platform TrustingHal() {
    fake_.trust_anchor_pem = CloudIdentity().ca_pem;
    return fake_.hal();
  }

  FakeHal fake_;
  Platform hal_ = TrustingHal();
  FakeNavigator robot_;
  FakeCloud cloud_{fake_, CloudIdentity()};
  SettingsStore store_{hal_};
  Navigator navigator_;
  Outbox outbox_;
  CloudHooks hooks_;
  ConsentGate gate_{store_, hooks_};
  Actions actions_{hal_, navigator_, store_, outbox_};
  CloudClient client_{{hal_, store_, gate_, navigator_, outbox_, hooks_, actions_, "1.0.0"}};
  std::vector<std::pair<uint64_t, std::function<void()>>> script_;
  uint64_t start_us_ = 0;
};

TEST_F(CloudClientTest, BindsOnceAndSendsNoMoreThanTheSessionNeeds) {
  At(5, [&] { robot_.Become(Activity::kCleaning); });
  EXPECT_EQ(Run(), CloudClient::Outcome::kEnded);
  ASSERT_EQ(cloud_.requests.size(), 3u);
  EXPECT_EQ(cloud_.requests[0].line, "POST /v1/bind HTTP/1.1");
  EXPECT_EQ(cloud_.requests[0].body, R"({"pairing_token":"token-7f"})");
  EXPECT_EQ(cloud_.requests[1].line, "POST /v1/session HTTP/1.1");
  EXPECT_EQ(cloud_.requests[1].body, R"({"credential":"credential-1"})");
  EXPECT_EQ(cloud_.requests[2].line, "GET /v1/firmware/DP-V1/latest HTTP/1.1");
  EXPECT_EQ(cloud_.requests[2].authorization, "Bearer credential-1");
  EXPECT_EQ(cloud_.Published("state"),
            (Strings{R"({"state":"docked"})", R"({"state":"cleaning"})"}));
  EXPECT_EQ(cloud_.published.size(), 2u);
  EXPECT_EQ(cloud_.published[0].first, "s/pseudonym-1/up/state");
  EXPECT_TRUE(store_.current().pairing_token.empty());
  EXPECT_FALSE(fake_.flash.Contains("token-7f"));

  EXPECT_EQ(Run(), CloudClient::Outcome::kEnded);
  EXPECT_EQ(cloud_.Count("POST /v1/bind"), 1);
  EXPECT_EQ(cloud_.Count("GET /v1/firmware"), 1);
  EXPECT_EQ(cloud_.published.back().first, "s/pseudonym-2/up/state");
}

TEST_F(CloudClientTest, UploadsTheMapWhereThatIsGranted) {
  cloud_.consents = R"({"C_POLICY":"granted","C_MAP_UPLOAD":"granted"})";
  At(3, [&] { outbox_.QueueMap(SomeMap()); });
  Run();
  ASSERT_EQ(cloud_.Count("PUT /v1/maps/current"), 1);
  const FakeCloud::Request& put = cloud_.requests.back();
  EXPECT_EQ(put.content_type, "application/octet-stream");
  EXPECT_EQ(put.authorization, "Bearer credential-1");
  EXPECT_EQ(Bytes(put.body.begin(), put.body.end()), SomeMap());
  EXPECT_FALSE(outbox_.map());
  EXPECT_EQ(cloud_.Count("PUT /v1/identity"), 0);
}

TEST_F(CloudClientTest, KeepsTheMapWhereTheCloudFailsAndDropsItWhereTheCloudRefuses) {
  cloud_.consents = R"({"C_POLICY":"granted","C_MAP_UPLOAD":"granted"})";
  cloud_.map_status = 503;
  outbox_.QueueMap(SomeMap());
  Run();
  EXPECT_EQ(cloud_.Count("PUT /v1/maps/current"),
            1);  // The next attempt is due after the session's end.
  EXPECT_TRUE(outbox_.map());
  cloud_.map_status = 413;
  fake_.now_us += Seconds(60);
  Run();
  EXPECT_EQ(cloud_.Count("PUT /v1/maps/current"), 2);
  EXPECT_FALSE(outbox_.map());
}

TEST_F(CloudClientTest, PurgesTheQueueByTheConsentsThatTheSessionBrings) {
  store_.Update([](Settings& s) { s.consents.Set(Consent::kMapUpload, ConsentState::kGranted); });
  outbox_.QueueMap(SomeMap());
  cloud_.consents = R"({"C_POLICY":"granted","C_MAP_UPLOAD":"withdrawn"})";
  Run();
  EXPECT_EQ(cloud_.Count("PUT"), 0);
  EXPECT_FALSE(outbox_.map());
  EXPECT_EQ(store_.current().consents.Get(Consent::kMapUpload), ConsentState::kWithdrawn);
}

TEST_F(CloudClientTest, AWithdrawalIsStoredThenAnsweredAndNothingFollows) {
  cloud_.consents = R"({"C_POLICY":"granted","C_MAP_UPLOAD":"granted"})";
  At(4, [&] {
    outbox_.QueueMap(SomeMap());
    cloud_.to_robot.emplace_back("consent",
                                 R"({"id":9,"version":2,"consents":{"C_MAP_UPLOAD":"withdrawn"}})");
  });
  Run();
  EXPECT_EQ(cloud_.Published("ack"), Strings{R"({"id":9,"ok":true})"});
  EXPECT_EQ(cloud_.Count("PUT"), 0);
  SettingsStore again(hal_);
  again.Open();
  EXPECT_EQ(again.current().consents.Get(Consent::kMapUpload), ConsentState::kWithdrawn);
  EXPECT_EQ(again.current().consent_version, 2u);
}

// The app was cut off as well: what the user said meanwhile comes a few seconds after the line
// does.
TEST_F(CloudClientTest, HearsWhatTheUserSaidDuringAnOutageBeforeTheMapGoes) {
  cloud_.consents = R"({"C_POLICY":"granted","C_MAP_UPLOAD":"granted"})";
  outbox_.QueueMap(SomeMap());
  At(15, [&] {
    cloud_.to_robot.emplace_back("consent",
                                 R"({"id":9,"version":2,"consents":{"C_MAP_UPLOAD":"withdrawn"}})");
  });
  Run();
  EXPECT_EQ(cloud_.Count("PUT"), 0);
}

TEST_F(CloudClientTest, AnOlderMessageWidensNoConsent) {
  cloud_.consent_version = 5;
  cloud_.consents = R"({"C_POLICY":"granted","C_MAP_UPLOAD":"withdrawn"})";
  At(4, [&] {
    cloud_.to_robot.emplace_back("consent",
                                 R"({"id":3,"version":4,"consents":{"C_MAP_UPLOAD":"granted"}})");
  });
  Run();
  EXPECT_FALSE(store_.current().consents.Granted(Consent::kMapUpload));
  EXPECT_EQ(store_.current().consent_version, 5u);
}

TEST_F(CloudClientTest, SendsItsIdentityOnlyWhereThatIsGranted) {
  cloud_.consents = R"({"C_POLICY":"granted","C_DEVID":"granted"})";
  Run();
  ASSERT_EQ(cloud_.Count("PUT /v1/identity"), 1);
  EXPECT_EQ(cloud_.requests.back().body,
            R"({"robot_id":"DPV1-0042-7731","mac":"02:1a:2b:3c:4d:5e"})");
  EXPECT_EQ(cloud_.Count("PUT /v1/maps"), 0);
}

TEST_F(CloudClientTest, CarriesACommandOutOnceAndAnswersEachTime) {
  At(2, [&] {
    cloud_.to_robot.emplace_back("command", R"({"id":1,"command":"clean"})");
    cloud_.to_robot.emplace_back("command", R"({"id":1,"command":"clean"})");
    cloud_.to_robot.emplace_back("command", R"({"id":2,"command":"clean"})");
    cloud_.to_robot.emplace_back("command", R"({"id":3,"command":"dance"})");
    cloud_.to_robot.emplace_back("command", R"({"id":4,"command":"dock"})");
    cloud_.to_robot.emplace_back("command", R"({"command":5)");
  });
  Run();
  EXPECT_EQ(cloud_.Published("ack"), (Strings{R"({"id":1,"ok":true})", R"({"id":1,"ok":true})",
                                              R"({"id":2,"ok":false,"error":"busy"})",
                                              R"({"id":3,"ok":false,"error":"unknown_command"})",
                                              R"({"id":4,"ok":false,"error":"not_possible"})"}));
  EXPECT_EQ(robot_.calls, (std::vector<std::string>{"clean", "dock"}));
}

TEST_F(CloudClientTest, DeletesTheMapEverywhere) {
  store_.SaveMap([] { return Bytes(9000, 7); });
  At(2, [&] {
    outbox_.QueueMap(SomeMap());
    cloud_.to_robot.emplace_back("command", R"({"id":1,"command":"delete_data"})");
  });
  Run();
  EXPECT_FALSE(store_.LoadMap());
  EXPECT_FALSE(outbox_.map());
  EXPECT_TRUE(store_.current().provisioned());
  EXPECT_EQ(cloud_.Published("ack"), Strings{R"({"id":1,"ok":true})"});
}

TEST_F(CloudClientTest, AFactoryResetIsAnsweredThenErasesEverything) {
  At(2, [&] { cloud_.to_robot.emplace_back("command", R"({"id":1,"command":"factory_reset"})"); });
  Run();
  EXPECT_EQ(cloud_.Published("ack"), Strings{R"({"id":1,"ok":true})"});
  EXPECT_TRUE(fake_.flash.Blank());
  EXPECT_LT(fake_.now_us, start_us_ + Seconds(10));  // The session ended with it.
}

TEST_F(CloudClientTest, FallsSilentOnceThePolicyIsWithdrawn) {
  int bytes_before = 0;
  At(4, [&] {
    cloud_.to_robot.emplace_back("consent",
                                 R"({"id":9,"version":2,"consents":{"C_POLICY":"withdrawn"}})");
    bytes_before = cloud_.bytes_in;
  });
  At(6, [&] { robot_.Become(Activity::kCleaning); });
  Run();
  // The broker's delivery is acknowledged before it is read: four bytes, and nothing after them.
  EXPECT_EQ(cloud_.bytes_in, bytes_before + 4);
  EXPECT_TRUE(cloud_.Published("ack").empty());
}

TEST_F(CloudClientTest, AnswersThatTheBrokerDidNotGetWaitForTheNextSession) {
  for (int i = 0; i < 20; ++i) outbox_.QueueAck(R"({"id":)" + std::to_string(i) + R"(,"ok":true})");
  Run();
  const Strings acks = cloud_.Published("ack");
  ASSERT_EQ(acks.size(), 16u);
  EXPECT_EQ(acks.front(), R"({"id":4,"ok":true})");
}

TEST_F(CloudClientTest, KnowsWhenTheCloudHasForgottenIt) {
  cloud_.session_status = 401;
  EXPECT_EQ(Run(), CloudClient::Outcome::kUnbound);
  EXPECT_TRUE(cloud_.published.empty());
}

TEST_F(CloudClientTest, TrustsNoServerThatTheFactoryDidNotVouchFor) {
  fake_.trust_anchor_pem =
      MakeServerIdentity("cloud.example").ca_pem;  // Another authority of the same name.
  CloudClient client({hal_, store_, gate_, navigator_, outbox_, hooks_, actions_, "1.0.0"});
  EXPECT_EQ(client.Run(), CloudClient::Outcome::kFailed);
  EXPECT_EQ(cloud_.bytes_in, 0);
}

TEST_F(CloudClientTest, TrustsNoServerOfAnotherName) {
  store_.Update([](Settings& s) { s.host = "cloud.other"; });
  EXPECT_EQ(Run(), CloudClient::Outcome::kFailed);
  EXPECT_EQ(cloud_.bytes_in, 0);
}

TEST_F(CloudClientTest, TrustsNoServerWhoseCertificateHasRunOut) {
  const ServerIdentity expired = MakeServerIdentity("cloud.example", "20010101000000");
  FakeCloud cloud(fake_, expired);
  fake_.trust_anchor_pem = expired.ca_pem;
  CloudClient client({hal_, store_, gate_, navigator_, outbox_, hooks_, actions_, "1.0.0"});
  EXPECT_EQ(client.Run(), CloudClient::Outcome::kFailed);
  EXPECT_EQ(cloud.bytes_in, 0);
}

}  // namespace
}  // namespace vacuum::test
