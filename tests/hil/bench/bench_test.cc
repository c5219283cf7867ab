#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "hil/bench/bench_file.h"
#include "hil/bench/bench_state.h"
#include "hil/bench/run_command.h"

namespace dustproof {
namespace {

namespace fs = std::filesystem;

class BenchTest : public testing::Test {
 protected:
  BenchTest() {
    std::string path = fs::temp_directory_path() / "dustproof-bench-test-XXXXXX";
    folder_ = mkdtemp(path.data());
  }
  ~BenchTest() override { fs::remove_all(folder_); }
  BenchState State() { return *BenchState::At(folder_ + "/state"); }

  std::string folder_;
};

TEST(ConsoleSpecTest, NamesItsDeviceAsTheLinkDoes) {
  ConsoleSpec console;
  EXPECT_EQ(console.serial_device(), "");
  console.udev_path = "pci-1";
  EXPECT_EQ(console.serial_device(), "path=pci-1");
  console.usb_serial = "A5";
  EXPECT_EQ(console.serial_device(), "usb=A5");
}

TEST_F(BenchTest, ALockOfADeadProcessIsTakenOver) {
  BenchState state = State();
  const pid_t child = fork();
  if (child == 0) _exit(State().Acquire({"a"}, "dies", SimDuration(), [](const std::string&) {}).ok() ? 0 : 1);
  int status = 0;
  waitpid(child, &status, 0);
  ASSERT_EQ(status, 0);
  const auto lease = state.Acquire({"a"}, "lives", SimDuration(), [](const std::string&) {});
  ASSERT_TRUE(lease.ok());
  EXPECT_NE(lease->reclaimed.find("dies"), std::string::npos);
  EXPECT_TRUE(state.Look("a")->lock.has_value());
  EXPECT_TRUE(state.Unlock("a", false).ok());
  EXPECT_FALSE(state.Look("a")->lock.has_value());
}

TEST_F(BenchTest, WhoCameFirstGetsTheBoard) {
  BenchState state = State();
  ASSERT_TRUE(state.Lock("a", "person").ok());
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t first = fork();
  if (first == 0) {
    const auto lease = State().Acquire({"a"}, "first", SimDuration::Seconds(60), [&](const std::string&) { (void)!write(ready[1], "w", 1); });
    (void)!write(ready[1], "g", 1);
    pause();
    _exit(lease.ok() ? 0 : 1);
  }
  char word = 0;
  ASSERT_EQ(read(ready[0], &word, 1), 1);  // It waits.
  ASSERT_TRUE(state.Unlock("a", false).ok());
  // A later one never passes it, though the board is free at this moment.
  const auto later = state.Acquire({"a"}, "later", SimDuration(), [](const std::string&) {});
  EXPECT_FALSE(later.ok());
  ASSERT_EQ(read(ready[0], &word, 1), 1);
  EXPECT_EQ(word, 'g');
  kill(first, SIGKILL);
  waitpid(first, nullptr, 0);
}

TEST_F(BenchTest, AnIllBoardIsPassedBy) {
  BenchState state = State();
  ASSERT_TRUE(state.SetHealth("a", {.well = false, .problem = "smokes"}).ok());
  EXPECT_EQ(state.Acquire({"a", "b"}, "", SimDuration(), [](const std::string&) {})->board, "b");
  const auto none = state.Acquire({"a"}, "", SimDuration::Seconds(60), [](const std::string&) {});
  EXPECT_NE(ToString(none.error()).find("smokes"), std::string::npos);
}

TEST_F(BenchTest, ADamagedStateIsToldAndNotOverwritten) {
  fs::create_directories(folder_ + "/state");
  std::ofstream(folder_ + "/state/bench.json") << "{ nonsense";
  EXPECT_NE(ToString(State().Look("a").error()).find("is damaged"), std::string::npos);
}

TEST_F(BenchTest, CommandsSayWhatBecameOfThem) {
  const auto run = [&](const std::string& text) { return RunBenchCommand("probe", {.run = text, .timeout = SimDuration::Milliseconds(300)}, folder_, {{"NAME", "value"}}); };
  EXPECT_EQ(*run("echo $NAME; pwd"), "value\n" + folder_ + "\n");
  EXPECT_NE(ToString(run("echo no; exit 7").error()).find("exit code 7, its last words: no"), std::string::npos);
  EXPECT_NE(ToString(run("kill -9 $$").error()).find("Killed"), std::string::npos);
  EXPECT_NE(ToString(run("sleep 100").error()).find("was not done"), std::string::npos);
}

}  // namespace
}  // namespace dustproof
