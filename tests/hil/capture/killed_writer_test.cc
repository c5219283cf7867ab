#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <ctime>
#include <filesystem>
#include <new>

#include "hil/capture/recording_reader.h"
#include "hil/capture/recording_writer.h"
#include "hil/capture/seal_recording.h"
#include "sim/core/random.h"
#include "tests/hil/capture/sample_messages.h"

namespace dustproof {
namespace {

constexpr int kKills = 100;

// The payload of emission number `i`: known bytes of very different lengths, so that a kill also
// falls inside a long write.
std::string PayloadOf(uint64_t i) {
  RandomStream random(i + 1);
  std::string payload(random.Below(i % 5 == 0 ? 300'000 : 2'000) + 1, '\0');
  random.Fill(std::as_writable_bytes(std::span(payload)));
  return payload;
}

// A number that the writing process tells and that outlives it.
class SharedCount {
 public:
  SharedCount()
      : count_(new (mmap(nullptr, sizeof(std::atomic<uint64_t>), PROT_READ | PROT_WRITE,
                         MAP_SHARED | MAP_ANONYMOUS, -1, 0)) std::atomic<uint64_t>(0)) {}
  ~SharedCount() { munmap(count_, sizeof *count_); }
  std::atomic<uint64_t>& operator*() { return *count_; }

 private:
  std::atomic<uint64_t>* count_;
};

// Writes until somebody ends this process; `said` counts the emissions whose writing has returned.
[[noreturn]] void WriteForEver(const std::string& path, std::atomic<uint64_t>& said) {
  auto writer = RecordingWriter::Create(path, {});
  if (!writer.ok()) _exit(1);
  for (uint64_t i = 0;; ++i) {
    const double at_s = 0.01 * static_cast<double>(i);
    (*writer)->Write(PoseSample{test::At(at_s), "W", {}});
    (*writer)->Write(test::SampleEmission(at_s, PayloadOf(i)));
    said = i + 1;
  }
}

// Machines differ in speed, hence not a time. Returns early where the writer has ended.
void WaitUntilSaid(const std::atomic<uint64_t>& said, uint64_t count, pid_t writer) {
  siginfo_t ended{};
  while (said < count && ended.si_pid == 0)
    ASSERT_EQ(waitid(P_PID, static_cast<id_t>(writer), &ended, WEXITED | WNOHANG | WNOWAIT), 0);
}

// Reads every emission and holds it against what was written. Returns how many there are.
uint64_t CheckEmissions(const std::string& path, size_t problems_max) {
  auto reader = RecordingReader::Open(path);
  if (!reader) return 0;
  uint64_t count = 0;
  while (const auto message = reader->Next()) {
    const auto* emission = std::get_if<Emission>(&*message);
    if (emission == nullptr) continue;
    EXPECT_EQ(emission->payload, test::ToBytes(PayloadOf(count))) << "emission " << count;
    ++count;
  }
  EXPECT_LE(reader->problems().size(), problems_max);
  return count;
}

TEST(KilledWriterTest, LosesNothingThatItSaidToHaveWrittenWheneverItIsKilled) {
  const std::string path =
      std::filesystem::temp_directory_path() / ("dustproof-killed-" + std::to_string(getpid()));
  RandomStream random(1);
  uint64_t most = 0;
  for (int kill_number = 0; kill_number < kKills; ++kill_number) {
    SharedCount said;
    const pid_t pid = fork();
    ASSERT_GE(pid, 0);
    if (pid == 0) WriteForEver(path, *said);
    WaitUntilSaid(*said, random.Below(60), pid);
    const timespec a_moment{0, static_cast<long>(random.Below(200'000))};  // Into a writing.
    nanosleep(&a_moment, nullptr);
    ASSERT_EQ(kill(pid, SIGKILL), 0);
    int status = 0;
    ASSERT_EQ(waitpid(pid, &status, 0), pid);
    ASSERT_TRUE(WIFSIGNALED(status));

    const uint64_t told = (*said).load();
    const uint64_t found = CheckEmissions(path, 1);  // "It ends early" is the one thing to say.
    EXPECT_GE(found, told) << "kill " << kill_number;
    EXPECT_LE(found, told + 1) << "kill " << kill_number;
    if (found > 0) {
      EXPECT_TRUE(SealRecording(path).ok());
      EXPECT_EQ(CheckEmissions(path, 0), found) << "kill " << kill_number;
    }
    most = std::max(most, found);
    std::filesystem::remove(path);
  }
  EXPECT_GT(most, 10u);  // Else the kills came too early to tell anything.
}

}  // namespace
}  // namespace dustproof
