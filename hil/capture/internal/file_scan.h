#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "hil/capture/internal/mcap_records.h"
#include "sim/core/result.h"

namespace dustproof::internal {

/// A file mapped into memory for reading.
class MappedFile {
 public:
  static Result<std::unique_ptr<MappedFile>> Open(const std::string& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  std::span<const std::byte> bytes() const { return bytes_; }

 private:
  explicit MappedFile(std::span<const std::byte> bytes) : bytes_(bytes) {}
  std::span<const std::byte> bytes_;
};

/// The records of a recording's data section, and what is wrong with the file as a whole.
struct FileScan {
  std::vector<RecordView> records;  ///< Up to DataEnd, or to the last whole record.
  uint64_t data_end_offset = 0;     ///< Where DataEnd begins or should begin.
  bool sealed = false;              ///< DataEnd, summary, footer and magic are there.
  std::vector<std::string> problems;
};

/// Fails where the bytes don't begin as a recording does.
Result<FileScan> ScanFile(std::span<const std::byte> file, const std::string& path);

/// Offsets of a chunk's messages with their times, by channel. Nothing where its records are
/// damaged.
using MessageOffsets = std::map<uint16_t, std::vector<std::pair<uint64_t, uint64_t>>>;
std::optional<MessageOffsets> FindMessages(std::span<const std::byte> chunk_records);

/// The MessageIndex records that follow a chunk, which ends at `offset`; fills `chunk`'s offsets
/// and size in.
Bytes EncodeMessageIndexes(MessageOffsets offsets, uint64_t offset, McapIndex::Chunk& chunk);

}  // namespace dustproof::internal
