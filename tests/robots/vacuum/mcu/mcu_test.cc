// The motor controller on a Cortex-M3 that QEMU emulates, in lockstep over a serial line, with the simulated drivetrain around it.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <thread>
#include <vector>

#include "hil/capture/recording_reader.h"
#include "hil/wire/framing.h"
extern "C" {
#include "robots/vacuum/mcu/motion.h"
}

namespace dustproof {
namespace {

namespace fs = std::filesystem;

const std::string kProgram = DUSTPROOF_BINARY_DIR "/lib/firmware/mcu/vacuum.elf", kDustproof = DUSTPROOF_BINARY_DIR "/bin/dustproof";

bool IsOnPath(const std::string& program) { return std::system(("command -v " + program + " >/dev/null").c_str()) == 0; }

constexpr int kSilenceMsMax = 600'000;

// A child with its standard output to read.
class Child {
 public:
  explicit Child(const std::vector<std::string>& words) {
    int ends[2];
    if (pipe(ends) != 0) abort();
    pid_ = fork();
    if (pid_ == 0) {
      dup2(ends[1], STDOUT_FILENO);
      std::vector<char*> pointers;
      for (const std::string& word : words) pointers.push_back(const_cast<char*>(word.c_str()));
      pointers.push_back(nullptr);
      execvp(pointers[0], pointers.data());
      _exit(127);
    }
    close(ends[1]);
    output_ = ends[0];
  }
  ~Child() {
    if (pid_ > 0) kill(pid_, SIGKILL), waitpid(pid_, nullptr, 0);
    close(output_);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  // Reads until `mark` has come, or the end. One that says nothing for ten minutes hangs, and is ended.
  std::string ReadUntil(const std::string& mark) {
    std::string text;
    while (text.find(mark) == std::string::npos) {
      pollfd said{output_, POLLIN, 0};
      char byte;
      if (poll(&said, 1, kSilenceMsMax) == 0) {
        ADD_FAILURE() << "a child said nothing for ten minutes, after: " << text;
        kill(pid_, SIGKILL);
        break;
      }
      if (read(output_, &byte, 1) != 1) break;
      text += byte;
    }
    return text;
  }
  int Wait() {
    int status = 0;
    waitpid(pid_, &status, 0);
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

 private:
  pid_t pid_ = -1;
  int output_ = -1;
};

// Between run and board: flips a bit of each `period`th byte, drops one behind it, and puts one in.
class NoisyLine {
 public:
  NoisyLine(const std::string& board_device, int period) : board_(open(board_device.c_str(), O_RDWR | O_NOCTTY)), run_(posix_openpt(O_RDWR | O_NOCTTY)), period_(period) {
    grantpt(run_), unlockpt(run_);
    device_ = ptsname(run_);
    keep_open_ = open(device_.c_str(), O_RDWR | O_NOCTTY);
    for (const int fd : {board_, keep_open_}) {
      termios line;
      tcgetattr(fd, &line);
      cfmakeraw(&line);
      tcsetattr(fd, TCSANOW, &line);
    }
    thread_ = std::thread([this] { Carry(); });
  }
  ~NoisyLine() {
    done_ = true;
    thread_.join();
    for (const int fd : {board_, run_, keep_open_}) close(fd);
  }
  const std::string& device() const { return device_; }
  int damaged() const { return damaged_; }

 private:
  void Carry() {
    while (!done_) {
      pollfd ends[] = {{board_, POLLIN, 0}, {run_, POLLIN, 0}};
      poll(ends, 2, 50);
      for (int i = 0; i < 2; ++i) {
        uint8_t buffer[256];
        if ((ends[i].revents & POLLIN) == 0) continue;
        const ssize_t count = read(ends[i].fd, buffer, sizeof buffer);
        std::vector<uint8_t> out;
        for (ssize_t k = 0; k < count; ++k) Pass(buffer[k], &out);
        if (write(ends[1 - i].fd, out.data(), out.size()) < 0) return;
      }
    }
  }
  void Pass(uint8_t byte, std::vector<uint8_t>* out) {
    const int phase = ++carried_ % (3 * period_);
    if (phase % period_ != 0) return out->push_back(byte);
    ++damaged_;
    if (phase == period_) out->push_back(byte ^ 0x10);
    if (phase == 0) out->push_back(byte), out->push_back(0x55);
  }

  const int board_, run_, period_;
  int keep_open_ = -1;
  std::string device_;
  std::thread thread_;
  std::atomic<bool> done_ = false;
  std::atomic<int> damaged_ = 0;
  int carried_ = 0;
};

struct Stretch {
  double begin_s, end_s;
  int left_mm_s, right_mm_s;
};

// What a frame is in a scenario's script.
std::string Typed(int sequence, const Stretch& stretch) {
  const auto low = [](int value) { return static_cast<uint8_t>(value & 0xFF); };
  const uint8_t payload[] = {'C',          low(sequence), low(stretch.left_mm_s), low(stretch.left_mm_s >> 8), low(stretch.right_mm_s),
                             low(stretch.right_mm_s >> 8)};
  uint8_t frame[DP_FRAME_BYTES_MAX(sizeof payload)];
  const size_t bytes = dp_frame_encode(payload, sizeof payload, frame, sizeof frame);
  std::string text;
  char hex[8];
  for (size_t i = 0; i < bytes; ++i) text += (std::snprintf(hex, sizeof hex, "\\x%02X", frame[i]), hex);
  return text;
}

struct Told {
  double time_s;
  motion_status status;
};

int32_t ReadI32(const uint8_t* bytes) { return static_cast<int32_t>(bytes[0] | bytes[1] << 8 | bytes[2] << 16 | static_cast<uint32_t>(bytes[3]) << 24); }

class McuTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!IsOnPath("qemu-system-arm")) GTEST_SKIP() << "needs qemu-system-arm (./dev boards)";
    if (!fs::exists(kProgram)) GTEST_SKIP() << "needs " << kProgram << ": a compiler for ARM without an operating system (./dev boards)";
    if (!fs::exists(kDustproof)) GTEST_SKIP() << "needs the program dustproof";
    std::string folder = fs::temp_directory_path() / "dustproof-mcu-XXXXXX";
    folder_ = mkdtemp(folder.data());
  }
  void TearDown() override {
    if (!folder_.empty()) fs::remove_all(folder_);
  }

  // The run's hash.
  std::string Run(const std::string& name, const std::vector<Stretch>& stretches, double seconds, int noise_period = 0) {
    WriteScenario(stretches, seconds);
    Child qemu({"qemu-system-arm", "-M", "mps2-an385", "-kernel", kProgram, "-display", "none", "-monitor", "none", "-serial", "pty"});
    const std::string said = qemu.ReadUntil("(label");
    const size_t begin = said.find("/dev/pts/");
    std::string device = said.substr(begin, said.find(' ', begin) - begin);
    std::unique_ptr<NoisyLine> noise;
    if (noise_period > 0) noise = std::make_unique<NoisyLine>(device, noise_period);
    Child run({kDustproof, "run", folder_ + "/scenario.yaml", "--kind", "process", "--link", "serial:" + (noise ? noise->device() : device), "--json", "--out", folder_ + "/" + name});
    run.ReadUntil("\n]\n");
    EXPECT_LE(run.Wait(), 1);  // A motor controller alone pairs with no app.
    EXPECT_TRUE(noise == nullptr || noise->damaged() > 3);
    return ReadBack(folder_ + "/" + name + "/quiet.mcap");
  }

  void WriteScenario(const std::vector<Stretch>& stretches, double seconds) {
    std::ofstream file(folder_ + "/scenario.yaml");
    const std::string root = DUSTPROOF_SOURCE_DIR;
    file << "kind: scenario\nformat_version: 1\nhome: " << root << "/scenarios/homes/studio.yaml\nrobot: " << root << "/robots/vacuum/robot.yaml\npolicy: " << root
         << "/scenarios/policies/jt_innovation.yaml\nstart: 2026-03-02T09:00:00\ntime_zone: Asia/Shanghai\nseed: 3\nduration: " << seconds
         << "s\ncloud_host: iot.jt-innovation.example\nparties:\n  - {key: vendor_cloud_cn, organisation: JT, role: first_party, region: CN, hosts: [iot.jt-innovation.example]}\nconsents: [C_POLICY]\nconsent_configurations:\n  quiet: {others: denied}\nscript:\n";
    int sequence = 0;
    for (const Stretch& stretch : stretches)
      for (double t = stretch.begin_s; t < stretch.end_s; t += 0.02)
        file << "  - {at: " << std::lround(t * 1000) << "ms, do: type, value: '" << Typed(++sequence, stretch) << "'}\n";
  }

  std::string ReadBack(const std::string& path) {
    told_.clear(), truth_.clear();
    Result<RecordingReader> reader = RecordingReader::Open(path);
    if (!reader) return ToString(reader.error());
    uint8_t buffer[64];
    dp_frame_decoder decoder;
    dp_frame_decoder_init(&decoder, buffer, sizeof buffer);
    while (const std::optional<RecordedMessage> message = reader->Next()) {
      if (const auto* pose = std::get_if<PoseSample>(&*message); pose != nullptr && pose->frame == "W") truth_[pose->time.seconds()] = pose->pose;
      const auto* emission = std::get_if<Emission>(&*message);
      if (emission == nullptr || emission->kind != EmissionKind::kUart) continue;
      for (const std::byte byte : emission->payload) {
        if (dp_frame_decode(&decoder, std::to_integer<uint8_t>(byte)) != MOTION_STATUS_BYTES || buffer[0] != 'S') continue;
        told_.push_back({emission->time.seconds(), {.sequence = buffer[1], .flags = buffer[2], .time_ms = static_cast<uint32_t>(ReadI32(buffer + 3)), .left_ticks = static_cast<uint32_t>(ReadI32(buffer + 7)), .right_ticks = static_cast<uint32_t>(ReadI32(buffer + 11)),
                                                    .x_mm = ReadI32(buffer + 15), .y_mm = ReadI32(buffer + 19), .heading_mrad = ReadI32(buffer + 23)}});
      }
    }
    return reader->metadata().at("result").at("hash");
  }

  Pose2 TruthAt(double time_s) const { return truth_.lower_bound(time_s)->second; }
  double MovedM(double from_s, double to_s) const { return (TruthAt(to_s).position() - TruthAt(from_s).position()).norm(); }
  motion_status ToldAt(double time_s) const {
    motion_status last{};
    for (const Told& told : told_)
      if (told.time_s <= time_s) last = told.status;
    return last;
  }

  std::string folder_;
  std::vector<Told> told_;
  std::map<double, Pose2> truth_;
};

TEST_F(McuTest, HoldsASpeedReckonsAndStopsWhenCommandsEnd) {
  const std::string hash = Run("first", {{1, 4, -150, -150}}, 6);
  ASSERT_GT(told_.size(), 250u);  // 50 a second.
  EXPECT_NEAR(MovedM(2, 3.5), 0.15 * 1.5, 0.15 * 1.5 * 0.03);
  const double reckoned_m = std::hypot(ToldAt(5.5).x_mm - ToldAt(0.9).x_mm, ToldAt(5.5).y_mm - ToldAt(0.9).y_mm) * 1e-3;
  EXPECT_NEAR(reckoned_m, MovedM(0.9, 5.5), 0.01 * MovedM(0.9, 5.5) + 0.004);
  EXPECT_LT(MovedM(4.5, 5.9), 0.002);  // 0.2 s after the last command, and braked.
  EXPECT_GT(MovedM(3.9, 4.15), 0.02);  // But not before.
  EXPECT_NE(ToldAt(5.5).flags & MOTION_STALE, 0);
  EXPECT_EQ(ToldAt(3).flags & MOTION_STALE, 0);

  EXPECT_EQ(Run("again", {{1, 4, -150, -150}}, 6), hash);             // Lockstep: the same bits.
  EXPECT_EQ(Run("noisy", {{1, 4, -150, -150}}, 6, 20'011), hash);    // What the line lost was said again, and counted once.
}

// A tenth of a second without a word is none of its business; three tenths are, and the next word goes on.
TEST_F(McuTest, ACommandHoldsForTwoTenthsOfASecond) {
  Run("gaps", {{1, 2, -150, -150}, {2.1, 3, -150, -150}, {3.5, 4.5, -150, -150}}, 5);
  const auto was_stale = [&](double from_s, double to_s) {
    return std::any_of(told_.begin(), told_.end(), [&](const Told& told) { return told.time_s > from_s && told.time_s < to_s && (told.status.flags & MOTION_STALE) != 0; });
  };
  EXPECT_FALSE(was_stale(1.1, 3.15));
  EXPECT_TRUE(was_stale(3.25, 3.5));
  EXPECT_FALSE(was_stale(3.55, 4.6));
  EXPECT_LT(MovedM(3.4, 3.5), 0.004);  // It stands,
  EXPECT_GT(MovedM(4, 4.4), 0.04);     // and drives again.
}

TEST_F(McuTest, FitsASmallChip) {
  if (!IsOnPath("arm-none-eabi-size")) GTEST_SKIP() << "needs arm-none-eabi-size (./dev boards)";
  std::istringstream sizes(Child({"arm-none-eabi-size", kProgram}).ReadUntil(".elf"));
  std::string heading;
  std::getline(sizes, heading);
  int text = 0, data = 0, bss = 0;
  sizes >> text >> data >> bss;
  EXPECT_GT(text, 4096);
  EXPECT_LT(text + data, 24 << 10);  // Flash, the firmware included.
  EXPECT_LT(data + bss, 6 << 10);    // RAM, buffers included.
}

TEST_F(McuTest, ABumpStopsItAndItBacksOff) {
  Run("bump", {{1, 3, -200, -200}, {3, 8, 200, 200}}, 8);
  double bump_s = 0;
  for (const Told& told : told_)
    if (bump_s == 0 && (told.status.flags & (MOTION_BUMP_LEFT | MOTION_BUMP_RIGHT)) != 0) bump_s = told.time_s;
  ASSERT_GT(bump_s, 3);
  EXPECT_LT(bump_s, 7);
  const Vec2 ahead(std::cos(TruthAt(bump_s).yaw), std::sin(TruthAt(bump_s).yaw));
  const double after_m = (TruthAt(bump_s + 0.4).position() - TruthAt(bump_s).position()).dot(ahead);
  EXPECT_LT(after_m, 0.0);  // Backwards, though it is told to go on.
}

}  // namespace
}  // namespace dustproof
