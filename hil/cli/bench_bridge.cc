#include "hil/cli/bench_bridge.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <optional>
#include <vector>
#include <zmq.hpp>

#include "hil/bridge/process_firmware.h"
#include "hil/cli/bench_hal.h"
#include "hil/cli/console.h"
#include "hil/link/link_keys.h"
#include "hil/link/zmq_on_demand.h"
#include "hil/run/worker_process.h"
#include "hil/shim/lockstep/crash_reporter.h"
#include "hil/shim/lockstep/lockstep.h"
#include "hil/shim/lockstep/virtual_time.h"
#include "sim/config/config.h"

namespace dustproof {
namespace {

namespace fs = std::filesystem;

constexpr int kRounds = 2000;  // A batch, as in bench_bridge_firmware.c.
constexpr int kBatches = 5;
constexpr size_t kSampleBytes = 4096;
constexpr size_t kAnswerBytes = 32;  // What the firmware's question takes on the wire.

struct Percentiles {
  double p50_us = 0, p99_us = 0;
};

Percentiles PercentilesOf(std::vector<int64_t> round_trips_ns) {
  std::sort(round_trips_ns.begin(), round_trips_ns.end());
  const auto at = [&](double share) {
    return static_cast<double>(round_trips_ns[static_cast<size_t>(share * static_cast<double>(round_trips_ns.size() - 1))]) * 1e-3;
  };
  return {at(0.5), at(0.99)};
}

/// Notes when each read of the firmware comes: from one to the next is a round trip.
class StampingFlash final : public FlashDevice, public Deaf {
 public:
  dp_flash_info info() const override { return {.size_bytes = 1 << 20, .block_bytes = 4096, .page_bytes = 256, .erase_cycles_max = 100'000}; }
  void Read(uint32_t, std::span<std::byte> out) override {
    stamps_ns.push_back(RealMonotonicNanoseconds());
    std::fill(out.begin(), out.end(), std::byte{0x5A});
  }
  dp_status Program(uint32_t, std::span<const std::byte>) override { return DP_OK; }
  dp_status Erase(uint32_t) override { return DP_OK; }
  void ProgramCut(uint32_t, std::span<const std::byte>, double) override {}
  void EraseCut(uint32_t, double) override {}

  std::vector<int64_t> stamps_ns;
};

/// Where the two meet, and by which keys.
struct Meeting {
  std::string endpoint;
  std::optional<LinkKeys> keys;
  LinkKeyPair board;
  std::string board_key_file;
};

/// A child process that ends with this object.
class Child {
 public:
  explicit Child(const std::function<void()>& work) : pid_(fork()) {
    if (pid_ != 0) return;
    work();
    _exit(0);
  }
  ~Child() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

 private:
  const pid_t pid_;
};

void ExecuteFirmware(const Meeting& meeting) {
  std::vector<std::string> environment = WorkerEnvironment({});
  environment.push_back("DUSTPROOF_LINK=" + meeting.endpoint);
  if (meeting.keys) {
    environment.push_back("DUSTPROOF_LINK_RUN_KEY=" + meeting.keys->host.public_key);
    environment.push_back("DUSTPROOF_LINK_KEY_FILE=" + meeting.board_key_file);
  }
  std::vector<char*> pointers;
  for (std::string& variable : environment) pointers.push_back(variable.data());
  pointers.push_back(nullptr);
  char* words[] = {const_cast<char*>(DUSTPROOF_BENCH_PROCESS), nullptr};
  execve(words[0], words, pointers.data());
}

/// The same exchange by ZeroMQ alone: a DEALER that answers each sample with a few bytes.
void AnswerRaw(const Meeting& meeting) {
  zmq::context_t context(1);
  zmq::socket_t dealer(context, zmq::socket_type::dealer);
  if (meeting.keys) {
    dealer.set(zmq::sockopt::curve_serverkey, meeting.keys->host.public_key);
    dealer.set(zmq::sockopt::curve_publickey, meeting.board.public_key);
    dealer.set(zmq::sockopt::curve_secretkey, meeting.board.secret_key);
  }
  dealer.connect(meeting.endpoint);
  const std::array<char, kAnswerBytes> answer{};
  zmq::message_t sample;
  do dealer.send(zmq::buffer(answer), zmq::send_flags::none);
  while (dealer.recv(sample));
}

class RawHost {
 public:
  explicit RawHost(const Meeting& meeting) {
    router_.set(zmq::sockopt::linger, 0);
    if (meeting.keys) {
      router_.set(zmq::sockopt::curve_server, true);
      router_.set(zmq::sockopt::curve_secretkey, meeting.keys->host.secret_key);
    }
    router_.bind(meeting.endpoint);
  }

  Percentiles Batch() {
    zmq::message_t part;
    if (peer_.empty()) {  // Its first word.
      if (!router_.recv(part)) return {};
      peer_ = part.to_string();
      if (!router_.recv(part)) return {};
    }
    const std::vector<char> sample(kSampleBytes, 'Z');
    std::vector<int64_t> times_ns;
    for (int i = 0; i < kRounds; ++i) {
      const int64_t begin_ns = RealMonotonicNanoseconds();
      router_.send(zmq::buffer(peer_), zmq::send_flags::sndmore);
      router_.send(zmq::buffer(sample), zmq::send_flags::none);
      if (!router_.recv(part) || !router_.recv(part)) break;
      times_ns.push_back(RealMonotonicNanoseconds() - begin_ns);
    }
    return PercentilesOf(std::move(times_ns));
  }

 private:
  zmq::context_t context_{1};
  zmq::socket_t router_{context_, zmq::socket_type::router};
  std::string peer_;
};

struct Ratios {
  double p50 = -1, p99 = -1;
};

// Both on one processor, as a run in lockstep is; batch by batch in turn, so that both meet the same machine.
Result<Ratios> Measure(const Meeting& ours, const Meeting& raw) {
  EventQueue queue;
  const auto time = VirtualTime::Install(queue, {}, Seed(1));
  if (!time) return time.error();
  const auto reporter = CrashReporter::Install({});
  if (!reporter) return reporter.error();
  StampingFlash flash;
  Devices devices;
  devices.flash = &flash;
  devices.listener = &flash;
  std::optional<Child> firmware;
  Lockstep::Config config{.firmware_path = DUSTPROOF_BENCH_PROCESS, .start = {}};
  config.load = [&](Lockstep& host) {
    return StartProcessFirmware({.path = DUSTPROOF_BENCH_PROCESS,
                                 .environment = {},
                                 .elsewhere = FirmwareElsewhere{.endpoint = ours.endpoint,
                                                                .keys = ours.keys,
                                                                .tell = [&](const std::string&) { firmware.emplace([&] { ExecuteFirmware(ours); }); },
                                                                .stop_requested = [] { return false; }}},
                                host);
  };
  auto host = Lockstep::Create(config, queue, devices);
  if (!host) return host.error();
  (*host)->PowerOn();
  queue.RunUntil(queue.now());
  RawHost raw_host(raw);
  const Child raw_board([&] { AnswerRaw(raw); });
  std::vector<double> p50, p99;
  for (int i = 0; i <= kBatches; ++i) {
    flash.stamps_ns.clear();
    queue.RunUntil(queue.now() + SimDuration::Microseconds(1));
    std::vector<int64_t> times_ns;
    for (size_t k = 1; k < flash.stamps_ns.size(); ++k) times_ns.push_back(flash.stamps_ns[k] - flash.stamps_ns[k - 1]);
    if (times_ns.size() + 1 < kRounds) return Error::Environment("the bench's firmware ended early");
    const Percentiles bridge = PercentilesOf(std::move(times_ns)), plain = raw_host.Batch();
    if (i == 0) continue;  // Both are warm from here on.
    p50.push_back(bridge.p50_us / plain.p50_us);
    p99.push_back(bridge.p99_us / plain.p99_us);
  }
  return Ratios{Median(p50), Median(p99)};
}

/// In a process of its own: what is installed there stays there.
Result<Ratios> MeasureInChild(const Meeting& ours, const Meeting& raw) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return Error::Environment("pipe: no more files");
  const pid_t child = fork();
  if (child == 0) {
    const Result<Ratios> measured = Measure(ours, raw);
    if (!measured) PrintError(measured.error());
    const Ratios ratios = measured ? *measured : Ratios{};
    _exit(write(ends[1], &ratios, sizeof ratios) == sizeof ratios ? 0 : 1);
  }
  close(ends[1]);
  Ratios ratios;
  const ssize_t count = read(ends[0], &ratios, sizeof ratios);
  close(ends[0]);
  waitpid(child, nullptr, 0);
  if (count != sizeof ratios || ratios.p50 < 0) return Error::Environment("the bridge could not be measured; see above");
  return ratios;
}

// A port that was free a moment ago.
Result<std::string> FreeTcpEndpoint() {
  zmq::context_t context(1);
  zmq::socket_t socket(context, zmq::socket_type::router);
  socket.set(zmq::sockopt::linger, 0);
  socket.bind("tcp://127.0.0.1:*");
  return socket.get(zmq::sockopt::last_endpoint);
}

Result<Meeting> MeetingWithKeys(const std::string& folder) {
  Result<KeyFolder> keys = KeyFolder::At(folder + "/keys");
  if (!keys) return keys.error();
  for (const char* name : {"host", "board"}) {
    if (const Result<std::string> made = keys->New(name); !made) return made.error();
  }
  if (const Result<void> allowed = keys->Allow("board", ""); !allowed) return allowed.error();
  Result<LinkKeys> loaded = keys->Load();
  if (!loaded) return loaded.error();
  Meeting meeting{.endpoint = "", .keys = *loaded, .board = {}, .board_key_file = keys->path() + "/board.secret"};
  meeting.board.public_key = loaded->allowed.begin()->first;
  const Result<std::string> secret = ReadTextFile(meeting.board_key_file, 100);
  if (!secret) return secret.error();
  meeting.board.secret_key = secret->substr(0, 40);
  return meeting;
}

Result<Ratios> MeasureOver(const std::string& transport, const std::string& folder) {
  Meeting ours, raw;
  if (transport == "curve") {
    const Result<Meeting> meeting = MeetingWithKeys(folder);
    if (!meeting) return meeting.error();
    ours = raw = *meeting;
  }
  for (Meeting* meeting : {&ours, &raw}) {
    const Result<std::string> endpoint =
        transport == "ipc" ? "ipc://" + folder + (meeting == &ours ? "/ours" : "/raw") : FreeTcpEndpoint();
    if (!endpoint) return endpoint.error();
    meeting->endpoint = *endpoint;
  }
  return MeasureInChild(ours, raw);
}

}  // namespace

Result<void> BenchBridge(std::map<std::string, double>* figures) {
  if (const Result<void> loaded = LoadZmq(); !loaded) return loaded.error();
  std::string folder = fs::temp_directory_path() / "dustproof-bench-XXXXXX";
  if (mkdtemp(folder.data()) == nullptr) return Error::Environment("cannot make a folder for sockets");
  std::map<std::string, Ratios> ratios;
  Result<void> done = {};
  for (const char* transport : {"ipc", "tcp", "curve"}) {
    const Result<Ratios> measured = MeasureOver(transport, folder);
    if (!measured) done = measured.error();
    if (!measured) break;
    ratios[transport] = *measured;
  }
  std::error_code ignored;
  fs::remove_all(folder, ignored);
  if (!done) return done;
  (*figures)["bridge_p50_ratio"] = std::max(ratios["ipc"].p50, ratios["tcp"].p50);
  (*figures)["bridge_p99_ratio"] = std::max(ratios["ipc"].p99, ratios["tcp"].p99);
  (*figures)["bridge_curve_p50_ratio"] = ratios["curve"].p50;
  return {};
}

}  // namespace dustproof
