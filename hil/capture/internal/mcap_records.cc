#include "hil/capture/internal/mcap_records.h"

#include <zlib.h>
#include <zstd.h>

#include <algorithm>

#include "hil/capture/internal/ros_schemas.h"

namespace dustproof::internal {

namespace {

constexpr uint64_t kUncompressedBytesMax =
    1ull << 30;  // Refuses a damaged size before memory is asked for.

Bytes EncodeSchema(const ChannelInfo& info) {
  return RecordBuilder()
      .Put(static_cast<uint16_t>(info.id))
      .PutText(info.schema_name)
      .PutText("ros2msg")
      .PutText(info.schema_text)
      .Record(Opcode::kSchema);
}

Bytes EncodeChannel(const ChannelInfo& info) {
  // ROS 2 wants to know how to offer a topic when it plays a bag: reliable, volatile, keep the last
  // ten.
  static const std::string kQos =
      "- history: 1\n  depth: 10\n  reliability: 1\n  durability: 2\n  deadline:\n    sec: "
      "9223372036\n"
      "    nsec: 854775807\n  lifespan:\n    sec: 9223372036\n    nsec: 854775807\n  liveliness: "
      "1\n"
      "  liveliness_lease_duration:\n    sec: 9223372036\n    nsec: 854775807\n"
      "  avoid_ros_namespace_conventions: false\n";
  return RecordBuilder()
      .Put(static_cast<uint16_t>(info.id))
      .Put(static_cast<uint16_t>(info.id))
      .PutText(info.topic)
      .PutText("cdr")
      .PutMap({{"offered_qos_profiles", kQos}})
      .Record(Opcode::kChannel);
}

void Append(Bytes& out, const Bytes& more) { out.insert(out.end(), more.begin(), more.end()); }

}  // namespace

RecordBuilder& RecordBuilder::PutText(std::string_view text) {
  Put(static_cast<uint32_t>(text.size()));
  return PutBytes(std::as_bytes(std::span(text)));
}

RecordBuilder& RecordBuilder::PutBytes(std::span<const std::byte> bytes) {
  bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  return *this;
}

RecordBuilder& RecordBuilder::PutMap(const std::map<std::string, std::string>& map) {
  RecordBuilder entries;
  for (const auto& [key, value] : map) entries.PutText(key).PutText(value);
  Put(static_cast<uint32_t>(entries.bytes().size()));
  return PutBytes(entries.bytes());
}

Bytes RecordBuilder::Record(Opcode opcode) const {
  RecordBuilder record;
  record.Put(opcode).Put(static_cast<uint64_t>(bytes_.size())).PutBytes(bytes_);
  return record.bytes_;
}

std::span<const std::byte> RecordParser::TakeBytes(size_t count) {
  if (!ok_ || count > remaining()) {
    ok_ = false;
    return {};
  }
  at_ += count;
  return in_.subspan(at_ - count, count);
}

std::string RecordParser::TakeText() {
  const auto bytes = TakeBytes(Take<uint32_t>());
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::map<std::string, std::string> RecordParser::TakeMap() {
  RecordParser entries(TakeBytes(Take<uint32_t>()));
  std::map<std::string, std::string> map;
  while (ok_ && entries.ok() && entries.remaining() > 0) {
    std::string key = entries.TakeText();
    map[std::move(key)] = entries.TakeText();
  }
  ok_ = ok_ && entries.ok();
  return map;
}

uint32_t Crc32(std::span<const std::byte> bytes, uint32_t so_far) {
  return static_cast<uint32_t>(
      crc32_z(so_far, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

std::optional<RecordView> RecordAt(std::span<const std::byte> file, uint64_t offset) {
  if (offset > file.size() || file.size() - offset < kRecordHeaderBytes) return std::nullopt;
  RecordParser in(file.subspan(offset));
  const auto opcode = in.Take<Opcode>();
  const auto length = in.Take<uint64_t>();
  if (length > in.remaining()) return std::nullopt;
  return RecordView{opcode, offset, in.TakeBytes(length)};
}

std::optional<ChunkHeader> ParseChunk(std::span<const std::byte> body) {
  RecordParser in(body);
  ChunkHeader chunk;
  chunk.time_first = in.Take<uint64_t>();
  chunk.time_last = in.Take<uint64_t>();
  chunk.uncompressed_bytes = in.Take<uint64_t>();
  chunk.uncompressed_crc = in.Take<uint32_t>();
  chunk.compression = in.TakeText();
  const auto data_bytes = in.Take<uint64_t>();
  chunk.data = in.TakeBytes(data_bytes);
  if (!in.ok() || in.remaining() != 0) return std::nullopt;
  return chunk;
}

std::optional<Bytes> UnpackChunk(const ChunkHeader& chunk) {
  if (chunk.uncompressed_bytes > kUncompressedBytesMax) return std::nullopt;
  Bytes bytes;
  if (chunk.compression.empty()) {
    bytes.assign(chunk.data.begin(), chunk.data.end());
  } else if (chunk.compression == "zstd") {
    bytes.resize(chunk.uncompressed_bytes);
    const size_t got =
        ZSTD_decompress(bytes.data(), bytes.size(), chunk.data.data(), chunk.data.size());
    if (ZSTD_isError(got) || got != bytes.size()) return std::nullopt;
  } else {
    return std::nullopt;
  }
  if (bytes.size() != chunk.uncompressed_bytes) return std::nullopt;
  if (chunk.uncompressed_crc != 0 && Crc32(bytes) != chunk.uncompressed_crc) return std::nullopt;
  return bytes;
}

std::optional<Attachment> ParseAttachment(std::span<const std::byte> body) {
  RecordParser in(body);
  Attachment attachment;
  in.Take<uint64_t>();
  in.Take<uint64_t>();
  attachment.name = in.TakeText();
  attachment.media_type = in.TakeText();
  const auto data = in.TakeBytes(in.Take<uint64_t>());
  attachment.data.assign(data.begin(), data.end());
  const size_t covered = body.size() - in.remaining();
  const auto crc = in.Take<uint32_t>();
  if (!in.ok() || (crc != 0 && crc != Crc32(body.first(covered)))) return std::nullopt;
  return attachment;
}

void McapIndex::AddAttachment(uint64_t offset, uint64_t bytes, uint64_t log_time,
                              const Attachment& attachment) {
  attachment_indexes_.push_back(RecordBuilder()
                                    .Put(offset)
                                    .Put(bytes)
                                    .Put(log_time)
                                    .Put(log_time)
                                    .Put(static_cast<uint64_t>(attachment.data.size()))
                                    .PutText(attachment.name)
                                    .PutText(attachment.media_type)
                                    .Record(Opcode::kAttachmentIndex));
}

void McapIndex::AddMetadata(uint64_t offset, uint64_t bytes, const std::string& name) {
  metadata_indexes_.push_back(
      RecordBuilder().Put(offset).Put(bytes).PutText(name).Record(Opcode::kMetadataIndex));
}

Bytes McapIndex::EncodeStatistics() const {
  uint64_t messages = 0, time_first = UINT64_MAX, time_last = 0;
  RecordBuilder counts;
  for (const auto& [channel, count] : message_counts_) {
    messages += count;
    counts.Put(channel).Put(count);
  }
  for (const Chunk& chunk : chunks_) {
    time_first = std::min(time_first, chunk.time_first);
    time_last = std::max(time_last, chunk.time_last);
  }
  return RecordBuilder()
      .Put(messages)
      .Put(kChannelCount)
      .Put(static_cast<uint32_t>(kChannelCount))
      .Put(static_cast<uint32_t>(attachment_indexes_.size()))
      .Put(static_cast<uint32_t>(metadata_indexes_.size()))
      .Put(static_cast<uint32_t>(chunks_.size()))
      .Put(chunks_.empty() ? uint64_t{0} : time_first)
      .Put(time_last)
      .Put(static_cast<uint32_t>(counts.bytes().size()))
      .PutBytes(counts.bytes())
      .Record(Opcode::kStatistics);
}

Bytes McapIndex::EncodeChunkIndex(const Chunk& chunk) {
  RecordBuilder offsets;
  for (const auto& [channel, offset] : chunk.message_index_offsets)
    offsets.Put(channel).Put(offset);
  return RecordBuilder()
      .Put(chunk.time_first)
      .Put(chunk.time_last)
      .Put(chunk.offset)
      .Put(chunk.bytes)
      .Put(static_cast<uint32_t>(offsets.bytes().size()))
      .PutBytes(offsets.bytes())
      .Put(chunk.message_index_bytes)
      .PutText(chunk.compression)
      .Put(chunk.compressed_bytes)
      .Put(chunk.uncompressed_bytes)
      .Record(Opcode::kChunkIndex);
}

Bytes McapIndex::EncodeEnd(uint64_t data_end_offset, uint32_t data_crc) const {
  Bytes out = RecordBuilder().Put(data_crc).Record(Opcode::kDataEnd);
  const size_t summary_at = out.size();
  const uint64_t summary_offset = data_end_offset + summary_at;

  std::vector<std::pair<Opcode, std::vector<Bytes>>> groups = {
      {Opcode::kSchema, {}},
      {Opcode::kChannel, {}},
      {Opcode::kStatistics, {EncodeStatistics()}},
      {Opcode::kChunkIndex, {}},
      {Opcode::kAttachmentIndex, attachment_indexes_},
      {Opcode::kMetadataIndex, metadata_indexes_}};
  for (const ChannelInfo& info : Channels()) {
    groups[0].second.push_back(EncodeSchema(info));
    groups[1].second.push_back(EncodeChannel(info));
  }
  for (const Chunk& chunk : chunks_) groups[3].second.push_back(EncodeChunkIndex(chunk));

  Bytes offsets;
  for (const auto& [opcode, records] : groups) {
    if (records.empty()) continue;
    const uint64_t group_offset = data_end_offset + out.size();
    for (const Bytes& record : records) Append(out, record);
    const uint64_t group_bytes = data_end_offset + out.size() - group_offset;
    Append(offsets, RecordBuilder()
                        .Put(opcode)
                        .Put(group_offset)
                        .Put(group_bytes)
                        .Record(Opcode::kSummaryOffset));
  }
  const uint64_t offsets_offset = data_end_offset + out.size();
  Append(out, offsets);

  // The checksum covers the summary and the footer up to the checksum itself.
  RecordBuilder footer;
  footer.Put(Opcode::kFooter)
      .Put(static_cast<uint64_t>(kFooterBytes))
      .Put(summary_offset)
      .Put(offsets_offset);
  Append(out, footer.bytes());
  const uint32_t summary_crc = Crc32(std::span(out).subspan(summary_at));
  RecordBuilder tail;
  tail.Put(summary_crc).PutBytes(std::as_bytes(std::span(kMagic)));
  Append(out, tail.bytes());
  return out;
}

Bytes EncodeBeginning() {
  RecordBuilder magic;
  magic.PutBytes(std::as_bytes(std::span(kMagic)));
  Bytes out = magic.bytes();
  Append(out, RecordBuilder().PutText("ros2").PutText("dustproof").Record(Opcode::kHeader));
  for (const ChannelInfo& info : Channels()) {
    Append(out, EncodeSchema(info));
    Append(out, EncodeChannel(info));
  }
  return out;
}

Bytes EncodeMetadata(const std::string& name, const std::map<std::string, std::string>& values) {
  return RecordBuilder().PutText(name).PutMap(values).Record(Opcode::kMetadata);
}

Bytes EncodeAttachment(uint64_t log_time, const Attachment& attachment) {
  RecordBuilder body;
  body.Put(log_time)
      .Put(log_time)
      .PutText(attachment.name)
      .PutText(attachment.media_type)
      .Put(static_cast<uint64_t>(attachment.data.size()))
      .PutBytes(attachment.data);
  const uint32_t crc = Crc32(body.bytes());
  return body.Put(crc).Record(Opcode::kAttachment);
}

}  // namespace dustproof::internal
