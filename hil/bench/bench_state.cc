#include "hil/bench/bench_state.h"

#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "sim/config/number.h"

namespace dustproof {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr useconds_t kLookAgainUs = 100'000;

std::string HostName() {
  char name[256] = "";
  gethostname(name, sizeof name - 1);
  return name;
}

std::string Owner() {
  const passwd* user = getpwuid(getuid());
  return (user == nullptr ? std::to_string(getuid()) : std::string(user->pw_name)) + "@" + HostName();
}

// When a process began, in ticks since the boot: with its id it is one process for good. 0 where there is none.
int64_t BeginOf(int64_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string text;
  if (!std::getline(file, text) || text.rfind(')') == std::string::npos) return 0;
  std::istringstream fields(text.substr(text.rfind(')') + 2));
  std::string field;
  if (const char state = text[text.rfind(')') + 2]; state == 'Z' || state == 'X') return 0;  // Dead, and nobody has noticed.
  for (int i = 3; i <= 22 && fields >> field; ++i) {
  }
  return std::strtoll(field.c_str(), nullptr, 10);
}

Json Self(const std::string& reason) {
  return {{"owner", Owner()}, {"host", HostName()}, {"pid", getpid()}, {"begin", BeginOf(getpid())}, {"reason", reason}, {"since", time(nullptr)}};
}

// A person's lock, and one from another machine, hold until somebody frees them.
bool HasDied(const Json& holder) {
  const auto pid = static_cast<pid_t>(holder.value("pid", int64_t{0}));
  const auto group = static_cast<pid_t>(holder.value("command", int64_t{0}));
  if (pid == 0 || holder.value("host", "") != HostName()) return false;
  if (group > 0 && (kill(-group, 0) == 0 || errno == EPERM)) return false;
  const int64_t begin = BeginOf(pid);
  const bool is_hidden = begin == 0 && kill(pid, 0) != 0 && errno == EPERM;  // Of another user, where /proc shows only one's own.
  return !is_hidden && begin != holder.value("begin", int64_t{0});
}

BoardLock LockFrom(const Json& holder) {
  return {.owner = holder.value("owner", ""),
          .reason = holder.value("reason", ""),
          .since_unix_s = holder.value("since", int64_t{0}),
          .pid = holder.value("pid", int64_t{0})};
}

std::string WhoHas(const Json& holder) {
  return holder.value("owner", "") + (holder.value("reason", "").empty() ? "" : " (" + holder.value("reason", "") + ")");
}

std::string Joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

}  // namespace

// The state, while nobody else changes it.
class BenchState::Guard {
 public:
  explicit Guard(const std::string& folder) : path_(folder + "/bench.json"), fd_(open((folder + "/guard").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666)) {
    // Whoever may write into the folder may use the bench, whatever one's umask says.
    struct stat status {};
    if (stat(folder.c_str(), &status) == 0) mode_ = status.st_mode & 0666;
    if (fd_ >= 0) fchmod(fd_, mode_);
  }
  ~Guard() {
    if (fd_ >= 0) close(fd_);
  }
  Guard(const Guard&) = delete;
  Guard& operator=(const Guard&) = delete;

  Result<void> Read() {
    while (fd_ >= 0 && flock(fd_, LOCK_EX) != 0 && errno == EINTR) {
    }
    if (fd_ < 0) return Error::Environment("cannot use the bench's state beside " + path_ + ": " + std::strerror(errno));
    std::ifstream file(path_);
    if (!file) return {};
    json_ = Json::parse(file, nullptr, /*allow_exceptions=*/false);
    if (IsWellFormed()) return {};
    return Error::Environment(path_ + " is damaged; remove it: locks and health of the boards are forgotten then");
  }

  // Whole or not at all.
  Result<void> Write() {
    const std::string part = path_ + ".new";
    std::ofstream file(part);
    file << json_.dump(2, ' ', false, Json::error_handler_t::replace) << "\n";
    file.close();
    chmod(part.c_str(), mode_);
    if (file && rename(part.c_str(), path_.c_str()) == 0) return {};
    return Error::Environment("cannot write " + path_ + ": " + std::strerror(errno));
  }

  Json& board(const std::string& name) { return json_["boards"][name]; }
  Json& queue() {
    Json& queue = json_["queue"];
    if (!queue.is_array()) queue = Json::array();
    return queue;
  }

 private:
  // Shapes and types as we write them: somebody may have edited the file.
  bool IsWellFormed() const {
    if (!json_.is_object()) return false;
    const auto is_holder = [](const Json& holder) {
      const auto has = [&](const char* key, bool is_text) { return !holder.contains(key) || (is_text ? holder[key].is_string() : holder[key].is_number_integer()); };
      return holder.is_object() && has("owner", true) && has("host", true) && has("reason", true) && has("pid", false) && has("begin", false) && has("since", false) && has("command", false);
    };
    const Json boards = json_.value("boards", Json::object()), queue = json_.value("queue", Json::array());
    if (!boards.is_object() || !queue.is_array()) return false;
    for (const Json& board : boards) {
      if (board.is_null()) continue;
      if (!board.is_object() || (board.contains("lock") && !is_holder(board["lock"])) || (board.contains("problem") && !board["problem"].is_string()) ||
          (board.contains("health_since") && !board["health_since"].is_number_integer()))
        return false;
    }
    return std::all_of(queue.begin(), queue.end(), [&](const Json& waiting) { return is_holder(waiting) && waiting.contains("boards") && waiting["boards"].is_array(); });
  }

  const std::string path_;
  const int fd_;
  mode_t mode_ = 0600;
  Json json_ = Json::object();
};

Result<BenchState> BenchState::At(const std::string& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return Error::Environment("cannot make the bench's folder " + folder + ": " + error.message());
  return BenchState(folder);
}

Result<BenchState::Board> BenchState::Look(const std::string& name) {
  Guard guard(folder_);
  if (Result<void> read = guard.Read(); !read) return read.error();
  const Json& json = guard.board(name);
  Board board;
  if (json.contains("lock") && !HasDied(json["lock"])) board.lock = LockFrom(json["lock"]);
  if (json.contains("problem")) board.health = {.well = false, .problem = json.value("problem", "")};
  if (json.contains("health_since")) board.health.since_unix_s = json.value("health_since", int64_t{0});
  return board;
}

namespace {

bool IsOurs(const Json& holder) { return holder.value("pid", int64_t{0}) == getpid() && holder.value("host", "") == HostName(); }

struct Wish {
  const std::vector<std::string>& boards;
  const std::string& reason;
};

// Whether an earlier one of the queue waits for the board too.
bool IsWanted(const Json& queue, const std::string& board) {
  for (const Json& waiting : queue) {
    if (IsOurs(waiting)) return false;
    const Json& boards = waiting["boards"];
    if (std::find(boards.begin(), boards.end(), board) != boards.end()) return true;
  }
  return false;
}

void LeaveQueue(Json& queue) {
  Json others = Json::array();
  for (const Json& waiting : queue) {
    if (!HasDied(waiting) && !IsOurs(waiting)) others.push_back(waiting);
  }
  queue = others;
}

void EnterQueue(Json& queue, const Wish& wish) {
  Json alive = Json::array();
  bool is_in = false;
  for (const Json& waiting : queue) {
    if (HasDied(waiting)) continue;
    is_in |= IsOurs(waiting);
    alive.push_back(waiting);
  }
  if (!is_in) {
    Json self = Self(wish.reason);
    self["boards"] = wish.boards;
    alive.push_back(self);
  }
  queue = alive;
}

}  // namespace

Result<BenchState::Lease> BenchState::Acquire(const std::vector<std::string>& boards, const std::string& reason, SimDuration wait,
                                              const std::function<void(const std::string&)>& on_wait, const std::function<bool()>& stop_requested) {
  timespec begin{};
  clock_gettime(CLOCK_MONOTONIC, &begin);
  for (bool told = false;; usleep(kLookAgainUs)) {
    Guard guard(folder_);
    if (Result<void> read = guard.Read(); !read) return read.error();
    EnterQueue(guard.queue(), {boards, reason});
    std::string held, ill;
    for (const std::string& name : boards) {
      Json& board = guard.board(name);
      if (board.contains("problem")) {
        ill += (ill.empty() ? "" : "; ") + name + ": " + board.value("problem", "");
        continue;
      }
      const bool had_dead = board.contains("lock") && HasDied(board["lock"]);
      if ((board.contains("lock") && !had_dead) || IsWanted(guard.queue(), name)) {
        held += (held.empty() ? "" : "; ") + name + (board.contains("lock") ? " is held by " + WhoHas(board["lock"]) : " is waited for by others");
        continue;
      }
      Lease lease{.board = name, .reclaimed = had_dead ? WhoHas(board["lock"]) : ""};
      board["lock"] = Self(reason);
      LeaveQueue(guard.queue());
      if (Result<void> written = guard.Write(); !written) return written.error();
      return lease;
    }
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    const bool stopped = stop_requested && stop_requested();
    const bool late = stopped || static_cast<double>(now.tv_sec - begin.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec - begin.tv_nsec) >= wait.seconds();
    if (held.empty() || late) LeaveQueue(guard.queue());
    if (Result<void> written = guard.Write(); !written) return written.error();
    if (held.empty())
      return Error::Environment("no board is well: " + (ill.empty() ? Joined(boards) : ill) + "; `dustproof bench check` tries them again");
    if (stopped) return Error::Environment("stopped while it waited for a board: " + held);
    if (late) return Error::Environment("no board came free within " + FormatDuration(wait) + ": " + held + (ill.empty() ? "" : "; not well: " + ill));
    if (!std::exchange(told, true)) on_wait(held);
  }
}

Result<BenchState::Lease> BenchState::Lock(const std::string& name, const std::string& reason) {
  Guard guard(folder_);
  if (Result<void> read = guard.Read(); !read) return read.error();
  Json& board = guard.board(name);
  const bool had_dead = board.contains("lock") && HasDied(board["lock"]);
  if (board.contains("lock") && !had_dead) return Error::Environment(name + " is held by " + WhoHas(board["lock"]));
  Lease lease{.board = name, .reclaimed = had_dead ? WhoHas(board["lock"]) : ""};
  board["lock"] = Self(reason);
  board["lock"]["pid"] = 0;
  if (Result<void> written = guard.Write(); !written) return written.error();
  return lease;
}

Result<void> BenchState::Unlock(const std::string& name, bool force) {
  Guard guard(folder_);
  if (Result<void> read = guard.Read(); !read) return read.error();
  Json& board = guard.board(name);
  if (!board.contains("lock")) return Error::BadInput(name + " is not locked");
  const Json& lock = board["lock"];
  const bool is_own = lock.value("owner", "") == Owner() && (lock.value("pid", int64_t{0}) == 0 || lock.value("pid", int64_t{0}) == getpid());
  if (!force && !is_own && !HasDied(lock)) return Error::BadInput(name + " is held by " + WhoHas(lock) + "; --force frees it all the same");
  board.erase("lock");
  return guard.Write();
}

void BenchState::NoteCommand(const std::string& name, int64_t group) {
  Guard guard(folder_);
  if (!guard.Read()) return;
  Json& board = guard.board(name);
  if (!board.contains("lock")) return;
  board["lock"]["command"] = group;
  (void)guard.Write();  // At worst a dead holder's board is free a little early.
}

Result<std::string> BenchState::HeldByOther(const std::string& name) {
  Guard guard(folder_);
  if (Result<void> read = guard.Read(); !read) return read.error();
  const Json& board = guard.board(name);
  if (!board.contains("lock") || HasDied(board["lock"])) return std::string();
  const bool is_own = board["lock"].value("owner", "") == Owner() && board["lock"].value("pid", int64_t{0}) == 0;
  return is_own ? std::string() : WhoHas(board["lock"]);
}

Result<void> BenchState::SetHealth(const std::string& name, const BoardHealth& health) {
  Guard guard(folder_);
  if (Result<void> read = guard.Read(); !read) return read.error();
  Json& board = guard.board(name);
  if (!board.is_object()) board = Json::object();
  board.erase("problem");
  if (!health.well) board["problem"] = health.problem;
  board["health_since"] = time(nullptr);
  return guard.Write();
}

}  // namespace dustproof
