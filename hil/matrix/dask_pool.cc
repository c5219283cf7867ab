#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

#include "hil/matrix/group_pool.h"

namespace dustproof {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr const char* kPython = "/usr/bin/python3";  // Debian's, whose packages are Dask's.
constexpr int kBadInputExit = 2;

// Where our Python package lies: beside the program, in a build or an installation; "" leaves it to Python.
std::string PackageFolder() {
  std::error_code ignored;
  const fs::path root = fs::read_symlink("/proc/self/exe", ignored).parent_path().parent_path();
  for (const fs::path& folder : {root / "python", root / "lib/python3/dist-packages"}) {
    if (fs::exists(folder / "dustproof/dask_groups.py", ignored)) return folder;
  }
  return "";
}

// A Python program that knows Dask, and passes groups on and their news back.
class DaskPool final : public GroupPool {
 public:
  static Result<std::unique_ptr<GroupPool>> Connect(const std::string& scheduler) {
    auto pool = std::unique_ptr<DaskPool>(new DaskPool());
    if (const Result<void> started = pool->StartProgram(scheduler); !started) return started.error();
    while (pool->slots_ == 0 && pool->lost_.empty()) pool->Hear();
    if (!pool->lost_.empty()) return Error::Environment("--scheduler: " + pool->lost_);
    return std::unique_ptr<GroupPool>(std::move(pool));
  }

  ~DaskPool() override {
    if (to_ >= 0) close(to_);  // It ends with its input, and takes back what is under way.
    if (from_ >= 0) close(from_);
    if (pid_ > 0) waitpid(pid_, nullptr, 0);
  }

  size_t slots() const override { return slots_; }
  std::string lost() const override { return lost_; }

  Result<void> Start(size_t group, const std::string& path) override {
    const std::string line = std::to_string(group) + " " + path + "\n";
    if (write(to_, line.data(), line.size()) != static_cast<ssize_t>(line.size()))
      return Error::Environment("the program that hands groups to Dask is gone");
    under_way_.insert(group);
    return {};
  }

  std::optional<Event> Wait() override {
    if (heard_.empty() && lost_.empty()) Hear();
    if (heard_.empty()) return std::nullopt;
    Event event = std::move(heard_.front());
    heard_.pop_front();
    return event;
  }

  // Nobody can ask a group in a cluster to end: they are given up. Their cells are done again at the next time.
  void Stop() override {
    for (const size_t group : under_way_) heard_.push_back({.group = group, .ended = true});
    under_way_.clear();
  }

 private:
  DaskPool() = default;

  Result<void> StartProgram(const std::string& scheduler) {
    int in[2], out[2];
    if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0) return Error::Environment(std::string("cannot make a pipe: ") + std::strerror(errno));
    const std::string program = fs::read_symlink("/proc/self/exe"), package = PackageFolder();
    pid_ = fork();
    if (pid_ < 0) return Error::Environment(std::string("cannot start Python: ") + std::strerror(errno));
    if (pid_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGTERM);
      setpgid(0, 0);  // Ctrl-C is ours to answer.
      dup2(in[0], STDIN_FILENO);
      dup2(out[1], STDOUT_FILENO);
      unsetenv("GLIBC_TUNABLES");
      if (!package.empty()) setenv("PYTHONPATH", package.c_str(), 1);
      execl(kPython, kPython, "-m", "dustproof.dask_groups", scheduler.c_str(), program.c_str(), nullptr);
      _exit(127);
    }
    close(in[0]), close(out[1]);
    to_ = in[1], from_ = out[0];
    return {};
  }

  void Hear() {
    char buffer[4096];
    const ssize_t count = read(from_, buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) return;
    if (count <= 0) {
      if (lost_.empty()) lost_ = "the program that hands groups to Dask ended (it needs python3-distributed); --resume goes on";
      return;
    }
    pending_.append(buffer, static_cast<size_t>(count));
    for (size_t end; (end = pending_.find('\n')) != std::string::npos; pending_.erase(0, end + 1)) Take(pending_.substr(0, end));
  }

  void Take(const std::string& line) {
    const Json json = Json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (!json.is_object()) return;
    if (json.contains("lost")) lost_ = json.value("lost", "");
    if (json.contains("slots")) {
      slots_ = json.value("slots", size_t{0});
      if (slots_ == 0) lost_ = "the cluster has no workers";
    }
    if (!json.contains("group")) return;
    const size_t group = json.value("group", size_t{0});
    if (!json.contains("end")) return heard_.push_back({.group = group, .line = json.value("line", "")});
    if (under_way_.erase(group) == 0) return;
    heard_.push_back({.group = group, .ended = true, .bad_input = json.value("end", 0) == kBadInputExit});
  }

  pid_t pid_ = -1;
  int to_ = -1, from_ = -1;
  size_t slots_ = 0;
  std::string pending_, lost_;
  std::deque<Event> heard_;
  std::set<size_t> under_way_;
};

}  // namespace

Result<std::unique_ptr<GroupPool>> MakeDaskPool(const std::string& scheduler) { return DaskPool::Connect(scheduler); }

}  // namespace dustproof
