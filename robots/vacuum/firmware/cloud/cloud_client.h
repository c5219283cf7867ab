#pragma once

#include <deque>
#include <memory>
#include <string>
#include <utility>

#include "robots/vacuum/firmware/actions.h"
#include "robots/vacuum/firmware/cloud/api_client.h"
#include "robots/vacuum/firmware/cloud/cloud_hooks.h"
#include "robots/vacuum/firmware/cloud/consent_gate.h"
#include "robots/vacuum/firmware/cloud/messages.h"
#include "robots/vacuum/firmware/cloud/mqtt_client.h"
#include "robots/vacuum/firmware/cloud/outbox.h"

namespace vacuum {

/// Sessions with the vendor's cloud (PROTOCOL.md, 2 and 3). Used by the cloud task alone.
class CloudClient : public CloudLink {
 public:
  /// All outlive the client.
  struct Parts {
    const Platform& hal;
    SettingsStore& settings;
    const ConsentGate& gate;
    Navigator& navigator;
    Outbox& outbox;
    CloudHooks& hooks;
    Actions& actions;
    const char* version;  ///< Of this firmware.
  };
  explicit CloudClient(const Parts& parts);

  enum class Outcome {
    kFailed,   ///< There was no session.
    kEnded,    ///< There was one; it has ended.
    kUnbound,  ///< The cloud doesn't know this robot (any more).
  };
  /// Blocking: a session from bind to end.
  Outcome Run();

  /// Whether a session is up now.
  bool online() const { return mqtt_ != nullptr; }

  bool Publish(Payload kind, const std::string& topic, const std::string& payload) override;
  int Put(Payload kind, const std::string& path, const std::string& content_type,
          const Bytes& body) override;

 private:
  std::optional<HttpMessage> Call(Payload kind, ApiClient::Request request);
  Outcome Bind();
  Outcome OpenSession();
  bool OpenMqtt(const SessionAnswer& session);
  void ServeOnce(const Permit& permit);
  void CloseMqtt(const Permit& permit);

  void Handle(const Permit& permit, const MqttClient::Message& message);
  void HandleCommand(const Permit& permit, const CommandMessage& command);
  void HandleConsents(const ConsentMessage& message);
  void SendAck(const std::string& json);
  void SendState();
  void SendQueued();
  void SendIdentity();
  void QueryFirmware();

  const Parts parts_;
  const Platform& hal_;
  TlsContext tls_;
  ApiClient api_;
  std::unique_ptr<MqttClient> mqtt_;
  std::string topic_root_;          // "s/<client_id>/"
  uint32_t state_sent_ = 0;         // activity_count() of the state that the cloud knows.
  bool identity_sent_ = false;      // In this grant of C_DEVID.
  uint64_t identity_retry_us_ = 0;  // Not before, after a failed one.
  uint64_t firmware_query_due_us_ = 0;
  uint64_t map_retry_us_ = 0;  // Not before, after a failed upload.
  uint64_t tick_due_us_ = 0;
  /// Commands since the bind, and their acks.
  std::deque<std::pair<int64_t, std::string>> answered_;
};

}  // namespace vacuum
