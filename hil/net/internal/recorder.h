#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>

#include "hil/capture/capture_sink.h"
#include "hil/net/byte_stream.h"
#include "hil/net/net_types.h"
#include "sim/core/event_queue.h"
#include "sim/core/hash.h"

namespace dustproof::internal {

/// The constant part of one conversation's emissions, seen from the device that is judged.
struct ConversationInfo {
  std::string emitter;  ///< "robot" or "app".
  bool emitter_is_client = true;
  uint32_t connection = 0;
  NetEndpoint client, server;
  Party party;
};

/// "connection=3 emitter=robot host=…", for events.
std::string Describe(const ConversationInfo& info);

/// Writes down what crosses the boundary, stamped with the time and the consents as they are.
class Recorder {
 public:
  Recorder(const EventQueue& queue, CaptureSink& sink) : queue_(queue), sink_(sink) {}
  void set_consents(std::function<std::string()> consents) { consents_ = std::move(consents); }

  void Write(Emission emission);
  void Event(const std::string& name, const std::string& detail);
  /// An event of what the firmware does, rather than the network.
  void Note(const std::string& name, const std::string& detail);
  void RadioName(const std::string& emitter, const std::string& protocol,
                 std::span<const std::byte> name);
  void AddKeyLogLine(const std::string& line) { key_log_ += line + "\n"; }
  /// Writes what is only complete at the end: the TLS secrets.
  void Finish();

  /// Bytes by party and direction, for metrics.
  const std::map<std::string, uint64_t>& bytes_by_party() const { return bytes_by_party_; }
  void AddToHash(Hasher& hasher) const;

 private:
  const EventQueue& queue_;
  CaptureSink& sink_;
  std::function<std::string()> consents_;
  std::string key_log_;
  std::map<std::string, uint64_t> bytes_by_party_;
  uint64_t emission_count_ = 0;
  uint64_t content_hash_ = 0;
};

/// One TCP conversation as it is written down: under TLS the pieces on the wire, handshake and data
/// apart, and the plaintext as decrypted at our end; without TLS the pieces as plaintext.
class ConversationTap {
 public:
  ConversationTap(Recorder& recorder, ConversationInfo info)
      : recorder_(recorder), info_(std::move(info)) {}

  void OnWire(Side from, std::span<const std::byte> bytes);
  /// Only for what travelled under TLS.
  void OnPlaintext(Side from, std::span<const std::byte> bytes);
  /// From ALPN, where there was one.
  void set_protocol(const std::string& protocol) { protocol_ = protocol; }

  const ConversationInfo& info() const { return info_; }

 private:
  /// Where one direction stands among the records of TLS.
  struct RecordReader {
    size_t left_in_record = 0;
    std::vector<std::byte> header;
    bool encrypted_record = false;
    bool cipher_changed = false;
  };

  void Emit(Side from, EmissionKind kind, bool encrypted, std::span<const std::byte> bytes,
            uint64_t offset);
  void EmitRecords(Side from, std::span<const std::byte> bytes);
  bool NextByteIsEncrypted(RecordReader& reader, std::byte byte);
  void GuessProtocol(Side from, std::span<const std::byte> bytes);

  Recorder& recorder_;
  const ConversationInfo info_;
  bool kind_known_ = false;
  bool is_tls_ = false;
  std::string protocol_;
  std::vector<std::byte> opening_;  // The client's first bytes, until the protocol is known.
  std::array<RecordReader, 2> readers_;
  std::array<uint64_t, 2> wire_offset_{};
  std::array<uint64_t, 2> plaintext_offset_{};
};

/// "mqtt", "http", or "" where the first bytes of a client look like neither.
std::string GuessStreamProtocol(std::span<const std::byte> bytes);

}  // namespace dustproof::internal
