#pragma once

#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hil/audit/internal/content.h"
#include "sim/config/schema.h"
#include "sim/core/result.h"

namespace dustproof {
class Fields;
}

namespace dustproof::internal {

/// A field that a product declares to send.
struct DeclaredField {
  std::string path;  ///< In JSON: "$.state".
  std::string type =
      "text";  ///< word, number, bool, token (something that was received before), text.
  std::vector<std::string> words;  ///< Of type word.
  std::string category;            ///< What it carries, if it is personal data.
  std::string purpose;             ///< Of the policy's rule that it is sent for.
  void Describe(Fields& f);
};

/// A message that a product declares to send: where, and what is in it.
struct DeclaredMessage {
  std::string
      where;  ///< "http PUT /v1/maps/current", "mqtt s/*/up/state"; * is one received token.
  std::vector<DeclaredField> json;
  std::vector<std::string> binary;      ///< Layout; see ReadBinary.
  std::vector<std::string> categories;  ///< What the message as a whole carries.
  std::string purpose;
  void Describe(Fields& f);
};

/// What the product says it sends: `kind: message_schema`. Bytes that fit it are explained, all
/// others are not.
struct MessageSchema {
  static constexpr const char* kKind = "message_schema";
  static constexpr int kFormatVersion = 1;
  std::vector<std::string> user_agents;
  std::vector<DeclaredMessage> messages;
  void Describe(Fields& f);

  /// The message declared for a route, e.g. "mqtt s/1f3c/up/state". `received` are tokens that the
  /// robot was given.
  const DeclaredMessage* Find(std::string_view where,
                              const std::set<std::string, std::less<>>& received) const;
};

Result<MessageSchema> ParseMessageSchema(std::string_view text, const std::string& file_name);

/// A declared field that was met in a payload.
struct FieldSighting {
  const DeclaredField* field = nullptr;
  ByteRange range;
};
struct SchemaMatch {
  std::vector<ByteRange> explained;      ///< Parts of the payload that the schema explains.
  std::vector<FieldSighting> sightings;  ///< Of fields with a category.
  bool whole = false;  ///< The payload is of the declared shape from first to last byte.
};
SchemaMatch MatchPayload(const DeclaredMessage& message, std::span<const std::byte> payload,
                         const std::set<std::string, std::less<>>& received);

/// Whether bytes have a declared layout: items in order, each one of
///   "'DPMP'"              these letters
///   "u8=1"                an integer (u8 u16 u32 i8 i16 i32, little-endian) of this value
///   "u16 width"           an integer, named
///   "zlib length cells width*height 0,1,255"   `length` bytes of zlib with as many bytes in it, of
///   these values only "i16 times 2*count"   so many integers "crc32"               of all before
/// Products may be written with two names or numbers.
bool ReadBinary(const std::vector<std::string>& layout, std::span<const std::byte> payload);

}  // namespace dustproof::internal
