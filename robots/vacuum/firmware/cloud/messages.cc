#include "robots/vacuum/firmware/cloud/messages.h"

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace vacuum {
namespace {

using Json = nlohmann::ordered_json;

std::optional<Json> ParseObject(std::string_view text) {
  Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return std::nullopt;
  return json;
}

// Text that came in may not be UTF-8; going out again it must be.
std::string Dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::optional<std::string> GetText(const Json& json, const char* key) {
  const auto found = json.find(key);
  if (found == json.end() || !found->is_string()) return std::nullopt;
  return found->get<std::string>();
}

std::optional<int64_t> GetNumber(const Json& json, const char* key, int64_t low, int64_t high) {
  const auto found = json.find(key);
  if (found == json.end() || !found->is_number_integer()) return std::nullopt;
  if (found->is_number_unsigned() && found->get<uint64_t>() > static_cast<uint64_t>(high))
    return std::nullopt;
  const auto value = found->get<int64_t>();
  if (value < low || value > high) return std::nullopt;
  return value;
}

// Consents that are not the robot's are left out; a state that the protocol doesn't know makes the
// message invalid.
std::optional<ConsentList> GetConsents(const Json& json) {
  const auto found = json.find("consents");
  if (found == json.end() || !found->is_object()) return std::nullopt;
  ConsentList list;
  for (const auto& [key, value] : found->items()) {
    if (!value.is_string()) return std::nullopt;
    const auto state = ConsentStateFromWord(value.get<std::string>());
    if (!state) return std::nullopt;
    if (const auto consent = ConsentFromWord(key)) list.emplace_back(*consent, *state);
  }
  return list;
}

Consents ToConsents(const ConsentList& list) {
  Consents consents;
  for (const auto& [consent, state] : list) consents.Set(consent, state);
  return consents;
}

// Becomes part of topics: neither wildcards nor levels.
bool IsPlainId(const std::string& id) {
  return !id.empty() && id.size() <= 64 && id.find_first_of("/+#") == std::string::npos &&
         std::all_of(id.begin(), id.end(), [](char c) { return c > ' ' && c < 0x7F; });
}

// Becomes part of a header: nothing that could end it.
bool IsToken(const std::string& text, size_t length_max) {
  return !text.empty() && text.size() <= length_max &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7F; });
}

bool IsHostName(const std::string& host) {
  return !host.empty() && host.size() <= 253 && std::all_of(host.begin(), host.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.';
  });
}

}  // namespace

std::string StateJson(Activity activity) { return Dump({{"state", ToWord(activity)}}); }

std::string AckJson(int64_t id, const char* error) {
  Json json = {{"id", id}, {"ok", error == nullptr}};
  if (error != nullptr) json["error"] = error;
  return Dump(json);
}

std::string BindJson(const std::string& pairing_token) {
  return Dump({{"pairing_token", pairing_token}});
}

std::string SessionJson(const std::string& credential) {
  return Dump({{"credential", credential}});
}

std::string IdentityJson(const std::string& robot_id, const uint8_t mac[6]) {
  char text[18];
  std::snprintf(text, sizeof(text), "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3],
                mac[4], mac[5]);
  return Dump({{"robot_id", robot_id}, {"mac", text}});
}

std::optional<CommandMessage> ParseCommand(std::string_view text) {
  const auto json = ParseObject(text);
  if (!json) return std::nullopt;
  const auto id = GetNumber(*json, "id", 0, INT64_MAX);
  const auto command = GetText(*json, "command");
  if (!id || !command) return std::nullopt;
  return CommandMessage{*id, *command};
}

std::optional<ConsentMessage> ParseConsentMessage(std::string_view text) {
  const auto json = ParseObject(text);
  if (!json) return std::nullopt;
  const auto id = GetNumber(*json, "id", 0, INT64_MAX);
  const auto version = GetNumber(*json, "version", 0, UINT32_MAX);
  const auto consents = GetConsents(*json);
  if (!id || !version || !consents) return std::nullopt;
  return ConsentMessage{*id, static_cast<uint32_t>(*version), *consents};
}

std::optional<std::string> ParseBindAnswer(std::string_view text) {
  const auto json = ParseObject(text);
  if (!json) return std::nullopt;
  const auto credential = GetText(*json, "credential");
  return credential && IsToken(*credential, 512) ? credential : std::nullopt;
}

std::optional<SessionAnswer> ParseSessionAnswer(std::string_view text) {
  const auto json = ParseObject(text);
  if (!json) return std::nullopt;
  const auto client_id = GetText(*json, "client_id");
  const auto username = GetText(*json, "username");
  const auto password = GetText(*json, "password");
  const auto consents = GetConsents(*json);
  const auto version = GetNumber(*json, "consent_version", 0, UINT32_MAX);
  if (!client_id || !username || !password || !consents || !version || !IsPlainId(*client_id))
    return std::nullopt;
  if (username->size() > 512 || password->size() > 512) return std::nullopt;
  return SessionAnswer{*client_id, *username, *password, ToConsents(*consents),
                       static_cast<uint32_t>(*version)};
}

std::optional<std::string> ParseFirmwareAnswer(std::string_view text) {
  const auto json = ParseObject(text);
  return json ? GetText(*json, "version") : std::nullopt;
}

std::optional<Provision> ParseProvision(std::string_view text, std::string* error) {
  const auto fail = [error](const char* why) {
    *error = why;
    return std::nullopt;
  };
  const auto json = ParseObject(text);
  if (!json) return fail("the body must be a JSON object");
  Provision provision;
  const auto ssid = GetText(*json, "ssid");
  if (!ssid || ssid->empty() || ssid->size() > 32) return fail("ssid must be 1 to 32 bytes");
  const auto password = GetText(*json, "password");
  if (!password || (!password->empty() && (password->size() < 8 || password->size() > 63))) {
    return fail("password must be 8 to 63 characters, or empty for an open network");
  }
  const auto host = GetText(*json, "host");
  if (!host || !IsHostName(*host)) return fail("host must be a host name");
  const auto token = GetText(*json, "pairing_token");
  if (!token || !IsToken(*token, 512))
    return fail("pairing_token must be 1 to 512 printable characters");
  for (const auto& [key, port] :
       {std::pair{"api_port", &provision.api_port}, {"mqtt_port", &provision.mqtt_port}}) {
    if (!json->contains(key)) continue;
    const auto value = GetNumber(*json, key, 1, 65535);
    if (!value) return fail("api_port and mqtt_port must be 1 to 65535");
    *port = static_cast<uint16_t>(*value);
  }
  if (const auto version = json->find("policy_version"); version != json->end()) {
    provision.policy_version = version->is_string() ? version->get<std::string>() : Dump(*version);
    if (provision.policy_version.size() > 64)
      return fail("policy_version must be at most 64 characters");
  }
  const auto consents = GetConsents(*json);
  if (!consents) return fail("consents must be an object of unset, granted, denied or withdrawn");
  provision.consents = ToConsents(*consents);
  if (!provision.consents.Granted(Consent::kPolicy))
    return fail("C_POLICY must be granted: without it there is no network use");
  provision.ssid = *ssid;
  provision.password = *password;
  provision.host = *host;
  provision.pairing_token = *token;
  return provision;
}

}  // namespace vacuum
