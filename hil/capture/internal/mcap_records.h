#pragma once

#include <cstdint>
#include <cstring>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hil/capture/messages.h"

/// Records of the MCAP container (version 0), as bytes. A record is an opcode, a 64-bit length, and
/// that many bytes.
namespace dustproof::internal {

enum class Opcode : uint8_t {
  kHeader = 0x01,
  kFooter = 0x02,
  kSchema = 0x03,
  kChannel = 0x04,
  kMessage = 0x05,
  kChunk = 0x06,
  kMessageIndex = 0x07,
  kChunkIndex = 0x08,
  kAttachment = 0x09,
  kAttachmentIndex = 0x0A,
  kStatistics = 0x0B,
  kMetadata = 0x0C,
  kMetadataIndex = 0x0D,
  kSummaryOffset = 0x0E,
  kDataEnd = 0x0F,
};

inline constexpr std::string_view kMagic{"\x89MCAP0\r\n", 8};
inline constexpr size_t kRecordHeaderBytes = 9;
inline constexpr size_t kFooterBytes = 20;

/// Appends little-endian fields.
class RecordBuilder {
 public:
  template <typename T>
  RecordBuilder& Put(T value) {
    const auto* begin = reinterpret_cast<const std::byte*>(&value);
    bytes_.insert(bytes_.end(), begin, begin + sizeof(T));
    return *this;
  }
  RecordBuilder& PutText(std::string_view text);
  RecordBuilder& PutBytes(std::span<const std::byte> bytes);
  RecordBuilder& PutMap(const std::map<std::string, std::string>& map);
  /// The fields as one record of that kind.
  Bytes Record(Opcode opcode) const;
  const Bytes& bytes() const { return bytes_; }

 private:
  Bytes bytes_;
};

/// Takes little-endian fields. Past the end every field is zero or empty and `ok()` turns false.
class RecordParser {
 public:
  explicit RecordParser(std::span<const std::byte> in) : in_(in) {}

  template <typename T>
  T Take() {
    T value{};
    const auto bytes = TakeBytes(sizeof(T));
    if (bytes.size() == sizeof(T)) std::memcpy(&value, bytes.data(), sizeof(T));
    return value;
  }
  std::string TakeText();
  std::span<const std::byte> TakeBytes(size_t count);
  std::map<std::string, std::string> TakeMap();
  bool ok() const { return ok_; }
  size_t remaining() const { return in_.size() - at_; }

 private:
  std::span<const std::byte> in_;
  size_t at_ = 0;
  bool ok_ = true;
};

uint32_t Crc32(std::span<const std::byte> bytes, uint32_t so_far = 0);

/// A record found in a file.
struct RecordView {
  Opcode opcode{};
  uint64_t offset = 0;  ///< Of the opcode.
  std::span<const std::byte> body;
  uint64_t end() const { return offset + kRecordHeaderBytes + body.size(); }
};

/// The record at `offset`, or nothing where the bytes end before it does.
std::optional<RecordView> RecordAt(std::span<const std::byte> file, uint64_t offset);

struct ChunkHeader {
  uint64_t time_first = 0, time_last = 0, uncompressed_bytes = 0;
  uint32_t uncompressed_crc = 0;
  std::string compression;
  std::span<const std::byte> data;
};
std::optional<ChunkHeader> ParseChunk(std::span<const std::byte> body);
/// The chunk's records, or nothing where it is damaged (sizes, compression or checksum).
std::optional<Bytes> UnpackChunk(const ChunkHeader& chunk);

std::optional<Attachment> ParseAttachment(std::span<const std::byte> body);

/// Everything that the summary repeats about the data section. Filled as records are written or
/// found.
class McapIndex {
 public:
  /// `channel_ids[i]` is the channel of a MessageIndex record at `offsets[i]`.
  struct Chunk {
    uint64_t time_first = 0, time_last = 0;
    uint64_t offset = 0, bytes = 0;  ///< Of the whole record.
    std::map<uint16_t, uint64_t> message_index_offsets;
    uint64_t message_index_bytes = 0;
    std::string compression;
    uint64_t compressed_bytes = 0, uncompressed_bytes = 0;
  };

  void AddChunk(Chunk chunk) { chunks_.push_back(std::move(chunk)); }
  Chunk* last_chunk() { return chunks_.empty() ? nullptr : &chunks_.back(); }
  void AddMessages(uint16_t channel, uint64_t count) { message_counts_[channel] += count; }
  void AddAttachment(uint64_t offset, uint64_t bytes, uint64_t log_time,
                     const Attachment& attachment);
  void AddMetadata(uint64_t offset, uint64_t bytes, const std::string& name);

  /// All that follows the data section, which ends at `data_end_offset` and has the checksum
  /// `data_crc`.
  Bytes EncodeEnd(uint64_t data_end_offset, uint32_t data_crc) const;

 private:
  Bytes EncodeStatistics() const;
  static Bytes EncodeChunkIndex(const Chunk& chunk);

  std::vector<Chunk> chunks_;
  std::map<uint16_t, uint64_t> message_counts_;
  std::vector<Bytes> attachment_indexes_, metadata_indexes_;
};

/// Magic, header, and all schemas and channels: what every recording begins with.
Bytes EncodeBeginning();
Bytes EncodeMetadata(const std::string& name, const std::map<std::string, std::string>& values);
Bytes EncodeAttachment(uint64_t log_time, const Attachment& attachment);

}  // namespace dustproof::internal
