#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hil/audit/internal/content.h"

namespace dustproof::internal {

/// A scalar of a JSON text with its place.
struct JsonScalar {
  std::string
      path;  ///< "$.wifi.ssid"; list items as "[]", so that equal fields of a list share a path.
  bool is_string = false;
  ByteRange range;     ///< Of the characters between the quotes, or of the number or word.
  int list_depth = 0;  ///< How many lists it is inside of.
};

/// One JSON text inside other bytes.
struct JsonText {
  ByteRange range;
  std::vector<JsonScalar> scalars;
  std::vector<ByteRange> keys;
};

/// The JSON object or list that begins at `at`, if a whole one does. Strict enough to refuse other
/// text, tolerant of nothing.
std::optional<JsonText> ScanJson(std::string_view text, size_t at);

/// A string's characters without their escapes: UTF-8, and for each byte where it came from (one
/// more at the end).
Bytes UnescapeJson(std::string_view text, ByteRange range, std::vector<uint32_t>* table);

}  // namespace dustproof::internal
