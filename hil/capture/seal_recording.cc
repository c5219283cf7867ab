#include "hil/capture/seal_recording.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "hil/capture/internal/file_scan.h"

namespace dustproof {

using internal::McapIndex;
using internal::Opcode;

namespace {

/// The data section of a file that lacks its end, as far as it is whole.
struct Rebuilt {
  McapIndex index;
  uint64_t keep_bytes = 0;  ///< The file is cut here…
  Bytes append;             ///< …and goes on with this.
  uint64_t last_time = 0;
};

McapIndex::Chunk DescribeChunk(const internal::RecordView& view,
                               const internal::ChunkHeader& header) {
  return {.time_first = header.time_first,
          .time_last = header.time_last,
          .offset = view.offset,
          .bytes = view.end() - view.offset,
          .message_index_offsets = {},
          .message_index_bytes = 0,
          .compression = header.compression,
          .compressed_bytes = header.data.size(),
          .uncompressed_bytes = header.uncompressed_bytes};
}

Rebuilt Rebuild(const internal::FileScan& scan) {
  Rebuilt out;
  out.keep_bytes = scan.data_end_offset;
  for (size_t i = 0; i < scan.records.size(); ++i) {
    const internal::RecordView& record = scan.records[i];
    const uint64_t bytes = record.end() - record.offset;
    if (record.opcode == Opcode::kMetadata) {
      out.index.AddMetadata(record.offset, bytes, internal::RecordParser(record.body).TakeText());
    } else if (record.opcode == Opcode::kAttachment) {
      const auto attachment = internal::ParseAttachment(record.body);
      if (attachment) out.index.AddAttachment(record.offset, bytes, out.last_time, *attachment);
    } else if (record.opcode == Opcode::kChunk) {
      const auto header = internal::ParseChunk(record.body);
      const auto unpacked = header ? internal::UnpackChunk(*header) : std::nullopt;
      const auto messages = unpacked ? internal::FindMessages(*unpacked) : std::nullopt;
      if (!messages) continue;  // Stays in the file; readers report it.
      McapIndex::Chunk chunk = DescribeChunk(record, *header);
      const Bytes indexes = internal::EncodeMessageIndexes(*messages, record.end(), chunk);
      // The last chunk's indexes may be cut: they are written anew.
      const bool indexes_whole = record.end() + indexes.size() <= scan.data_end_offset;
      if (!indexes_whole) {
        out.keep_bytes = record.end();
        out.append = indexes;
      }
      for (const auto& [channel, offsets] : *messages)
        out.index.AddMessages(channel, offsets.size());
      out.last_time = std::max(out.last_time, chunk.time_last);
      out.index.AddChunk(std::move(chunk));
      if (!indexes_whole) break;
    }
  }
  return out;
}

void AppendExtras(const SealExtras& extras, Rebuilt& out) {
  auto add = [&out](const Bytes& record) {
    out.append.insert(out.append.end(), record.begin(), record.end());
  };
  for (const Attachment& attachment : extras.attachments) {
    const Bytes record = internal::EncodeAttachment(out.last_time, attachment);
    out.index.AddAttachment(out.keep_bytes + out.append.size(), record.size(), out.last_time,
                            attachment);
    add(record);
  }
  for (const auto& [name, values] : extras.metadata) {
    const Bytes record = internal::EncodeMetadata(name, values);
    out.index.AddMetadata(out.keep_bytes + out.append.size(), record.size(), name);
    add(record);
  }
}

Result<void> CutAndAppend(const std::string& path, uint64_t keep_bytes,
                          std::span<const std::byte> more) {
  const auto failed = [&path](const char* what) {
    return Error::Environment(std::string(what) + " the recording " + path +
                              " failed: " + std::strerror(errno));
  };
  const int fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0) return failed("opening");
  bool ok = ::ftruncate(fd, static_cast<off_t>(keep_bytes)) == 0 &&
            ::lseek(fd, 0, SEEK_END) == static_cast<off_t>(keep_bytes);
  while (ok && !more.empty()) {
    const ssize_t written = ::write(fd, more.data(), more.size());
    if (written < 0 && errno == EINTR) continue;
    ok = written > 0;
    if (ok) more = more.subspan(static_cast<size_t>(written));
  }
  const Result<void> result = ok ? Result<void>() : Result<void>(failed("sealing"));
  ::close(fd);
  return result;
}

}  // namespace

Result<SealOutcome> SealRecording(const std::string& path, const SealExtras& extras) {
  auto file = internal::MappedFile::Open(path);
  if (!file) return file.error();
  const auto bytes = (*file)->bytes();
  auto scan = internal::ScanFile(bytes, path);
  if (!scan) return scan.error();
  if (scan->sealed) return SealOutcome{.was_sealed = true, .bytes_cut = 0};

  Rebuilt out = Rebuild(*scan);
  AppendExtras(extras, out);
  const uint32_t data_crc =
      internal::Crc32(out.append, internal::Crc32(bytes.first(out.keep_bytes)));
  const Bytes end = out.index.EncodeEnd(out.keep_bytes + out.append.size(), data_crc);
  out.append.insert(out.append.end(), end.begin(), end.end());
  const uint64_t bytes_cut = bytes.size() - out.keep_bytes;
  file->reset();  // The mapping must not outlive the cut.
  if (auto written = CutAndAppend(path, out.keep_bytes, out.append); !written)
    return written.error();
  return SealOutcome{.was_sealed = false, .bytes_cut = bytes_cut};
}

}  // namespace dustproof
