#include "hil/matrix/matrix.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <deque>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <thread>

#include "hil/matrix/group_pool.h"
#include "hil/matrix/failure_groups.h"
#include "hil/matrix/matrix_failures.h"
#include "hil/report/source_path.h"
#include "hil/run/atomic_file.h"
#include "hil/run/run_scenario.h"
#include "hil/run/supervisor.h"
#include "sim/config/number.h"
#include "sim/core/shell_word.h"

namespace dustproof {
namespace {

namespace fs = std::filesystem;

constexpr int kAttemptsMax = 3;  // Of a group that comes to its end without a step forward.
constexpr int kLockTries = 50;   // A tenth of a second each: a matrix that was killed takes its processes along.

// The folder of a matrix: one at a time works in it.
class MatrixFolder {
 public:
  static Result<MatrixFolder> Open(const MatrixOptions& options, const MatrixPlan& plan) {
    std::error_code error;
    if (options.resume) {
      if (options.out.empty()) return Error::BadInput("--resume: name the folder of the matrix with --out");
      if (!fs::is_directory(options.out + "/cells", error))
        return Error::BadInput("--resume: '" + options.out + "' holds no matrix");
    }
    const Result<std::string> made =
        options.resume ? Result<std::string>(options.out)
                       : MakeResultFolder(options.out, fs::path(options.scenarios.front()).stem().string() + "-matrix");
    if (!made) return made.error();
    MatrixFolder folder(fs::absolute(*made), *made);
    if (const Result<void> locked = folder.Lock(); !locked) return locked.error();
    for (const char* part : {"cells", "recordings", "work"}) fs::create_directories(folder.path_ + "/" + part, error);
    if (error) return Error::Environment("cannot make folders in '" + *made + "': " + error.message());
    if (options.resume) folder.ClearLeftovers(plan);
    return folder;
  }

  MatrixFolder(MatrixFolder&& other) noexcept
      : path_(std::move(other.path_)), shown_(std::move(other.shown_)), lock_(std::exchange(other.lock_, -1)) {}
  ~MatrixFolder() {
    std::error_code ignored;
    if (lock_ < 0) return;
    fs::remove_all(path_ + "/work", ignored);
    close(lock_);
  }

  const std::string& path() const { return path_; }
  const std::string& shown() const { return shown_; }

 private:
  MatrixFolder(std::string path, std::string shown) : path_(std::move(path)), shown_(std::move(shown)) {}

  // Held by the groups' processes as well: it is free once all of them are gone.
  Result<void> Lock() {
    lock_ = open((path_ + "/.lock").c_str(), O_RDWR | O_CREAT, 0644);
    if (lock_ < 0) return Error::Environment("cannot write into '" + shown_ + "': " + std::strerror(errno));
    for (int i = 0; i < kLockTries; ++i) {
      if (flock(lock_, LOCK_EX | LOCK_NB) == 0) return {};
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    close(std::exchange(lock_, -1));
    return Error::Environment("another matrix works in '" + shown_ + "'; wait for its end, or name another folder with --out");
  }

  // Recordings of cells that were not done when a matrix was killed, and files that it had begun.
  void ClearLeftovers(const MatrixPlan& plan) const {
    std::error_code ignored;
    fs::remove_all(path_ + "/work", ignored);
    fs::create_directories(path_ + "/work", ignored);
    for (const MatrixCell& cell : plan.cells) {
      if (!ReadResult(path_, cell)) fs::remove(RecordingPath(path_, cell.name), ignored);
    }
    for (const std::string& folder : {path_, path_ + "/cells"}) {
      for (const fs::directory_entry& entry : fs::directory_iterator(folder, ignored)) {
        if (entry.path().extension() == ".part") fs::remove(entry.path(), ignored);
      }
    }
  }

  std::string path_;   // Absolute.
  std::string shown_;  // As people know it.
  int lock_ = -1;
};

std::string CommandOf(const MatrixOptions& options, const MatrixPlan& plan, size_t index) {
  const MatrixCell& cell = plan.cells[index];
  std::string scenario = options.scenarios.front();
  for (const std::string& path : options.scenarios) {
    if (fs::absolute(path) == plan.requests[index].scenario) scenario = path;
  }
  std::string command = "dustproof run " + ShellWord(PathFromHere(scenario)) + " --seed " + std::to_string(cell.seed) + " --answers " + ShellWord(ToText(cell.consents));
  if (!options.home.empty()) command += " --home " + ShellWord(PathFromHere(options.home));
  if (!options.firmware.empty()) command += " --firmware " + ShellWord(PathFromHere(options.firmware));
  if (!options.kind.empty()) command += " --kind " + options.kind;
  if (const auto until = cell.until ? cell.until : options.until) command += " --until " + FormatDuration(*until);
  return command;
}

MatrixCost CostOf(const MatrixPlan& plan, const std::vector<size_t>& undone, const std::vector<std::vector<size_t>>& groups) {
  MatrixCost cost{.cells = plan.cells.size(), .done = plan.cells.size() - undone.size(), .groups = groups.size(), .simulated = {}, .unshared = {}, .notes = plan.notes, .warnings = plan.warnings};
  for (const std::vector<size_t>& group : groups) cost.simulated = cost.simulated + SharedTime(plan, group);
  for (const size_t cell : undone) cost.unshared = cost.unshared + plan.durations[cell];
  for (const MatrixCell& cell : plan.cells) cost.infeasible += !cell.infeasible.empty();
  cost.done -= cost.infeasible;
  return cost;
}

std::vector<size_t> UndoneCells(const MatrixPlan& plan, const std::string& folder) {
  std::vector<size_t> undone;
  for (size_t i = 0; i < plan.cells.size(); ++i) {
    if (plan.cells[i].infeasible.empty() && (folder.empty() || !ReadResult(folder, plan.cells[i]))) undone.push_back(i);
  }
  return undone;
}

// Keeps one recording for each way in which cells fail: of the first cell in the plan's order.
class KeptRecordings {
 public:
  KeptRecordings(const MatrixPlan& plan, const std::string& folder, KeepRecordings keep) : folder_(folder), keep_(keep) {
    for (size_t i = 0; i < plan.cells.size(); ++i) place_[plan.cells[i].name] = i;
  }

  void Take(const CellResult& result) {
    if (keep_ != KeepRecordings::kFailing || !result.failed()) return;
    const auto place = place_.find(result.name);
    if (place == place_.end()) return;
    for (const std::string& signature : result.Signatures()) {
      const auto [holder, is_new] = holder_.try_emplace(signature, place->second);
      if (is_new) continue;
      const size_t before = holder->second;
      holder->second = std::min(holder->second, place->second);
      if (before != holder->second) Drop(before);
    }
    Drop(place->second);
  }

 private:
  // Where no signature needs it.
  void Drop(size_t place) const {
    for (const auto& [signature, holder] : holder_) {
      if (holder == place) return;
    }
    for (const auto& [name, at] : place_) {
      std::error_code ignored;
      if (at == place) fs::remove(RecordingPath(folder_, name), ignored);
    }
  }

  const std::string folder_;
  const KeepRecordings keep_;
  std::map<std::string, size_t> place_;   // By cell's name.
  std::map<std::string, size_t> holder_;  // By signature.
};

// Hands groups out until all is done, nothing goes on any more, or somebody asks to stop.
class HandOut {
 public:
  HandOut(const MatrixOptions& options, const MatrixPlan& plan, const MatrixFolder& folder, const MatrixObserver& observer)
      : options_(options), plan_(plan), folder_(folder), observer_(observer), kept_(plan, folder.path(), options.keep) {
    for (size_t i = 0; i < plan.cells.size(); ++i) index_[plan.cells[i].name] = i;
  }

  Result<void> Run(GroupPool& pool, const std::vector<std::vector<size_t>>& groups, const MatrixCost& cost) {
    all_s_ = std::max(1.0, cost.simulated.seconds());
    done_ = cost.done;
    all_ = cost.cells - cost.infeasible;
    groups_ = groups;
    attempts_.assign(groups.size(), 0);
    for (size_t i = 0; i < groups.size(); ++i) waiting_.push_back(i);
    while (!waiting_.empty() || under_way_ > 0) {
      while (!waiting_.empty() && under_way_ < pool.slots() && !stopping_) {
        if (const Result<void> started = StartNext(pool); !started) LeaveTheRest(started.error());
      }
      if (under_way_ == 0) break;
      const auto event = pool.Wait();
      if (event) Hear(*event);
      if (InterruptRequested() && !stopping_) {
        stopping_ = true;
        pool.Stop();
      }
      if (const std::string lost = pool.lost(); !lost.empty()) return Error::Environment(lost);
    }
    return {};
  }

  const std::string& problem() const { return problem_; }
  bool bad_input() const { return bad_input_; }

 private:
  Result<void> StartNext(GroupPool& pool) {
    const size_t group = waiting_.front();
    waiting_.pop_front();
    CellGroup work{.run = plan_.requests[groups_[group].front()], .cells = {}, .folder = folder_.path(), .keep = options_.keep};
    for (const size_t cell : groups_[group]) work.cells.push_back(plan_.cells[cell]);
    const std::string path = folder_.path() + "/work/group-" + std::to_string(group) + ".json";
    if (const Result<void> written = WriteAtomically(path, ToJson(work)); !written) return written;
    const Result<void> started = pool.Start(group, path);
    if (started) ++under_way_;
    return started;
  }

  // Where no group can be begun any more, as on a full disk: what is done stays, and what is left is said.
  void LeaveTheRest(const Error& error) {
    if (problem_.empty()) problem_ = ToString(error);
    while (problem_.ends_with('\n')) problem_.pop_back();
    waiting_.clear();
  }

  void Hear(const GroupPool::Event& event) {
    if (event.ended) return HearEnd(event);
    if (const auto news = NewsFromLine(event.line)) {
      simulated_s_ += news->simulated_s;
      if (!news->cell.empty()) HearCell(news->cell);
    } else if (const auto json = nlohmann::json::parse(event.line, nullptr, false); json.is_object() && json.contains("problem")) {
      last_problem_[event.group] = json.value("problem", "");
    }
    observer_.on_progress(std::min(1.0, simulated_s_ / all_s_), done_, all_, failed_);
  }

  void HearCell(const std::string& name) {
    const auto index = index_.find(name);
    if (index == index_.end()) return;
    const std::optional<CellResult> result = ReadResult(folder_.path(), plan_.cells[index->second]);
    if (!result) return;
    ++done_;
    kept_.Take(*result);
    if (!result->failed() || plan_.cells[index->second].control) return;
    ++failed_;
    observer_.on_failure(*result);
  }

  // A group that left cells undone is started again for those: a worker may have been killed.
  void HearEnd(const GroupPool::Event& event) {
    --under_way_;
    std::vector<size_t> undone;
    for (const size_t cell : groups_[event.group]) {
      if (!ReadResult(folder_.path(), plan_.cells[cell])) undone.push_back(cell);
    }
    if (undone.empty() || stopping_) return;
    const std::string& why = last_problem_[event.group];
    const bool forward = undone.size() < groups_[event.group].size();
    attempts_[event.group] = forward ? 0 : attempts_[event.group] + 1;
    groups_[event.group] = undone;
    if (!event.bad_input && attempts_[event.group] < kAttemptsMax) {
      observer_.on_warning((why.empty() ? "a worker ended early" : why) + "; " + std::to_string(undone.size()) + (undone.size() == 1 ? " cell is" : " cells are") + " tried again");
      waiting_.push_back(event.group);
      return;
    }
    if (problem_.empty()) problem_ = why.empty() ? "a worker ended again and again" : why;
    bad_input_ = bad_input_ || event.bad_input;
  }

  const MatrixOptions& options_;
  const MatrixPlan& plan_;
  const MatrixFolder& folder_;
  const MatrixObserver& observer_;
  KeptRecordings kept_;
  std::map<std::string, size_t> index_;  // Of cells, by name.
  std::vector<std::vector<size_t>> groups_;
  std::vector<int> attempts_;
  std::deque<size_t> waiting_;
  std::map<size_t, std::string> last_problem_;
  std::string problem_;
  size_t under_way_ = 0, done_ = 0, all_ = 0, failed_ = 0;
  double simulated_s_ = 0, all_s_ = 1;
  bool stopping_ = false, bad_input_ = false;
};

// The paths that the runs of a scenario and seed show which grant everything.
std::map<std::pair<std::string, uint64_t>, std::vector<PathTaken>> ControlsOf(const MatrixPlan& plan, const std::string& folder) {
  std::map<std::pair<std::string, uint64_t>, std::vector<PathTaken>> controls;
  for (const MatrixCell& cell : plan.cells) {
    if (!cell.grants_all) continue;
    if (const auto result = ReadResult(folder, cell)) controls.try_emplace({cell.scenario, cell.seed}, result->paths_taken);
  }
  return controls;
}

void Gather(const MatrixOptions& options, const MatrixPlan& plan, const std::string& folder, MatrixResult* result) {
  const auto controls = ControlsOf(plan, folder);
  KeptRecordings kept(plan, folder, options.keep);
  for (size_t i = 0; i < plan.cells.size(); ++i) {
    const MatrixCell& cell = plan.cells[i];
    MatrixEntry entry{.cell = cell, .result = ReadResult(folder, cell), .command = CommandOf(options, plan, i)};
    if (entry.result) kept.Take(*entry.result);
    if (cell.control) continue;
    const auto control = controls.find({cell.scenario, cell.seed});
    if (entry.result && control != controls.end()) ApplyControl(control->second, &*entry.result);
    result->entries.push_back(std::move(entry));
  }
  std::error_code ignored;
  for (MatrixEntry& entry : result->entries) {
    if (fs::exists(RecordingPath(folder, entry.cell.name), ignored)) entry.recording = "recordings/" + entry.cell.name + ".mcap";
  }
  result->failures = GroupFailures(result->entries);
  if (options.baseline != nullptr) ApplyBaseline(*options.baseline, result);
}

Result<std::unique_ptr<GroupPool>> PoolOf(const MatrixOptions& options) {
  if (!options.scheduler.empty()) return MakeDaskPool(options.scheduler);
  return MakeLocalPool(options.workers > 0 ? options.workers : std::max(1U, std::thread::hardware_concurrency()));
}

}  // namespace

bool Infeasible(const MatrixEntry& entry) { return !entry.cell.infeasible.empty(); }
bool Undone(const MatrixEntry& entry) { return !Infeasible(entry) && !entry.result; }
bool Passed(const MatrixEntry& entry) { return entry.result && !Failed(entry); }

bool Failed(const MatrixEntry& entry) {
  if (!entry.result || entry.acceptances.empty()) return entry.result && entry.result->failed();
  const std::vector<ListedFailure> failures = ListFailures(entry);
  return std::any_of(failures.begin(), failures.end(), [](const ListedFailure& f) { return !f.accepted(); });
}

size_t MatrixResult::Count(bool (*is)(const MatrixEntry&)) const {
  return static_cast<size_t>(std::count_if(entries.begin(), entries.end(), is));
}

Result<MatrixCost> ReckonMatrix(const MatrixOptions& options) {
  const Result<MatrixPlan> plan = PlanMatrix(options);
  if (!plan) return plan.error();
  const std::vector<size_t> undone = UndoneCells(*plan, options.resume ? options.out : "");
  return CostOf(*plan, undone, GroupCells(*plan, undone, std::max<size_t>(1, options.workers)));
}

Result<MatrixResult> RunMatrix(const MatrixOptions& options, const MatrixObserver& observer) {
  const Result<MatrixPlan> plan = PlanMatrix(options);
  return plan ? RunPlan(*plan, options, observer) : Result<MatrixResult>(plan.error());
}

Result<MatrixResult> RunPlan(const MatrixPlan& plan, const MatrixOptions& options, const MatrixObserver& observer) {
  const Result<std::unique_ptr<GroupPool>> pool = PoolOf(options);
  if (!pool) return pool.error();
  const Result<MatrixFolder> folder = MatrixFolder::Open(options, plan);
  if (!folder) return folder.error();
  const std::vector<size_t> undone = UndoneCells(plan, folder->path());
  const std::vector<std::vector<size_t>> groups = GroupCells(plan, undone, (*pool)->slots());
  const MatrixCost cost = CostOf(plan, undone, groups);
  observer.on_start(folder->shown(), cost);
  const InterruptNote interrupt_note;
  HandOut hand_out(options, plan, *folder, observer);
  if (const Result<void> done = hand_out.Run(**pool, groups, cost); !done) return done.error();
  MatrixResult result{.folder = folder->shown(), .entries = {}, .failures = {}, .sources = plan.sources, .warnings = plan.warnings,
                      .problem = hand_out.problem(), .bad_input = hand_out.bad_input(), .interrupted = InterruptRequested()};
  Gather(options, plan, folder->path(), &result);
  for (const auto& [name, text] : {std::pair("matrix.json", RenderMatrixJson(result)), std::pair("matrix.html", RenderMatrixPage(result)),
                                   std::pair("junit.xml", RenderMatrixJunit(result)), std::pair("summary.md", RenderMatrixMarkdown(result)), std::pair("report.sarif", RenderMatrixSarif(result))}) {
    if (const Result<void> written = WriteAtomically(folder->path() + "/" + name, text); !written) return written.error();
  }
  return result;
}

}  // namespace dustproof
