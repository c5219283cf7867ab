#include "hil/capture/recording_writer.h"

#include <fcntl.h>
#include <sys/sendfile.h>
#include <unistd.h>
#include <zstd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "hil/capture/internal/file_scan.h"
#include "hil/capture/internal/message_codec.h"

namespace dustproof {

using internal::ChannelId;
using internal::Opcode;
using internal::RecordBuilder;

namespace {
constexpr int kCompressionLevel = -1;
// The scans are whole in their own channel; points are for looking at.
constexpr SimDuration kPointsPeriod = SimDuration::Seconds(1);
}  // namespace

struct RecordingWriter::State {
  State(std::string file_path, Config writer_config, int descriptor)
      : path(std::move(file_path)), config(writer_config), fd(descriptor), zstd(ZSTD_createCCtx()) {
    DP_CHECK(zstd != nullptr);
  }
  ~State() {
    ZSTD_freeCCtx(zstd);
    if (fd >= 0) ::close(fd);
  }

  uint64_t LogTime(SimTime time) const {
    const int64_t ns = config.start.unix_nanoseconds() + time.nanoseconds();
    DP_CHECK(time >= SimTime::Zero() && ns >= 0, ToString(time));
    return static_cast<uint64_t>(ns);
  }

  /// Hands bytes to the kernel and takes them into the data section's checksum.
  void Put(std::span<const std::byte> bytes) {
    data_crc = internal::Crc32(bytes, data_crc);
    PutRaw(bytes);
  }
  void PutRaw(std::span<const std::byte> bytes);
  void AddMessage(uint16_t channel, SimTime time, const Bytes& cdr);
  void FlushChunk();

  std::string path;
  const Config config;
  int fd;
  ZSTD_CCtx* zstd;
  std::optional<Error> error;
  uint64_t offset = 0;
  uint32_t data_crc = 0;
  internal::McapIndex index;
  uint64_t emission_count = 0;
  SimTime latest = SimTime::Zero();
  SimTime next_points = SimTime::Zero();

  // The chunk that is being filled.
  Bytes records;
  uint64_t chunk_time_first = 0, chunk_time_last = 0;
  internal::MessageOffsets message_offsets;
  std::map<uint16_t, uint32_t> next_sequence;
};

void RecordingWriter::State::PutRaw(std::span<const std::byte> bytes) {
  offset += bytes.size();
  while (!bytes.empty() && !error) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written >= 0) {
      bytes = bytes.subspan(static_cast<size_t>(written));
    } else if (errno != EINTR) {
      error =
          Error::Environment("writing the recording " + path + " failed: " + std::strerror(errno));
    }
  }
}

void RecordingWriter::State::AddMessage(uint16_t channel, SimTime time, const Bytes& cdr) {
  const uint64_t log_time = LogTime(time);
  latest = std::max(latest, time);
  if (!records.empty()) {
    const auto span = static_cast<int64_t>(log_time) - static_cast<int64_t>(chunk_time_first);
    if (span >= config.chunk_duration.nanoseconds()) FlushChunk();
  }
  if (records.empty()) chunk_time_first = chunk_time_last = log_time;
  chunk_time_first = std::min(chunk_time_first, log_time);
  chunk_time_last = std::max(chunk_time_last, log_time);
  message_offsets[channel].emplace_back(log_time, records.size());
  index.AddMessages(channel, 1);
  const Bytes record = RecordBuilder()
                           .Put(channel)
                           .Put(next_sequence[channel]++)
                           .Put(log_time)
                           .Put(log_time)
                           .PutBytes(cdr)
                           .Record(Opcode::kMessage);
  records.insert(records.end(), record.begin(), record.end());
  if (records.size() >= config.chunk_bytes) FlushChunk();
}

void RecordingWriter::State::FlushChunk() {
  if (records.empty()) return;
  Bytes packed(ZSTD_compressBound(records.size()));
  const size_t packed_bytes = ZSTD_compressCCtx(zstd, packed.data(), packed.size(), records.data(),
                                                records.size(), kCompressionLevel);
  DP_CHECK(!ZSTD_isError(packed_bytes), ZSTD_getErrorName(packed_bytes));
  const Bytes chunk = RecordBuilder()
                          .Put(chunk_time_first)
                          .Put(chunk_time_last)
                          .Put(static_cast<uint64_t>(records.size()))
                          .Put(internal::Crc32(records))
                          .PutText("zstd")
                          .Put(static_cast<uint64_t>(packed_bytes))
                          .PutBytes(std::span(packed).first(packed_bytes))
                          .Record(Opcode::kChunk);
  internal::McapIndex::Chunk entry{.time_first = chunk_time_first,
                                   .time_last = chunk_time_last,
                                   .offset = offset,
                                   .bytes = chunk.size(),
                                   .message_index_offsets = {},
                                   .message_index_bytes = 0,
                                   .compression = "zstd",
                                   .compressed_bytes = packed_bytes,
                                   .uncompressed_bytes = records.size()};
  Bytes out = chunk;
  const Bytes indexes =
      internal::EncodeMessageIndexes(std::move(message_offsets), offset + out.size(), entry);
  out.insert(out.end(), indexes.begin(), indexes.end());
  index.AddChunk(std::move(entry));
  Put(out);  // One write(2) for the chunk and its indexes.
  records.clear();
  message_offsets.clear();
}

Result<std::unique_ptr<RecordingWriter>> RecordingWriter::Create(const std::string& path,
                                                                 const Config& config) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (fd < 0) {
    return Error::Environment(
        "cannot create the recording " + path + ": " + std::strerror(errno) +
        (errno == EEXIST ? "; recordings are never overwritten, choose another folder" : ""));
  }
  auto state = std::make_unique<State>(path, config, fd);
  state->Put(internal::EncodeBeginning());
  std::unique_ptr<RecordingWriter> writer(new RecordingWriter(std::move(state)));
  writer->WriteMetadata("recording",
                        {{"format_version", "1"},
                         {"start_unix_ns", std::to_string(config.start.unix_nanoseconds())}});
  return writer;
}

RecordingWriter::RecordingWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}

RecordingWriter::~RecordingWriter() {
  if (state_->fd >= 0) Flush();
}

template <typename M>
void RecordingWriter::WriteMessage(const M& message, uint16_t channel) {
  const WallTime stamp = state_->config.start + (message.time - SimTime::Zero());
  state_->AddMessage(channel, message.time, internal::Encode(message, stamp));
}

void RecordingWriter::Write(const Emission& emission) {
  Emission numbered = emission;
  numbered.sequence = ++state_->emission_count;
  WriteMessage(numbered, static_cast<uint16_t>(ChannelId::kEmission));
  if (state_->config.flush_each_emission) Flush();
}

void RecordingWriter::Write(const ConsentChange& change) {
  WriteMessage(change, static_cast<uint16_t>(ChannelId::kConsentChange));
}
void RecordingWriter::Write(const RunEvent& event) {
  WriteMessage(event, static_cast<uint16_t>(ChannelId::kRunEvent));
  // A death may follow at once, and verdicts and warnings rest on it.
  if (state_->config.flush_each_emission && (event.name == "link_refusal" || event.name == "outside_attempt")) Flush();
  if (state_->config.on_run_event) state_->config.on_run_event(event);
}
void RecordingWriter::Write(const LogLine& line) {
  WriteMessage(line, static_cast<uint16_t>(ChannelId::kLog));
}
void RecordingWriter::Write(const ScanSample& scan) {
  WriteMessage(scan, static_cast<uint16_t>(ChannelId::kScan));
  if (scan.time < state_->next_points) return;
  state_->next_points = scan.time + kPointsPeriod;
  const WallTime stamp = state_->config.start + (scan.time - SimTime::Zero());
  state_->AddMessage(static_cast<uint16_t>(ChannelId::kPoints), scan.time,
                     internal::EncodePoints(scan, stamp));
}
void RecordingWriter::Write(const MapSample& map) {
  WriteMessage(map, static_cast<uint16_t>(ChannelId::kMap));
}
void RecordingWriter::Write(const DriveSample& drive) {
  WriteMessage(drive, static_cast<uint16_t>(ChannelId::kDrive));
}
void RecordingWriter::Write(const BatterySample& battery) {
  WriteMessage(battery, static_cast<uint16_t>(ChannelId::kBattery));
}
void RecordingWriter::Write(const StateHashes& state) {
  DP_CHECK(state.parts.size() == state.hashes.size(), state.parts.size(), state.hashes.size());
  WriteMessage(state, static_cast<uint16_t>(ChannelId::kState));
}

void RecordingWriter::Write(const PoseSample& pose) {
  DP_CHECK(pose.frame == "W" || pose.frame == "M", pose.frame);
  const auto channel = pose.frame == "W" ? ChannelId::kPoseTrue : ChannelId::kPoseBelieved;
  WriteMessage(pose, static_cast<uint16_t>(channel));
  const WallTime stamp = state_->config.start + (pose.time - SimTime::Zero());
  state_->AddMessage(static_cast<uint16_t>(ChannelId::kTransforms), pose.time,
                     internal::EncodeTransforms(pose, state_->config.X_RL, stamp));
}

void RecordingWriter::Write(const Attachment& attachment) {
  Flush();
  const uint64_t log_time = state_->LogTime(state_->latest);
  const Bytes record = internal::EncodeAttachment(log_time, attachment);
  state_->index.AddAttachment(state_->offset, record.size(), log_time, attachment);
  state_->Put(record);
}

void RecordingWriter::WriteMetadata(const std::string& name,
                                    const std::map<std::string, std::string>& values) {
  Flush();
  const Bytes record = internal::EncodeMetadata(name, values);
  state_->index.AddMetadata(state_->offset, record.size(), name);
  state_->Put(record);
}

Result<void> RecordingWriter::ContinueIn(const std::string& path) {
  const auto failed = [&](const std::string& what) {
    return Error::Environment("cannot continue the recording " + state_->path + " in " + path + ": " + what);
  };
  const int from = ::open(state_->path.c_str(), O_RDONLY | O_CLOEXEC);
  if (from < 0) return failed(std::strerror(errno));
  const int to = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (to < 0) {
    const std::string why = std::strerror(errno);
    ::close(from);
    return failed(why);
  }
  // The other process may have written on: only what was there at the fork is ours.
  off_t at = 0;
  while (static_cast<uint64_t>(at) < state_->offset) {
    const ssize_t copied = ::sendfile(to, from, &at, state_->offset - static_cast<uint64_t>(at));
    if (copied < 0 && errno == EINTR) continue;
    if (copied <= 0) break;
  }
  const std::string why = std::strerror(errno);
  ::close(from);
  ::close(std::exchange(state_->fd, to));
  state_->path = path;
  if (static_cast<uint64_t>(at) < state_->offset) return failed(why);
  return {};
}

void RecordingWriter::Flush() { state_->FlushChunk(); }

Result<void> RecordingWriter::Close() {
  DP_CHECK(state_->fd >= 0, state_->path);
  Flush();
  state_->PutRaw(state_->index.EncodeEnd(state_->offset, state_->data_crc));
  const int closed = ::close(state_->fd);
  state_->fd = -1;
  if (closed != 0 && !state_->error) {
    state_->error = Error::Environment("closing the recording " + state_->path +
                                       " failed: " + std::strerror(errno));
  }
  if (state_->error) return *state_->error;
  return {};
}

uint64_t RecordingWriter::emission_count() const { return state_->emission_count; }
const std::optional<Error>& RecordingWriter::error() const { return state_->error; }

}  // namespace dustproof
