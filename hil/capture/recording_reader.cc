#include "hil/capture/recording_reader.h"

#include <charconv>

#include "hil/capture/internal/file_scan.h"
#include "hil/capture/internal/message_codec.h"

namespace dustproof {

using internal::ChannelId;
using internal::Opcode;

struct RecordingReader::State {
  void Report(const std::string& message) { problems.push_back({{path, 0, 0}, "", message}); }
  /// Unpacks the next chunk that can be read; false at the end.
  bool NextChunk();

  std::string path;
  std::unique_ptr<internal::MappedFile> file;
  std::vector<internal::RecordView> chunks;
  std::vector<Attachment> attachments;
  std::map<std::string, std::map<std::string, std::string>> metadata;
  std::map<uint16_t, ChannelId> channels;  // Ids in this file to what they carry.
  WallTime start;
  bool sealed = false;
  std::vector<Diagnostic> problems;

  size_t next_chunk = 0, chunks_checked = 0;
  Bytes records;
  uint64_t at = 0;
};

namespace {

/// Times of a file, in nanoseconds since 1970, that can be subtracted from each other: up to 2116.
bool IsPlausible(int64_t unix_ns) { return unix_ns >= 0 && unix_ns <= INT64_MAX / 2; }

/// Channels are known by topic, so that a file written by another version still reads.
void TakeChannel(const internal::RecordView& record, std::map<uint16_t, ChannelId>& channels) {
  internal::RecordParser in(record.body);
  const auto id = in.Take<uint16_t>();
  in.Take<uint16_t>();
  const std::string topic = in.TakeText();
  for (const internal::ChannelInfo& info : internal::Channels()) {
    if (in.ok() && info.topic == topic) channels[id] = info.id;
  }
}

std::optional<WallTime> ParseStart(
    const std::map<std::string, std::map<std::string, std::string>>& metadata) {
  const auto recording = metadata.find("recording");
  if (recording == metadata.end()) return std::nullopt;
  const auto value = recording->second.find("start_unix_ns");
  if (value == recording->second.end()) return std::nullopt;
  int64_t ns = 0;
  const char* end = value->second.data() + value->second.size();
  const auto [stopped, problem] = std::from_chars(value->second.data(), end, ns);
  if (problem != std::errc() || stopped != end || !IsPlausible(ns)) return std::nullopt;
  return WallTime::FromUnixNanoseconds(ns);
}

}  // namespace

Result<RecordingReader> RecordingReader::Open(const std::string& path) {
  auto file = internal::MappedFile::Open(path);
  if (!file) return file.error();
  auto scan = internal::ScanFile((*file)->bytes(), path);
  if (!scan) return scan.error();

  auto state = std::make_unique<State>();
  state->path = path;
  state->file = std::move(*file);
  state->sealed = scan->sealed;
  for (const std::string& problem : scan->problems) state->Report(problem);
  for (const internal::RecordView& record : scan->records) {
    if (record.opcode == Opcode::kChannel) {
      TakeChannel(record, state->channels);
    } else if (record.opcode == Opcode::kChunk) {
      state->chunks.push_back(record);
    } else if (record.opcode == Opcode::kAttachment) {
      if (auto attachment = internal::ParseAttachment(record.body)) {
        state->attachments.push_back(std::move(*attachment));
      } else {
        state->Report("the attachment at byte " + std::to_string(record.offset) +
                      " is damaged and left out");
      }
    } else if (record.opcode == Opcode::kMetadata) {
      internal::RecordParser in(record.body);
      const std::string name = in.TakeText();
      for (auto& [key, value] : in.TakeMap()) state->metadata[name][key] = value;
    }
  }
  const auto start = ParseStart(state->metadata);
  if (!start) {
    return Error::BadInput({path, 0, 0}, "",
                           "is no recording of Dustproof: it does not say when its time begins");
  }
  state->start = *start;
  return RecordingReader(std::move(state));
}

const std::string& TopicOf(const RecordedMessage& message) {
  static constexpr ChannelId kOf[] = {
      ChannelId::kEmission, ChannelId::kConsentChange, ChannelId::kRunEvent, ChannelId::kLog,
      ChannelId::kPoseTrue, ChannelId::kScan,          ChannelId::kMap,      ChannelId::kDrive,
      ChannelId::kBattery,  ChannelId::kState};
  static_assert(std::size(kOf) == std::variant_size_v<RecordedMessage>);
  ChannelId id = kOf[message.index()];
  const auto* pose = std::get_if<PoseSample>(&message);
  if (pose != nullptr && pose->frame != "W") id = ChannelId::kPoseBelieved;
  return internal::Channels()[static_cast<size_t>(id) - 1].topic;
}

RecordingReader::RecordingReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
RecordingReader::~RecordingReader() = default;
RecordingReader::RecordingReader(RecordingReader&&) noexcept = default;
RecordingReader& RecordingReader::operator=(RecordingReader&&) noexcept = default;

bool RecordingReader::State::NextChunk() {
  while (next_chunk < chunks.size()) {
    const internal::RecordView& view = chunks[next_chunk++];
    const auto chunk = internal::ParseChunk(view.body);
    auto unpacked = chunk ? internal::UnpackChunk(*chunk) : std::nullopt;
    const bool first_time = next_chunk > chunks_checked;
    chunks_checked = std::max(chunks_checked, next_chunk);
    if (unpacked) {
      records = std::move(*unpacked);
      at = 0;
      return true;
    }
    if (first_time) {
      Report("chunk " + std::to_string(next_chunk) + " of " + std::to_string(chunks.size()) +
             ", at byte " + std::to_string(view.offset) + ", is damaged and left out");
    }
  }
  return false;
}

std::optional<RecordedMessage> RecordingReader::Next() {
  State& state = *state_;
  while (true) {
    const auto record = internal::RecordAt(state.records, state.at);
    if (!record) {
      if (!state.NextChunk()) return std::nullopt;
      continue;
    }
    state.at = record->end();
    if (record->opcode == Opcode::kChannel) TakeChannel(*record, state.channels);
    if (record->opcode != Opcode::kMessage) continue;
    internal::RecordParser in(record->body);
    const auto channel = state.channels.find(in.Take<uint16_t>());
    in.Take<uint32_t>();
    const auto log_time = static_cast<int64_t>(in.Take<uint64_t>());
    in.Take<uint64_t>();
    if (!in.ok() || channel == state.channels.end()) continue;
    if (channel->second == ChannelId::kTransforms || channel->second == ChannelId::kPoints)
      continue;  // For viewers only.
    if (!IsPlausible(log_time)) {
      state.Report("a message at a time that no recording has is left out");
      continue;
    }
    const SimTime time = SimTime::FromNanoseconds(log_time - state.start.unix_nanoseconds());
    if (auto message = internal::Decode(channel->second, time, in.TakeBytes(in.remaining())))
      return message;
    state.Report("a message at " + ToString(time) + " is damaged and left out");
  }
}

void RecordingReader::Rewind() {
  state_->next_chunk = 0;
  state_->records.clear();
  state_->at = 0;
}

const std::vector<Attachment>& RecordingReader::attachments() const { return state_->attachments; }

const Attachment* RecordingReader::FindAttachment(const std::string& name) const {
  const Attachment* found = nullptr;
  for (const Attachment& attachment : state_->attachments) {
    if (attachment.name == name) found = &attachment;
  }
  return found;
}

const std::map<std::string, std::map<std::string, std::string>>& RecordingReader::metadata() const {
  return state_->metadata;
}
WallTime RecordingReader::start() const { return state_->start; }
bool RecordingReader::sealed() const { return state_->sealed; }
const std::vector<Diagnostic>& RecordingReader::problems() const { return state_->problems; }

}  // namespace dustproof
