#include "hil/capture/internal/file_scan.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace dustproof::internal {

namespace {

constexpr size_t kEndBytes = kRecordHeaderBytes + kFooterBytes + 8;

/// Holds the summary and the end of the file against its checksums.
void CheckEnd(std::span<const std::byte> file, const RecordView& data_end, FileScan& scan) {
  const auto stated_crc = RecordParser(data_end.body).Take<uint32_t>();
  if (stated_crc != 0 && stated_crc != Crc32(file.first(data_end.offset))) {
    scan.problems.push_back(
        "the checksum of its data differs: bytes were changed after it was written");
  }
  const uint64_t footer_offset = file.size() - std::min(file.size(), kEndBytes);
  const auto footer = RecordAt(file, footer_offset);
  const bool footer_stands =
      footer && footer->opcode == Opcode::kFooter && footer->body.size() == kFooterBytes &&
      footer_offset >= data_end.end() &&
      std::memcmp(file.data() + footer->end(), kMagic.data(), kMagic.size()) == 0;
  if (!footer_stands) {
    scan.problems.push_back("its summary is cut off or damaged");
    return;
  }
  const auto summary_crc = RecordParser(footer->body.last(4)).Take<uint32_t>();
  const auto summary = file.subspan(data_end.end(), footer->end() - 4 - data_end.end());
  if (summary_crc != Crc32(summary)) scan.problems.push_back("the checksum of its summary differs");
  scan.sealed = true;
}

}  // namespace

Result<std::unique_ptr<MappedFile>> MappedFile::Open(const std::string& path) {
  // A pipe without a writer would keep us waiting: it is refused below.
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0)
    return Error::BadInput({path, 0, 0}, "",
                           std::string("cannot be opened: ") + std::strerror(errno));
  struct stat info {};
  const bool is_file = ::fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
  if (!is_file || info.st_size == 0) {
    ::close(fd);
    return Error::BadInput({path, 0, 0}, "",
                           is_file ? "is empty, not a recording" : "is not a file");
  }
  const auto size = static_cast<size_t>(info.st_size);
  void* at = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
  ::close(fd);
  if (at == MAP_FAILED)
    return Error::Environment("mapping " + path + " failed: " + std::strerror(errno));
  return std::unique_ptr<MappedFile>(new MappedFile({static_cast<const std::byte*>(at), size}));
}

MappedFile::~MappedFile() { ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size()); }

Result<FileScan> ScanFile(std::span<const std::byte> file, const std::string& path) {
  const bool magic_stands =
      file.size() >= kMagic.size() && std::memcmp(file.data(), kMagic.data(), kMagic.size()) == 0;
  if (!magic_stands)
    return Error::BadInput({path, 0, 0}, "", "is not an MCAP recording (its first bytes differ)");
  FileScan scan;
  uint64_t offset = kMagic.size();
  while (true) {
    const auto record = RecordAt(file, offset);
    if (!record) break;
    if (record->opcode == Opcode::kDataEnd) {
      scan.data_end_offset = record->offset;
      CheckEnd(file, *record, scan);
      return scan;
    }
    const auto code = static_cast<uint8_t>(record->opcode);
    if (code == 0 || record->opcode == Opcode::kFooter) break;
    scan.records.push_back(*record);
    offset = record->end();
  }
  scan.data_end_offset = offset;
  scan.problems.push_back("it ends early: only its first " + std::to_string(offset) + " of " +
                          std::to_string(file.size()) + " bytes hold whole records");
  return scan;
}

std::optional<MessageOffsets> FindMessages(std::span<const std::byte> chunk_records) {
  MessageOffsets offsets;
  uint64_t at = 0;
  while (at < chunk_records.size()) {
    const auto record = RecordAt(chunk_records, at);
    if (!record) return std::nullopt;
    if (record->opcode == Opcode::kMessage) {
      RecordParser in(record->body);
      const auto channel = in.Take<uint16_t>();
      in.Take<uint32_t>();
      const auto log_time = in.Take<uint64_t>();
      if (!in.ok()) return std::nullopt;
      offsets[channel].emplace_back(log_time, at);
    }
    at = record->end();
  }
  return offsets;
}

Bytes EncodeMessageIndexes(MessageOffsets offsets, uint64_t offset, McapIndex::Chunk& chunk) {
  Bytes out;
  chunk.message_index_offsets.clear();
  for (auto& [channel, entries] : offsets) {
    std::stable_sort(entries.begin(), entries.end());  // Readers expect an index ordered by time.
    RecordBuilder pairs;
    for (const auto& [log_time, at] : entries) pairs.Put(log_time).Put(at);
    RecordBuilder body;
    body.Put(channel).Put(static_cast<uint32_t>(pairs.bytes().size())).PutBytes(pairs.bytes());
    const Bytes record = body.Record(Opcode::kMessageIndex);
    chunk.message_index_offsets[channel] = offset + out.size();
    out.insert(out.end(), record.begin(), record.end());
  }
  chunk.message_index_bytes = out.size();
  return out;
}

}  // namespace dustproof::internal
