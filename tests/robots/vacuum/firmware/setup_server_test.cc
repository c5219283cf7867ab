#include "robots/vacuum/firmware/cloud/setup_server.h"

#include <gtest/gtest.h>

#include "tests/robots/vacuum/firmware/fake_hal.h"
#include "tests/robots/vacuum/firmware/scripted_stream.h"

namespace vacuum::test {
namespace {

const std::string kGood =
    R"({"ssid":"Kitchen Router","password":"first-password","host":"cloud.example","api_port":8443,"mqtt_port":8883,)"
    R"("pairing_token":"token-7f","policy_version":"2023-01-30","consents":{"C_POLICY":"granted","C_MAP_UPLOAD":"denied",)"
    R"("C_MARKET":"granted"}})";

std::string Post(const std::string& body) {
  return "POST /provision HTTP/1.1\r\nHost: 192.168.4.1\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}

class SetupServerTest : public testing::Test {
 protected:
  SetupServerTest() { store_.Open(); }

  // What the robot answers; whether it was provisioned is in `provisioned_`.
  std::string Serve(const std::string& request) {
    ScriptedStream stream;
    stream.to_read = request;
    stream.closed = true;
    provisioned_ = SetupServer(hal_, store_).Serve(stream);
    return stream.sent;
  }

  FakeHal fake_;
  Platform hal_ = fake_.hal();
  SettingsStore store_{hal_};
  bool provisioned_ = false;
};

TEST_F(SetupServerTest, TellsItsModelAndNothingElse) {
  EXPECT_EQ(Serve("GET /info HTTP/1.1\r\nHost: 192.168.4.1\r\n\r\n"),
            "HTTP/1.1 200 OK\r\nServer: dustproof-vac\r\nContent-Type: "
            "application/json\r\nContent-Length: 30\r\n\r\n"
            "{\"model\":\"DP-V1\",\"protocol\":1}");
  EXPECT_FALSE(provisioned_);
}

TEST_F(SetupServerTest, StoresWhatTheAppHandsOver) {
  EXPECT_TRUE(Serve("GET /info HTTP/1.1\r\n\r\n" + Post(kGood)).ends_with("{\"accepted\":true}"));
  EXPECT_TRUE(provisioned_);
  SettingsStore again(hal_);
  again.Open();
  EXPECT_EQ(again.current().ssid, "Kitchen Router");
  EXPECT_EQ(again.current().wifi_password, "first-password");
  EXPECT_EQ(again.current().api_port, 8443);
  EXPECT_TRUE(again.current().consents.Granted(Consent::kPolicy));
  EXPECT_EQ(again.current().consents.Get(Consent::kMapUpload), ConsentState::kDenied);
  EXPECT_EQ(again.current().consents.Get(Consent::kImprove), ConsentState::kUnset);
}

TEST_F(SetupServerTest, RefusesWhatIsWrongAndSaysWhy) {
  const auto with = [](const std::string& from, const std::string& to) {
    std::string body = kGood;
    return body.replace(body.find(from), from.size(), to);
  };
  const std::pair<std::string, std::string> wrong[] = {
      {with("\"C_POLICY\":\"granted\"", "\"C_POLICY\":\"denied\""), "C_POLICY must be granted"},
      {with("\"C_POLICY\":\"granted\",", ""), "C_POLICY must be granted"},
      {with("\"denied\"", "\"maybe\""), "consents must be"},
      {with("Kitchen Router", std::string(33, 'x')), "ssid must be"},
      {with("first-password", "short"), "password must be"},
      {with("cloud.example", "a b"), "host must be"},
      {with("8443", "0"), "api_port"},
      {with("token-7f", "a\\r\\nb"), "pairing_token must be"},
      {"[1,2", "the body must be a JSON object"},
      {std::string(5000, '['), "the body must be a JSON object"},
  };
  for (const auto& [body, reason] : wrong) {
    const std::string answer = Serve(Post(body));
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 400")) << body;
    EXPECT_NE(answer.find(reason), std::string::npos) << answer;
    EXPECT_FALSE(provisioned_);
    EXPECT_FALSE(store_.current().provisioned());
  }
}

TEST_F(SetupServerTest, OutlivesNoise) {
  EXPECT_EQ(Serve(std::string(10000, '\xff')), "");
  EXPECT_TRUE(Serve("GET /secret HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 404"));
}

}  // namespace
}  // namespace vacuum::test
