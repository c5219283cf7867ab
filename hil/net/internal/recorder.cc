#include "hil/net/internal/recorder.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace dustproof::internal {
namespace {

constexpr size_t kOpeningBytes = 32;  // What tells a protocol, and may come byte by byte.
constexpr uint8_t kTlsChangeCipherSpec = 20, kTlsHandshake = 22, kTlsApplicationData = 23;

}  // namespace

void Recorder::Write(Emission emission) {
  emission.time = queue_.now();
  if (consents_) emission.consents = consents_();
  ++emission_count_;
  Hasher hasher;
  hasher.Add(content_hash_);
  hasher.Add(emission.time.nanoseconds());
  hasher.Add(emission.kind);
  hasher.Add(emission.party.key);
  hasher.Add(emission.party.host);
  hasher.AddBytes(emission.payload);
  content_hash_ = hasher.Digest();
  // Ciphertext and its plaintext are the same bytes to whoever counts: the wire counts.
  const bool decrypted = emission.kind == EmissionKind::kPlaintext && emission.encrypted;
  if (!decrypted) bytes_by_party_[emission.party.key] += emission.payload.size();
  sink_.Write(emission);
}

void Recorder::Event(const std::string& name, const std::string& detail) {
  sink_.Write(RunEvent{queue_.now(), "network", name, detail});
}

void Recorder::Note(const std::string& name, const std::string& detail) {
  sink_.Write(RunEvent{queue_.now(), "firmware", name, detail});
}

void Recorder::RadioName(const std::string& emitter, const std::string& protocol,
                         std::span<const std::byte> name) {
  Emission emission;
  emission.emitter = emitter;
  emission.kind = EmissionKind::kRadioName;
  emission.direction = emitter == "app" ? Direction::kFromApp : Direction::kFromRobot;
  emission.party = {"public", "anyone in radio range", "public", "", ""};
  emission.protocol = protocol;
  emission.payload.assign(name.begin(), name.end());
  Write(std::move(emission));
}

void Recorder::Finish() {
  const auto bytes = std::as_bytes(std::span(key_log_.data(), key_log_.size()));
  sink_.Write(Attachment{"tls_secrets.txt", "text/plain", Bytes(bytes.begin(), bytes.end())});
}

void Recorder::AddToHash(Hasher& hasher) const {
  hasher.Add(emission_count_);
  hasher.Add(content_hash_);
}

std::string Describe(const ConversationInfo& info) {
  return "connection=" + std::to_string(info.connection) + " emitter=" + info.emitter +
         " host=" + info.party.host + " port=" + std::to_string(info.server.port) +
         " party=" + info.party.key;
}

void ConversationTap::OnWire(Side from, std::span<const std::byte> bytes) {
  if (bytes.empty()) return;
  if (!kind_known_) {
    kind_known_ = true;
    is_tls_ = from == Side::kClient && std::to_integer<uint8_t>(bytes[0]) == kTlsHandshake &&
              (bytes.size() < 2 || std::to_integer<uint8_t>(bytes[1]) == 3);
  }
  if (is_tls_) return EmitRecords(from, bytes);
  GuessProtocol(from, bytes);
  Emit(from, EmissionKind::kPlaintext, false, bytes, plaintext_offset_[static_cast<size_t>(from)]);
  plaintext_offset_[static_cast<size_t>(from)] += bytes.size();
}

void ConversationTap::OnPlaintext(Side from, std::span<const std::byte> bytes) {
  if (bytes.empty()) return;
  GuessProtocol(from, bytes);
  Emit(from, EmissionKind::kPlaintext, true, bytes, plaintext_offset_[static_cast<size_t>(from)]);
  plaintext_offset_[static_cast<size_t>(from)] += bytes.size();
}

void ConversationTap::GuessProtocol(Side from, std::span<const std::byte> bytes) {
  if (from != Side::kClient || !protocol_.empty()) return;
  const size_t wanted = std::min(bytes.size(), kOpeningBytes - std::min(kOpeningBytes, opening_.size()));
  opening_.insert(opening_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(wanted));
  protocol_ = GuessStreamProtocol(opening_);
  if (protocol_.empty()) protocol_ = GuessStreamProtocol(bytes);
}

/// One emission for each stretch of a segment in which all records are handshake, or all are
/// protected.
void ConversationTap::EmitRecords(Side from, std::span<const std::byte> bytes) {
  const size_t side = static_cast<size_t>(from);
  RecordReader& reader = readers_[side];
  size_t begin = 0;
  bool stretch_encrypted = false;
  for (size_t i = 0; i < bytes.size();) {
    const bool encrypted = NextByteIsEncrypted(reader, bytes[i]);
    if (i == begin) stretch_encrypted = encrypted;
    if (encrypted != stretch_encrypted) {
      Emit(from, EmissionKind::kWire, stretch_encrypted, bytes.subspan(begin, i - begin),
           wire_offset_[side] + begin);
      begin = i;
      stretch_encrypted = encrypted;
    }
    ++i;
    // The rest of the record's body is of the same kind.
    const size_t skip = std::min(reader.left_in_record, bytes.size() - i);
    reader.left_in_record -= skip;
    i += skip;
  }
  Emit(from, EmissionKind::kWire, stretch_encrypted, bytes.subspan(begin),
       wire_offset_[side] + begin);
  wire_offset_[side] += bytes.size();
}

bool ConversationTap::NextByteIsEncrypted(RecordReader& reader, std::byte byte) {
  if (reader.left_in_record > 0) {
    --reader.left_in_record;
    return reader.encrypted_record;
  }
  reader.header.push_back(byte);
  const uint8_t type = std::to_integer<uint8_t>(reader.header[0]);
  // After ChangeCipherSpec everything is protected; TLS 1.3 shows all that is protected as
  // application data.
  reader.encrypted_record =
      type == kTlsApplicationData || (reader.cipher_changed && type != kTlsChangeCipherSpec);
  if (reader.header.size() == 5) {
    reader.left_in_record =
        std::to_integer<size_t>(reader.header[3]) << 8 | std::to_integer<size_t>(reader.header[4]);
    if (type == kTlsChangeCipherSpec) reader.cipher_changed = true;
    reader.header.clear();
  }
  return reader.encrypted_record;
}

void ConversationTap::Emit(Side from, EmissionKind kind, bool encrypted,
                           std::span<const std::byte> bytes, uint64_t offset) {
  if (bytes.empty()) return;
  const bool out = (from == Side::kClient) == info_.emitter_is_client;
  Emission emission;
  emission.emitter = info_.emitter;
  emission.kind = kind;
  if (info_.emitter == "app") {
    emission.direction = out ? Direction::kFromApp : Direction::kToApp;
  } else {
    emission.direction = out ? Direction::kFromRobot : Direction::kToRobot;
  }
  emission.connection = info_.connection;
  emission.stream_offset = offset;
  const NetEndpoint& source = from == Side::kClient ? info_.client : info_.server;
  const NetEndpoint& destination = from == Side::kClient ? info_.server : info_.client;
  emission.source_address = source.address;
  emission.source_port = source.port;
  emission.destination_address = destination.address;
  emission.destination_port = destination.port;
  emission.party = info_.party;
  emission.protocol = kind == EmissionKind::kWire ? "tls" : protocol_;
  emission.encrypted = encrypted;
  emission.payload.assign(bytes.begin(), bytes.end());
  recorder_.Write(std::move(emission));
}

std::string GuessStreamProtocol(std::span<const std::byte> bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()),
                              std::min(bytes.size(), kOpeningBytes));
  constexpr std::array<std::string_view, 9> kMethods = {
      "GET ", "PUT ", "POST ", "HEAD ", "PATCH ", "DELETE ", "OPTIONS ", "CONNECT ", "TRACE "};
  for (const std::string_view method : kMethods) {
    if (text.substr(0, method.size()) == method) return "http";
  }
  // CONNECT is 0x10, one to four bytes of length, then the protocol's name with its own length of
  // two bytes.
  if (!text.empty() && text[0] == 0x10) {
    for (const std::string_view name : {"MQTT", "MQIsdp"}) {
      const size_t at = text.find(name);
      if (at != std::string_view::npos && at >= 4 && at <= 7) return "mqtt";
    }
  }
  return "";
}

}  // namespace dustproof::internal
