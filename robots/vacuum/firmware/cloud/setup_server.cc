#include "robots/vacuum/firmware/cloud/setup_server.h"

#include <nlohmann/json.hpp>

#include "robots/vacuum/firmware/cloud/tcp_stream.h"

namespace vacuum {
namespace {

constexpr const char* kHotspotName = "DustproofVac-Setup";
constexpr uint64_t kRequestTimeoutUs = Seconds(10);
constexpr HttpLimits kLimits{.head_bytes_max = 4096, .body_bytes_max = 8192};

std::string Answer(const char* status, const std::string& body) {
  return std::string("HTTP/1.1 ") + status +
         "\r\nServer: dustproof-vac\r\nContent-Type: application/json\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string ErrorBody(const std::string& error) { return nlohmann::json{{"error", error}}.dump(); }

}  // namespace

bool SetupServer::Provisioned(const std::string& body, std::string* error) {
  const auto provision = ParseProvision(body, error);
  if (!provision) return false;
  const bool stored = settings_.Update([&](Settings& settings) {
    settings = settings.WithoutPairing();
    settings.ssid = provision->ssid;
    settings.wifi_password = provision->password;
    settings.host = provision->host;
    settings.api_port = provision->api_port;
    settings.mqtt_port = provision->mqtt_port;
    settings.pairing_token = provision->pairing_token;
    settings.policy_version = provision->policy_version;
    settings.consents = provision->consents;
  });
  if (!stored) *error = "the robot could not store the settings";
  return stored;
}

bool SetupServer::Serve(ByteStream& stream) {
  const auto now_us = [this] { return hal_.clock->now_us(); };
  std::string buffer;
  while (const auto request = ReadHttpMessage(stream, buffer, false, kLimits, now_us,
                                              now_us() + kRequestTimeoutUs)) {
    const std::string_view line = request->start;
    bool provisioned = false;
    std::string answer;
    if (line.starts_with("GET /info ")) {
      const nlohmann::ordered_json info = {{"model", hal_.identity->model()}, {"protocol", 1}};
      answer = Answer("200 OK", info.dump());
    } else if (line.starts_with("POST /provision ")) {
      std::string error;
      provisioned = Provisioned(request->body, &error);
      answer = provisioned ? Answer("202 Accepted", R"({"accepted":true})")
                           : Answer("400 Bad Request", ErrorBody(error));
    } else {
      answer = Answer("404 Not Found", ErrorBody("the robot serves GET /info and POST /provision"));
    }
    if (!stream.Write(answer) || provisioned || request->last()) return provisioned;
  }
  return false;
}

bool SetupServer::Run() {
  if (hal_.wifi->start_hotspot(kHotspotName, hal_.identity->setup_passphrase()) != DP_OK) {
    hal_.Warn("the setup hotspot can't be opened");
    return false;
  }
  const int32_t listener = hal_.socket->open(DP_SOCKET_TCP);
  bool provisioned = false;
  bool ok = listener > 0 && hal_.socket->bind(listener, 80) == DP_OK;
  while (ok && !provisioned) {
    const int32_t socket = hal_.socket->accept(listener, nullptr, DP_FOREVER);
    ok = socket > 0 || socket == DP_ERR_TIMEOUT;
    if (socket <= 0) continue;
    TcpStream stream(*hal_.socket, socket);
    provisioned = Serve(stream);
    // The answer reaches the app before the hotspot goes.
    if (provisioned) hal_.clock->sleep_us(Seconds(1));
  }
  if (listener > 0) hal_.socket->close(listener);
  hal_.wifi->stop();
  return provisioned;
}

}  // namespace vacuum
