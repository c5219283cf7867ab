#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "hil/capture/recording_reader.h"
#include "hil/capture/recording_writer.h"
#include "hil/capture/seal_recording.h"
#include "tests/hil/capture/sample_messages.h"

namespace dustproof {
namespace {

using test::At;
using test::SampleEmission;
using test::ToBytes;

class RecordingTest : public testing::Test {
 protected:
  RecordingTest() {
    folder_ = std::filesystem::temp_directory_path() /
              ("dustproof-recording-" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder_);
  }
  ~RecordingTest() override { std::filesystem::remove_all(folder_); }

  std::string Path(const std::string& name) const { return folder_ / name; }
  std::unique_ptr<RecordingWriter> Create(const std::string& name,
                                          RecordingWriter::Config config = {}) {
    config.start = WallTime::FromUnixSeconds(1'772'442'000);
    auto writer = RecordingWriter::Create(Path(name), config);
    EXPECT_TRUE(writer.ok());
    return std::move(*writer);
  }
  std::string ReadFile(const std::string& name) const {
    std::ifstream in(Path(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void WriteFile(const std::string& name, const std::string& bytes) const {
    std::ofstream(Path(name), std::ios::binary | std::ios::trunc) << bytes;
  }
  std::vector<RecordedMessage> ReadAll(RecordingReader& reader) {
    std::vector<RecordedMessage> all;
    while (auto message = reader.Next()) all.push_back(std::move(*message));
    return all;
  }
  std::string TenChunks(const std::string& name) { return Chunks(name, 10); }
  /// Emissions a second apart, each in a chunk of its own.
  std::string Chunks(const std::string& name, int count) {
    auto writer = Create(name);
    for (int i = 0; i < count; ++i)
      writer->Write(SampleEmission(i, std::string(100, static_cast<char>('a' + i))));
    EXPECT_TRUE(writer->Close().ok());
    return ReadFile(name);
  }

  std::filesystem::path folder_;
};

TEST_F(RecordingTest, GivesBackEveryKindOfMessage) {
  auto writer = Create("a.mcap");
  test::WriteSampleMessages(*writer);
  ASSERT_TRUE(writer->Close().ok());

  auto reader = RecordingReader::Open(Path("a.mcap"));
  ASSERT_TRUE(reader.ok()) << ToString(reader.error());
  EXPECT_TRUE(reader->sealed());
  const auto all = ReadAll(*reader);
  EXPECT_TRUE(reader->problems().empty());
  ASSERT_EQ(all.size(), 11u);
  EXPECT_EQ(std::get<ConsentChange>(all[0]).cause, "app: consent screen");
  EXPECT_EQ(std::get<ConsentChange>(all[0]).time, At(0.5));
  EXPECT_EQ(std::get<RunEvent>(all[1]).detail, "mqtt.example.cn");
  EXPECT_EQ(std::get<LogLine>(all[2]).level, 30);
  const auto& pose = std::get<PoseSample>(all[4]);
  EXPECT_EQ(pose.frame, "M");
  EXPECT_EQ(pose.pose.x, 1.5);
  EXPECT_NEAR(pose.pose.yaw, -3.0, 1e-12);
  const auto& scan = std::get<ScanSample>(all[5]);
  EXPECT_EQ(scan.range_m, (std::vector<float>{1.5F, 0.0F, 2.25F}));
  EXPECT_EQ(scan.angle_increment_rad, 0.25);
  const auto& map = std::get<MapSample>(all[6]);
  EXPECT_EQ(map.cells, (std::vector<int8_t>{0, 100, -1, 0, 0, 50}));
  EXPECT_EQ(map.origin_y_m, 2.5);
  EXPECT_EQ(std::get<DriveSample>(all[7]).right_m_s, -0.125);
  EXPECT_EQ(std::get<BatterySample>(all[8]).charge_pct, 62.5);
  const auto& state = std::get<StateHashes>(all[9]);
  EXPECT_EQ(state.events_run, 12345u);
  EXPECT_EQ(state.parts, (std::vector<std::string>{"physics", "robot"}));
  EXPECT_EQ(state.hashes, (std::vector<uint64_t>{0xFEDCBA9876543210, 7}));
  const auto& emission = std::get<Emission>(all[10]);
  EXPECT_EQ(emission.sequence, 1u);
  EXPECT_EQ(emission.stream_offset, 1234567890123u);
  EXPECT_EQ(emission.party.role, "first_party");
  EXPECT_EQ(emission.payload, ToBytes("{\"state\":\"cleaning\"}"));
  ASSERT_NE(reader->FindAttachment("scenario.yaml"), nullptr);
  EXPECT_EQ(reader->FindAttachment("scenario.yaml")->data, ToBytes("kind: scenario\n"));
  EXPECT_EQ(reader->metadata().at("result").at("outcome"), "done");
}

TEST_F(RecordingTest, WritesTheSameBytesForTheSameRun) {
  EXPECT_EQ(TenChunks("a.mcap"), TenChunks("b.mcap"));
}

TEST_F(RecordingTest, NeverOverwritesAFile) {
  WriteFile("a.mcap", "precious");
  const auto writer = RecordingWriter::Create(Path("a.mcap"), {});
  ASSERT_FALSE(writer.ok());
  EXPECT_EQ(writer.error().code, ErrorCode::kEnvironment);
  EXPECT_EQ(ReadFile("a.mcap"), "precious");
}

TEST_F(RecordingTest, HasEveryEmissionInTheFileBeforeItIsClosed) {
  auto writer = Create("a.mcap");
  writer->Write(SampleEmission(1, "first"));
  writer->Write(DriveSample{At(1.5), 0, 0});
  auto reader = RecordingReader::Open(Path("a.mcap"));
  ASSERT_TRUE(reader.ok());
  EXPECT_FALSE(reader->sealed());
  EXPECT_EQ(reader->problems().size(), 1u);
  EXPECT_EQ(ReadAll(*reader).size(), 1u);  // The drive command still waits for its chunk.
}

TEST_F(RecordingTest, ReadsAFileCutAtAnyByteUpToItsLastWholeChunk) {
  const std::string whole = Chunks("cut.mcap", 3);
  size_t last_count = 3;
  for (size_t size = whole.size() - 1; size > 0; --size) {
    std::filesystem::resize_file(Path("cut.mcap"), size);
    auto reader = RecordingReader::Open(Path("cut.mcap"));
    if (!reader) {
      last_count = 0;
      continue;
    }
    const auto all = ReadAll(*reader);
    EXPECT_LE(all.size(), last_count) << size;
    EXPECT_GE(all.size() + 1, last_count) << size;  // One chunk at a time.
    EXPECT_FALSE(reader->problems().empty()) << size;
    last_count = all.size();
  }
  EXPECT_EQ(last_count, 0u);
}

TEST_F(RecordingTest, ReportsAFlippedBitAtAnyByte) {
  const std::string whole = Chunks("flip.mcap", 3);
  const int fd = open(Path("flip.mcap").c_str(), O_WRONLY);
  ASSERT_GE(fd, 0);
  const auto put = [fd](char byte, size_t at) {
    return pwrite(fd, &byte, 1, static_cast<off_t>(at)) == 1;
  };
  int refused = 0;
  for (size_t at = 0; at < whole.size(); ++at) {
    ASSERT_TRUE(put(static_cast<char>(whole[at] ^ (1 << (at % 8))), at));
    auto reader = RecordingReader::Open(Path("flip.mcap"));
    if (reader) {
      const auto all = ReadAll(*reader);
      EXPECT_FALSE(reader->problems().empty()) << "byte " << at;
      for (const auto& message : all) EXPECT_EQ(std::get<Emission>(message).payload.size(), 100u);
    } else {
      ++refused;
    }
    ASSERT_TRUE(put(whole[at], at));
  }
  close(fd);
  // What says that it is a recording and when it began, and how long the records before that are.
  EXPECT_LT(refused, 400);
}

TEST_F(RecordingTest, SealsWhatADeadRunLeft) {
  const std::string whole = TenChunks("a.mcap");
  int sealed = 0;
  for (size_t size = whole.size() / 3; size < whole.size(); size += 101) {
    WriteFile("dead.mcap", whole.substr(0, size));
    auto before = RecordingReader::Open(Path("dead.mcap"));
    if (!before) continue;  // Cut before the recording says when it begins.
    const size_t count = ReadAll(*before).size();
    sealed += 1;
    SealExtras extras;
    extras.metadata["result"] = {{"outcome", "crashed"}};
    extras.attachments.push_back({"backtrace.txt", "text/plain", ToBytes("main")});
    const auto outcome = SealRecording(Path("dead.mcap"), extras);
    ASSERT_TRUE(outcome.ok());
    auto after = RecordingReader::Open(Path("dead.mcap"));
    ASSERT_TRUE(after.ok());
    EXPECT_TRUE(after->sealed());
    EXPECT_EQ(ReadAll(*after).size(), count);
    EXPECT_TRUE(after->problems().empty()) << ToString(after->problems());
    if (!outcome->was_sealed) {
      EXPECT_EQ(after->metadata().at("result").at("outcome"), "crashed");
      EXPECT_NE(after->FindAttachment("backtrace.txt"), nullptr);
    }
  }
  EXPECT_GT(sealed, 20);
}

TEST_F(RecordingTest, SaysThatTheDiskIsFullAndKeepsWhatCameBefore) {
  // A limit on the size of files stands in for a full disk: a write fails in the middle.
  const pid_t pid = fork();
  if (pid == 0) {
    signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{25'000, 25'000};
    setrlimit(RLIMIT_FSIZE, &limit);
    auto writer = Create("full.mcap");
    int before_error = 0;
    for (int i = 0; i < 100; ++i) {
      writer->Write(SampleEmission(i, std::string(100, static_cast<char>('a' + i % 26))));
      if (!writer->error()) ++before_error;
    }
    const auto closed = writer->Close();
    const bool told =
        !closed.ok() && closed.error().code == ErrorCode::kEnvironment &&
        ToString(closed.error()).find("full.mcap failed: File too large") != std::string::npos;
    _exit(told ? before_error : 255);
  }
  int status = 0;
  ASSERT_EQ(waitpid(pid, &status, 0), pid);
  ASSERT_TRUE(WIFEXITED(status));
  const auto written = static_cast<size_t>(WEXITSTATUS(status));
  ASSERT_GT(written, 10u);
  ASSERT_LT(written, 100u);
  auto reader = RecordingReader::Open(Path("full.mcap"));
  ASSERT_TRUE(reader.ok());
  EXPECT_EQ(ReadAll(*reader).size(), written);
  EXPECT_EQ(reader->problems().size(), 1u);
}

TEST_F(RecordingTest, LeavesAWholeFileAsItIs) {
  const std::string whole = TenChunks("a.mcap");
  const auto outcome =
      SealRecording(Path("a.mcap"), {.attachments = {}, .metadata = {{"result", {}}}});
  ASSERT_TRUE(outcome.ok());
  EXPECT_TRUE(outcome->was_sealed);
  EXPECT_EQ(ReadFile("a.mcap"), whole);
}

TEST_F(RecordingTest, RefusesWhatIsNoRecording) {
  WriteFile("empty.mcap", "");
  WriteFile("text.mcap", "kind: scenario\n");
  EXPECT_FALSE(RecordingReader::Open(Path("empty.mcap")).ok());
  EXPECT_FALSE(RecordingReader::Open(Path("text.mcap")).ok());
  EXPECT_FALSE(RecordingReader::Open(Path("absent.mcap")).ok());
  EXPECT_FALSE(RecordingReader::Open("/").ok());
}

}  // namespace
}  // namespace dustproof
