#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "robots/vacuum/firmware/consents.h"
#include "robots/vacuum/firmware/navigation/navigator.h"

/// The JSON of PROTOCOL.md, out and in. What comes in is anybody's: whatever isn't as the protocol
/// says gives none.
namespace vacuum {

std::string StateJson(Activity activity);
/// `error` is null where the command was carried out.
std::string AckJson(int64_t id, const char* error);
std::string BindJson(const std::string& pairing_token);
std::string SessionJson(const std::string& credential);
std::string IdentityJson(const std::string& robot_id, const uint8_t mac[6]);

/// Consents that a message names; others are not its business.
using ConsentList = std::vector<std::pair<Consent, ConsentState>>;

struct CommandMessage {
  int64_t id = 0;
  std::string command;
};
std::optional<CommandMessage> ParseCommand(std::string_view json);

struct ConsentMessage {
  int64_t id = 0;
  uint32_t version = 0;
  ConsentList consents;
};
std::optional<ConsentMessage> ParseConsentMessage(std::string_view json);

/// The credential in the answer to a bind request.
std::optional<std::string> ParseBindAnswer(std::string_view json);

struct SessionAnswer {
  std::string client_id, username, password;
  Consents consents;  ///< All of them: one that isn't named is unset.
  uint32_t consent_version = 0;
};
std::optional<SessionAnswer> ParseSessionAnswer(std::string_view json);

/// The version in the answer to a firmware query.
std::optional<std::string> ParseFirmwareAnswer(std::string_view json);

/// What the app hands over on the setup hotspot.
struct Provision {
  std::string ssid, password, host, pairing_token, policy_version;
  uint16_t api_port = 443, mqtt_port = 8883;
  Consents consents;
};
/// None with the reason in `error`, in words for the app's developer.
std::optional<Provision> ParseProvision(std::string_view json, std::string* error);

}  // namespace vacuum
