#include "hil/cloud/internal/json_reply.h"

#include <algorithm>
#include <limits>
#include <string_view>

#include "sim/scenario/consent.h"

namespace dustproof {
namespace {

bool IsConsentName(std::string_view name) {
  return name.size() > 2 && name.size() <= 40 && name.starts_with("C_") &&
         std::all_of(name.begin(), name.end(),
                     [](char c) { return c == '_' || (c >= 'A' && c <= 'Z'); });
}

}  // namespace

HttpReply JsonReply(int status, const json& body) {
  // What came in as text goes out as text, even where it wasn't UTF-8.
  const std::string text = body.dump(-1, ' ', false, json::error_handler_t::replace);
  return {.response = HttpResponse::With(status, "application/json", text)};
}

HttpReply ErrorReply(int status, const std::string& error) {
  return JsonReply(status, {{"error", error}});
}

HttpReply EmptyReply(int status) { return {.response = {.status = status}}; }

std::optional<json> ParseObject(const Bytes& body) {
  json value = json::parse(AsText(body), nullptr, /*allow_exceptions=*/false);
  if (!value.is_object()) return std::nullopt;
  return value;
}

std::string TextOf(const json& object, const char* key) {
  const auto it = object.find(key);
  return it != object.end() && it->is_string() ? it->get<std::string>() : std::string();
}

std::optional<uint32_t> CountOf(const json& object, const char* key) {
  const auto it = object.find(key);
  if (it == object.end() || !it->is_number_unsigned()) return std::nullopt;
  const auto value = it->get<uint64_t>();
  if (value > std::numeric_limits<uint32_t>::max()) return std::nullopt;
  return static_cast<uint32_t>(value);
}

std::optional<std::map<std::string, std::string>> ConsentsOf(const json& object, const char* key) {
  const auto it = object.find(key);
  if (it == object.end() || !it->is_object()) return std::nullopt;
  std::map<std::string, std::string> consents;
  for (const auto& [name, state] : it->items()) {
    ConsentState parsed;
    if (!IsConsentName(name) || !state.is_string() ||
        !ParseConsentState(state.get<std::string>(), &parsed)) {
      return std::nullopt;
    }
    consents[name] = state.get<std::string>();
  }
  return consents;
}

}  // namespace dustproof
