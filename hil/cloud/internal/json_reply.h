#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "hil/protocol/http_server.h"

/// JSON on the cloud's HTTPS, for .cc files only.
namespace dustproof {

using nlohmann::json;

HttpReply JsonReply(int status, const json& body);
/// `{"error":"…"}`
HttpReply ErrorReply(int status, const std::string& error);
HttpReply EmptyReply(int status);

/// A JSON object, or nothing.
std::optional<json> ParseObject(const Bytes& body);
/// A string member, or "" where it is missing or something else.
std::string TextOf(const json& object, const char* key);
/// A member that is a number from 0 to 2^32 - 1.
std::optional<uint32_t> CountOf(const json& object, const char* key);

/// `{"C_POLICY":"granted",…}`: only consents (C_ and capitals) in a state's word; nothing where
/// anything else is among them.
std::optional<std::map<std::string, std::string>> ConsentsOf(const json& object, const char* key);

}  // namespace dustproof
