#include "robots/vacuum/firmware/cloud/cloud_client.h"

#include <algorithm>
#include <cstring>

namespace vacuum {
namespace {

constexpr uint64_t kPollUs = Seconds(0.25);
constexpr uint64_t kDayUs = Seconds(86400);
constexpr uint64_t kRetryUs = Seconds(30);
// What hangs on a consent waits this long after the cloud came within reach: somebody who changed a
// consent while the line was down (the app was cut off too) is heard first. Nor is it sent where
// connecting shows that the line was down just now.
constexpr uint64_t kHearingUs = Seconds(20);
constexpr uint64_t kPromptConnectUs = Seconds(3);
constexpr size_t kAnsweredMax = 32;

// Newer consents take the old ones' place. Older ones (the cloud was restored from a backup, say)
// may only narrow.
void ApplyConsents(const ConsentList& list, uint32_t version, Settings& settings) {
  for (const auto& [consent, state] : list) {
    const bool widens = state == ConsentState::kGranted && !settings.consents.Granted(consent);
    if (version >= settings.consent_version || !widens) settings.consents.Set(consent, state);
  }
  settings.consent_version = std::max(settings.consent_version, version);
}

ConsentList AllOf(const Consents& consents) {
  ConsentList list;
  for (int i = 0; i < kConsentCount; ++i) {
    const auto consent = static_cast<Consent>(i);
    list.emplace_back(consent, consents.Get(consent));
  }
  return list;
}

bool Succeeded(int status) { return status >= 200 && status < 300; }

}  // namespace

CloudClient::CloudClient(const Parts& parts)
    : parts_(parts), hal_(parts.hal), tls_(parts.hal), api_(parts.hal, tls_) {}

std::optional<HttpMessage> CloudClient::Call(Payload kind, ApiClient::Request request) {
  const auto permit = parts_.gate.Ask(kind);
  if (!permit) return std::nullopt;
  const Settings& settings = parts_.settings.current();
  const std::string host = settings.host;  // Settings may change while the call blocks.
  const uint16_t port = settings.api_port;
  return api_.Do(*permit, host, port, request);
}

int CloudClient::Put(Payload kind, const std::string& path, const std::string& content_type,
                     const Bytes& body) {
  const auto answer = Call(kind, {.method = "PUT",
                                  .path = path,
                                  .bearer = parts_.settings.current().credential,
                                  .content_type = content_type,
                                  .body = {reinterpret_cast<const char*>(body.data()), body.size()},
                                  .connect_us_max = kPromptConnectUs});
  return answer ? answer->status() : 0;
}

bool CloudClient::Publish(Payload kind, const std::string& topic, const std::string& payload) {
  const auto permit = parts_.gate.Ask(kind);
  return permit && mqtt_ != nullptr && mqtt_->Publish(*permit, topic_root_ + topic, payload, 0);
}

CloudClient::Outcome CloudClient::Run() {
  const uint32_t reset_count = parts_.settings.reset_count();
  const Outcome bound = parts_.settings.current().credential.empty() ? Bind() : Outcome::kEnded;
  const Outcome opened = bound == Outcome::kEnded ? OpenSession() : bound;
  const auto permit = parts_.gate.Ask(Payload::kSession);
  if (opened != Outcome::kEnded || !permit) {
    api_.Close();
    mqtt_.reset();
    return opened == Outcome::kEnded ? Outcome::kFailed : opened;
  }
  SendState();
  SendQueued();
  parts_.hooks.OnSession(*this);
  while (mqtt_->alive() && permit->valid() && parts_.settings.reset_count() == reset_count)
    ServeOnce(*permit);
  CloseMqtt(*permit);
  return Outcome::kEnded;
}

CloudClient::Outcome CloudClient::Bind() {
  const std::string body = BindJson(parts_.settings.current().pairing_token);
  const auto answer = Call(Payload::kSession, {.method = "POST",
                                               .path = "/v1/bind",
                                               .bearer = {},
                                               .content_type = "application/json",
                                               .body = body});
  if (!answer) return Outcome::kFailed;
  if (answer->status() == 401 || answer->status() == 403) return Outcome::kUnbound;
  const auto credential = answer->status() == 200 ? ParseBindAnswer(answer->body) : std::nullopt;
  if (!credential) {
    hal_.Warn("bind: unexpected answer, status " + std::to_string(answer->status()));
    return Outcome::kFailed;
  }
  const bool stored = parts_.settings.Update([&](Settings& settings) {
    if (!settings.provisioned()) return;  // A factory reset came in between.
    settings.credential = *credential;
    settings.pairing_token.clear();
  });
  answered_.clear();  // Whoever the robot is bound to now counts its commands anew.
  return stored ? Outcome::kEnded : Outcome::kFailed;
}

CloudClient::Outcome CloudClient::OpenSession() {
  const std::string body = SessionJson(parts_.settings.current().credential);
  const auto answer = Call(Payload::kSession, {.method = "POST",
                                               .path = "/v1/session",
                                               .bearer = {},
                                               .content_type = "application/json",
                                               .body = body});
  if (!answer) return Outcome::kFailed;
  if (answer->status() == 401) return Outcome::kUnbound;
  const auto session = answer->status() == 200 ? ParseSessionAnswer(answer->body) : std::nullopt;
  if (!session) {
    hal_.Warn("session: unexpected answer, status " + std::to_string(answer->status()));
    return Outcome::kFailed;
  }
  const bool stored = parts_.settings.Update([&](Settings& settings) {
    if (settings.provisioned())
      ApplyConsents(AllOf(session->consents), session->consent_version, settings);
  });
  // Before anything that waited is sent: what the user took back meanwhile is dropped.
  parts_.outbox.Purge(parts_.gate);
  if (!stored || !OpenMqtt(*session)) return Outcome::kFailed;
  return Outcome::kEnded;
}

bool CloudClient::OpenMqtt(const SessionAnswer& session) {
  const auto permit = parts_.gate.Ask(Payload::kSession);
  if (!permit) return false;
  const std::string host = parts_.settings.current().host;
  std::string why;
  auto stream = TlsStream::Connect(tls_, host, parts_.settings.current().mqtt_port, &why);
  if (!stream) {
    hal_.Warn("mqtt: " + why);
    return false;
  }
  mqtt_ = std::make_unique<MqttClient>(std::move(stream), [this] { return hal_.clock->now_us(); });
  topic_root_ = "s/" + session.client_id + "/";
  const MqttConnect connect{session.client_id, session.username, session.password};
  if (mqtt_->Connect(*permit, connect) && mqtt_->Subscribe(*permit, topic_root_ + "down/#"))
    return true;
  hal_.Warn("mqtt: the broker refused the session");
  mqtt_.reset();
  return false;
}

void CloudClient::ServeOnce(const Permit& permit) {
  if (const auto message = mqtt_->Poll(permit, kPollUs)) Handle(permit, *message);
  if (!mqtt_->alive() || !permit.valid()) return;
  if (parts_.navigator.activity_count() != state_sent_) SendState();
  SendQueued();
  SendIdentity();
  QueryFirmware();
  api_.Close();  // A burst of requests shares a connection; none is held open between bursts.
  if (hal_.clock->now_us() >= tick_due_us_) {
    tick_due_us_ = hal_.clock->now_us() + Seconds(1);
    parts_.hooks.OnTick(*this);
  }
}

void CloudClient::CloseMqtt(const Permit& permit) {
  for (std::string& ack : mqtt_->Unacknowledged(topic_root_ + "up/ack"))
    parts_.outbox.QueueAck(std::move(ack));
  mqtt_->Disconnect(permit);
  mqtt_.reset();
  api_.Close();
  parts_.outbox.Purge(parts_.gate);
}

void CloudClient::Handle(const Permit& permit, const MqttClient::Message& message) {
  if (message.topic == topic_root_ + "down/command") {
    if (const auto command = ParseCommand(message.payload)) return HandleCommand(permit, *command);
  } else if (message.topic == topic_root_ + "down/consent") {
    if (const auto consents = ParseConsentMessage(message.payload))
      return HandleConsents(*consents);
  }
  hal_.Warn("cloud: a message that the protocol doesn't know was ignored");
}

void CloudClient::HandleCommand(const Permit& permit, const CommandMessage& command) {
  // QoS 1 may deliver twice: the second time the answer is repeated, not the deed.
  const auto before = std::find_if(answered_.begin(), answered_.end(),
                                   [&](const auto& a) { return a.first == command.id; });
  if (before != answered_.end()) return SendAck(before->second);
  if (command.command == "factory_reset") {
    // The answer goes first: afterwards there is nothing left to answer with.
    SendAck(AckJson(command.id, nullptr));
    mqtt_->Settle(permit, Seconds(3));
    mqtt_->Disconnect(permit);
    parts_.actions.FactoryReset();
    return;
  }
  const std::pair<const char*, const char* (Actions::*)()> known[] = {
      {"clean", &Actions::Clean},
      {"stop", &Actions::Stop},
      {"dock", &Actions::Dock},
      {"locate", &Actions::Locate},
      {"delete_data", &Actions::DeleteData},
  };
  const char* error = "unknown_command";
  for (const auto& [word, action] : known) {
    if (command.command == word) error = (parts_.actions.*action)();
  }
  const std::string ack = AckJson(command.id, error);
  answered_.emplace_back(command.id, ack);
  if (answered_.size() > kAnsweredMax) answered_.pop_front();
  SendAck(ack);
}

void CloudClient::HandleConsents(const ConsentMessage& message) {
  const bool stored = parts_.settings.Update(
      [&](Settings& settings) { ApplyConsents(message.consents, message.version, settings); });
  parts_.outbox.Purge(parts_.gate);
  SendAck(AckJson(message.id, stored ? nullptr : "not_possible"));
}

void CloudClient::SendAck(const std::string& json) {
  const auto permit = parts_.gate.Ask(Payload::kAck);
  if (!permit) return;
  if (!mqtt_->Publish(*permit, topic_root_ + "up/ack", json, 1) && !mqtt_->alive())
    parts_.outbox.QueueAck(json);
}

void CloudClient::SendState() {
  const auto permit = parts_.gate.Ask(Payload::kState);
  if (!permit) return;
  state_sent_ = parts_.navigator.activity_count();
  std::string json = StateJson(parts_.navigator.activity());
  parts_.hooks.AmendState(json);
  mqtt_->Publish(*permit, topic_root_ + "up/state", json, 1);
}

void CloudClient::SendQueued() {
  while (mqtt_->alive()) {
    const auto ack = parts_.outbox.TakeAck();
    if (!ack) break;
    SendAck(*ack);
  }
  if (!parts_.outbox.map() || hal_.clock->now_us() < map_retry_us_ || !mqtt_->SteadyFor(kHearingUs))
    return;
  const Bytes map = *parts_.outbox.map();  // A copy: a newer one may come while this one is sent.
  const uint32_t version = parts_.outbox.map_version();
  const int status = Put(Payload::kMap, "/v1/maps/current", "application/octet-stream", map);
  if (Succeeded(status) || (status >= 400 && status < 500)) {
    parts_.outbox.MapSent(version);
    if (!Succeeded(status)) hal_.Warn("map upload refused, status " + std::to_string(status));
  } else {
    map_retry_us_ = hal_.clock->now_us() + kRetryUs;
  }
}

void CloudClient::SendIdentity() {
  if (!parts_.gate.Allows(Payload::kIdentity)) {
    identity_sent_ = false;
    return;
  }
  if (identity_sent_ || hal_.clock->now_us() < identity_retry_us_ || !mqtt_->SteadyFor(kHearingUs))
    return;
  const std::string json = IdentityJson(hal_.identity->robot_id(), hal_.identity->mac());
  const int status =
      Put(Payload::kIdentity, "/v1/identity", "application/json", Bytes(json.begin(), json.end()));
  identity_sent_ =
      Succeeded(status) || (status >= 400 && status < 500);  // A refusal isn't asked for again.
  identity_retry_us_ = hal_.clock->now_us() + kRetryUs;
  if (!Succeeded(status)) hal_.Warn("identity: status " + std::to_string(status));
}

void CloudClient::QueryFirmware() {
  if (hal_.clock->now_us() < firmware_query_due_us_) return;
  firmware_query_due_us_ = hal_.clock->now_us() + kDayUs;
  const std::string path = std::string("/v1/firmware/") + hal_.identity->model() + "/latest";
  const auto answer = Call(Payload::kFirmwareQuery, {.method = "GET",
                                                     .path = path,
                                                     .bearer = parts_.settings.current().credential,
                                                     .content_type = {},
                                                     .body = {}});
  const auto latest =
      answer && answer->status() == 200 ? ParseFirmwareAnswer(answer->body) : std::nullopt;
  if (!latest) {
    hal_.Warn("firmware query: no usable answer");
  } else if (!latest->empty() && *latest != parts_.version) {
    hal_.Info(
        "a firmware other than this one is offered; this hardware has no second slot to install it "
        "in");
  }
}

}  // namespace vacuum
