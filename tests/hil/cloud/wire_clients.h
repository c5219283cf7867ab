#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "hil/cloud/cloud.h"
#include "hil/protocol/http_client.h"
#include "hil/protocol/mqtt_packet.h"

/// Clients of the cloud for tests: bytes in, bytes out, at one instant.
namespace dustproof {

struct WireAnswer {
  int status = 0;  ///< 0 where the server hung up.
  nlohmann::json body;
  HttpResponse response;
};

/// One request on a connection of its own. A slow answer is waited for in no time.
inline WireAnswer AskOnce(StreamService& service, SimTime now, const HttpRequest& request) {
  StreamPeer peer;
  peer.encrypted = true;
  const auto server = service.Accept(now, peer);
  WireAnswer answer;
  HttpClientConnection client(HttpClientConnection::Config{});
  client.OnOpen(now);
  client.Request(now, request, [&](SimTime, const Result<HttpResponse>& response) {
    if (!response.ok()) return;
    answer = {.status = response->status,
              .body = nlohmann::json::parse(AsText(response->body), nullptr, false),
              .response = *response};
  });
  server->OnBytes(now, client.TakeOutput());
  if (!server->has_output() && server->next_timer() && !server->wants_close())
    server->OnTimer(*server->next_timer());
  client.OnBytes(now, server->TakeOutput());
  return answer;
}

/// The same with a JSON body (a JSON string is sent as it is) and a bearer token.
inline WireAnswer AskOnce(StreamService& service, SimTime now, const std::string& method,
                          const std::string& target, const nlohmann::json& body = nullptr,
                          const std::string& bearer = "", HttpHeaders headers = {}) {
  headers.insert(headers.begin(), {"Host", "c"});
  if (!bearer.empty()) headers.emplace_back("Authorization", "Bearer " + bearer);
  HttpRequest request{.method = method, .target = target, .headers = headers};
  if (body.is_string()) request.body = ToBytes(body.get<std::string>());
  if (body.is_object()) request.body = ToBytes(body.dump());
  return AskOnce(service, now, request);
}

/// A robot as PROTOCOL.md has it, byte by byte.
struct WireRobot {
  std::string credential, client_id;
  std::unique_ptr<StreamCore> core;
  mqtt::PacketReader reader{65536};

  static std::unique_ptr<StreamCore> Dial(Cloud& cloud, SimTime now, const std::string& id,
                                          const std::string& user, const std::string& password,
                                          bool encrypted) {
    StreamPeer peer;
    peer.encrypted = encrypted;
    auto core = cloud.mqtt().Accept(now, peer);
    core->OnOpen(now);
    core->OnBytes(now, mqtt::Encode(mqtt::Connect{.keep_alive_s = 60,
                                                  .client_id = id,
                                                  .user_name = user,
                                                  .password = ToBytes(password)}));
    return core;
  }

  /// Opens a session and subscribes; what the session's answer said.
  nlohmann::json Connect(Cloud& cloud, SimTime now) {
    const nlohmann::json session =
        AskOnce(cloud.api(), now, "POST", "/v1/session", {{"credential", credential}}).body;
    client_id = session.at("client_id");
    core = Dial(cloud, now, client_id, session.at("username"), session.at("password"), true);
    reader = mqtt::PacketReader(65536);
    Send(mqtt::Subscribe{.packet_id = 1, .subscriptions = {{"s/" + client_id + "/down/#", 1}}},
         now);
    return session;
  }
  void Send(const mqtt::Packet& packet, SimTime now) { core->OnBytes(now, mqtt::Encode(packet)); }
  void Say(const std::string& leaf, const nlohmann::json& payload, SimTime now) {
    Send(mqtt::Publish{.topic = "s/" + client_id + "/up/" + leaf,
                       .payload = ToBytes(payload.dump()),
                       .qos = 1,
                       .packet_id = 9},
         now);
  }
  /// What it was told: the payload of each message, with the topic's leaf under "topic". Answers
  /// them at QoS 1.
  std::vector<nlohmann::json> Hear(SimTime now) {
    std::vector<nlohmann::json> heard;
    reader.Append(core->TakeOutput());
    for (auto packet = reader.Next(); packet.ok() && packet->has_value(); packet = reader.Next()) {
      const auto* publish = std::get_if<mqtt::Publish>(&**packet);
      if (!publish) continue;
      nlohmann::json message = nlohmann::json::parse(AsText(publish->payload));
      message["topic"] = publish->topic.substr(publish->topic.rfind('/') + 1);
      heard.push_back(message);
      Send(mqtt::Ack{mqtt::PacketType::kPuback, publish->packet_id}, now);
    }
    return heard;
  }
};

}  // namespace dustproof
