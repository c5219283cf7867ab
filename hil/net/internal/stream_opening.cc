#include "hil/net/internal/stream_opening.h"

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <optional>
#include <string_view>

#include "hil/net/internal/recorder.h"

namespace dustproof::internal {
namespace {

constexpr size_t kOpeningBytesMax = 32 * 1024;
constexpr size_t kMethodBytesMax = 8;  // "OPTIONS " and "CONNECT ".
constexpr uint8_t kTlsHandshake = 22, kClientHello = 1;
constexpr uint16_t kServerNameExtension = 0, kHostName = 0;

constexpr StreamOpening kIncomplete{.complete = false, .host = {}};

/// Takes fields off the front; once one is missing, everything after it is empty.
class Fields {
 public:
  explicit Fields(std::string_view rest) : rest_(rest) {}

  std::string_view Take(size_t count) {
    if (count > rest_.size()) ok_ = false;
    if (!ok_) return {};
    const std::string_view field = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return field;
  }
  size_t Number(size_t bytes) {
    size_t value = 0;
    for (const char c : Take(bytes)) value = value << 8 | static_cast<uint8_t>(c);
    return value;
  }
  /// A field behind its length.
  std::string_view Vector(size_t length_bytes) { return Take(Number(length_bytes)); }
  bool ok() const { return ok_; }
  bool empty() const { return rest_.empty(); }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

/// The first handshake message, put together from the records that carry it; nothing while it is
/// incomplete, "" where it is no such message.
std::optional<std::string> FirstHandshake(std::string_view bytes) {
  std::string message;
  Fields records(bytes);
  while (records.ok() && !records.empty()) {
    const size_t type = records.Number(1);
    records.Take(2);  // Version.
    const std::string_view body = records.Vector(2);
    if (!records.ok()) return std::nullopt;
    if (type != kTlsHandshake || body.empty()) return "";
    message += body;
    Fields header(message);
    header.Take(1);
    const size_t length = header.Number(3);
    if (length > kOpeningBytesMax) return "";
    if (header.ok() && message.size() >= 4 + length) return message.substr(0, 4 + length);
  }
  return std::nullopt;
}

/// RFC 8446, 4.1.2 and RFC 6066, 3.
std::string ServerNameOf(std::string_view hello) {
  Fields fields(hello);
  if (fields.Number(1) != kClientHello) return "";
  fields.Take(3 + 2 + 32);  // Length, version, random.
  fields.Vector(1);         // Session.
  fields.Vector(2);         // Cipher suites.
  fields.Vector(1);         // Compression.
  Fields extensions(fields.Vector(2));
  while (extensions.ok() && !extensions.empty()) {
    const size_t type = extensions.Number(2);
    const std::string_view body = extensions.Vector(2);
    if (type != kServerNameExtension) continue;
    Fields names(Fields(body).Vector(2));
    return names.Number(1) == kHostName ? std::string(names.Vector(2)) : "";
  }
  return "";
}

StreamOpening ReadTls(std::string_view bytes) {
  const std::optional<std::string> hello = FirstHandshake(bytes);
  if (!hello) return kIncomplete;
  return {.complete = true, .host = ServerNameOf(*hello)};
}

bool EqualIgnoringCase(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](unsigned char x, unsigned char y) {
    return std::tolower(x) == std::tolower(y);
  });
}

std::string_view Trim(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\t') || text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

StreamOpening ReadHttp(std::string_view bytes) {
  size_t begin = 0;
  for (size_t end; (end = bytes.find('\n', begin)) != std::string_view::npos; begin = end + 1) {
    const std::string_view line = Trim(bytes.substr(begin, end - begin));
    if (line.empty()) return {};  // The end of the head.
    const size_t colon = line.find(':');
    if (begin == 0 || !EqualIgnoringCase(line.substr(0, colon), "host")) continue;
    if (colon == std::string_view::npos) return {};
    const std::string_view value = Trim(line.substr(colon + 1));
    return {.complete = true, .host = std::string(value.substr(0, value.find(':')))};
  }
  return kIncomplete;
}

}  // namespace

StreamOpening ReadStreamOpening(std::span<const std::byte> bytes) {
  if (bytes.size() >= kOpeningBytesMax) return {};
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (text.empty()) return kIncomplete;
  if (static_cast<uint8_t>(text[0]) == kTlsHandshake) return ReadTls(text);
  if (GuessStreamProtocol(bytes) == "http") return ReadHttp(text);
  const bool may_become_http = std::isupper(static_cast<unsigned char>(text[0])) != 0;
  return may_become_http && text.size() < kMethodBytesMax ? kIncomplete : StreamOpening{};
}

}  // namespace dustproof::internal
