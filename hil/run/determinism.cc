#include "hil/run/determinism.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

#include "hil/run/inputs.h"
#include "hil/run/run_scenario.h"
#include "hil/run/scratch_folder.h"
#include "hil/run/supervisor.h"
#include "hil/shim/lockstep/virtual_time.h"

// Each run is made by a child of this process, since its conditions change whoever makes it; the
// child has the run's own process under it, as always.
namespace dustproof {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

// Fewer runs than these alike may share anything by chance.
constexpr size_t kAgreeingPairsMin = 3;

double RealSeconds() { return static_cast<double>(RealMonotonicNanoseconds()) * 1e-9; }

std::string RecordingOf(const std::string& folder) { return folder + "/run.mcap"; }

// What the child found, as JSON for its parent.
Json WorkOn(const RunRequest& request, const RunConditions& conditions, const std::string& folder) {
  const Result<ConditionedOutcome> made = MakeRunUnder(conditions, request, folder);
  if (!made) return {{"problem", ToString(made.error())}};
  const RunOutcome& outcome = made->outcome;
  if (outcome.end == RunEnd::kFailed)
    return {{"problem", outcome.diagnosis}, {"bad_input", outcome.bad_input}};
  const Result<std::string> hash = HashRecording(request.recording);
  if (!hash) return {{"problem", ToString(hash.error())}};
  return {{"outcome", ToJson(outcome)}, {"hash", *hash}, {"refused", made->refused}};
}

struct Child {
  int number = 0;
  pid_t pid = -1;
  int pipe = -1;
  std::string folder;
  std::string answer;
};

Result<Child> StartChild(int number, const RunRequest& asked, const std::string& folder) {
  int fds[2];
  if (pipe2(fds, O_CLOEXEC) != 0)
    return Error::Environment(std::string("cannot make a pipe: ") + std::strerror(errno));
  std::error_code ignored;
  fs::create_directories(folder, ignored);
  RunRequest request = asked;
  request.recording = RecordingOf(folder);
  const pid_t pid = fork();
  if (pid < 0) return Error::Environment(std::string("cannot fork: ") + std::strerror(errno));
  if (pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    close(fds[0]);
    const std::string answer = WorkOn(request, ConditionsOfRun(number), folder)
                                   .dump(-1, ' ', false, Json::error_handler_t::replace);
    for (size_t done = 0; done < answer.size();) {
      const ssize_t count = write(fds[1], answer.data() + done, answer.size() - done);
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) break;
      done += static_cast<size_t>(count);
    }
    _exit(0);
  }
  close(fds[1]);
  return Child{number, pid, fds[0], folder, ""};
}

// Waits until one of the children has said all it has to say, and takes it out of the list.
Child WaitForOne(std::vector<Child>* children) {
  while (true) {
    std::vector<pollfd> polls;
    for (const Child& child : *children) polls.push_back({child.pipe, POLLIN, 0});
    if (poll(polls.data(), polls.size(), -1) < 0) {
      // Ctrl-C reaches the children as well, `kill` only this process.
      for (const Child& child : *children) {
        if (InterruptRequested()) kill(child.pid, SIGTERM);
      }
      continue;
    }
    for (size_t i = 0; i < polls.size(); ++i) {
      if (polls[i].revents == 0) continue;
      char buffer[4096];
      const ssize_t count = read(polls[i].fd, buffer, sizeof buffer);
      Child& child = (*children)[i];
      if (count > 0) child.answer.append(buffer, static_cast<size_t>(count));
      if (count > 0 || (count < 0 && errno == EINTR)) continue;
      const Child ended = std::move(child);
      children->erase(children->begin() + static_cast<std::ptrdiff_t>(i));
      close(ended.pipe);
      while (waitpid(ended.pid, nullptr, 0) < 0 && errno == EINTR) {
      }
      return ended;
    }
  }
}

Result<RepeatedRun> ReadAnswer(const Child& child) {
  const Json answer = Json::parse(child.answer, nullptr, /*allow_exceptions=*/false);
  if (!answer.is_object())
    return Error::Environment("run " + std::to_string(child.number) + " ended without an answer");
  if (answer.contains("problem")) {
    const std::string problem = answer.at("problem");
    return answer.value("bad_input", false) ? Error::BadInput(problem)
                                            : Error::Environment(problem);
  }
  const std::optional<RunOutcome> outcome = RunOutcomeFromJson(answer.at("outcome"));
  DP_CHECK(outcome.has_value());
  RepeatedRun run;
  run.number = child.number;
  run.conditions = ConditionsOfRun(child.number);
  run.refused = answer.at("refused").get<std::vector<std::string>>();
  run.end = outcome->end;
  run.hash = answer.at("hash");
  run.wall_s = outcome->wall_s;
  run.sim_s = outcome->sim_s;
  run.diagnosis = outcome->diagnosis;
  return run;
}

// Which recordings stay until the end: that of run 0, and of the lowest run unlike it.
class KeptRecordings {
 public:
  explicit KeptRecordings(std::string scratch) : scratch_(std::move(scratch)) {}

  // Of equal length each: a path is on the heap of whoever makes the run.
  std::string FolderOf(int number) const {
    char name[24];
    std::snprintf(name, sizeof name, "/run-%07d", number);
    return scratch_ + name;
  }

  // Run 0 may end after others, so what can't be judged yet stays.
  void Take(const RepeatedRun& run) {
    hashes_[run.number] = run.hash;
    const auto base = hashes_.find(0);
    if (base == hashes_.end()) return;
    other_.reset();
    for (const auto& [number, hash] : hashes_) {
      const bool differs = hash != base->second;
      if (differs && !other_) other_ = number;
      if (number != 0 && number != other_) {
        std::error_code ignored;
        fs::remove_all(FolderOf(number), ignored);
      }
    }
  }
  std::optional<int> other() const { return other_; }

 private:
  const std::string scratch_;
  std::map<int, std::string> hashes_;
  std::optional<int> other_;
};

// Makes the runs, as many at a time as asked for. After a failure or an interrupt no further one
// starts, and those under way are waited for.
Result<void> MakeRuns(const RunRequest& request, const DeterminismOptions& options,
                      const KeptRecordings& kept,
                      const std::function<void(const RepeatedRun&)>& take) {
  std::vector<Child> children;
  std::optional<Error> failed;
  int next = 0;
  while (true) {
    const bool go_on = !failed && !InterruptRequested() && next < options.runs;
    if (go_on && static_cast<int>(children.size()) < options.workers) {
      Result<Child> child = StartChild(next, request, kept.FolderOf(next));
      ++next;
      if (child) {
        children.push_back(std::move(*child));
      } else {
        failed = child.error();
      }
      continue;
    }
    if (children.empty()) break;
    const Result<RepeatedRun> run = ReadAnswer(WaitForOne(&children));
    if (!run) {
      if (!failed) failed = run.error();
    } else if (!InterruptRequested()) {  // A run that was cut short says nothing.
      take(*run);
    }
  }
  if (failed) return *failed;
  return {};
}

Result<DeterminismBreak> KeepAndCompare(const KeptRecordings& kept, const std::string& out) {
  DeterminismBreak difference;
  difference.first = 0;
  difference.second = *kept.other();
  const auto keep = [&](int number, std::string* path) -> Result<void> {
    char name[32];
    std::snprintf(name, sizeof name, "/run-%04d.mcap", number);
    *path = out + name;
    std::error_code error;
    fs::copy_file(RecordingOf(kept.FolderOf(number)), *path, error);
    if (error) return Error::Environment("cannot write '" + *path + "': " + error.message());
    return {};
  };
  if (auto r = keep(difference.first, &difference.first_recording); !r) return r.error();
  if (auto r = keep(difference.second, &difference.second_recording); !r) return r.error();
  Result<RecordingComparison> comparison =
      CompareRecordings(difference.first_recording, difference.second_recording);
  if (!comparison) return comparison.error();
  difference.comparison = std::move(*comparison);
  return difference;
}

Result<RunRequest> RequestFor(const RunInputs& inputs, const DeterminismOptions& options) {
  const Scenario& scenario = inputs.scenario;
  RunRequest request = inputs.request;
  request.until = options.until;
  for (const ConsentConfiguration& c : scenario.configurations) {
    if (options.consent.empty() ? c.run_by_default : c.name == options.consent) {
      request.consent = c.name;
      return request;
    }
  }
  return Error::BadInput(UnknownConfiguration(scenario, options.consent));
}

}  // namespace

std::vector<Suspect> FindSuspects(const std::vector<RepeatedRun>& runs) {
  std::map<std::string, std::vector<const RepeatedRun*>> by_hash;
  for (const RepeatedRun& run : runs) by_hash[run.hash].push_back(&run);
  size_t agreeing_pairs = 0;
  for (const auto& [hash, alike] : by_hash) agreeing_pairs += alike.size() * (alike.size() - 1) / 2;
  if (by_hash.size() < 2 || agreeing_pairs < kAgreeingPairsMin) return {};
  std::vector<Suspect> suspects;
  const auto& factors = ConditionFactors();
  for (size_t factor = 0; factor < factors.size(); ++factor) {
    std::set<size_t> agree_within;
    bool shared = true;
    for (const auto& [hash, alike] : by_hash) {
      if (alike.size() < 2) continue;
      const size_t value = alike[0]->conditions[factor];
      agree_within.insert(value);
      shared &= std::all_of(alike.begin(), alike.end(), [&](const RepeatedRun* run) {
        return run->conditions[factor] == value;
      });
    }
    if (!shared) continue;
    Suspect suspect{factors[factor].name, {}};
    for (const size_t value : agree_within) suspect.values.push_back(factors[factor].values[value]);
    suspects.push_back(std::move(suspect));
  }
  return suspects;
}

Result<DeterminismResult> CheckDeterminism(const DeterminismOptions& options,
                                           const std::function<void(const RepeatedRun&)>& on_run) {
  const double begin_s = RealSeconds();
  const Result<RunInputs> inputs =
      LoadRunInputs({options.scenario, options.home, options.firmware, options.seed, options.kind});
  if (!inputs) return inputs.error();
  if (inputs->request.kind == ToWord(FirmwareKind::kBoard))
    return Error::BadInput(
        "determinism: no two runs in real time are equal; use --kind process, which is the same program in "
        "lockstep");
  const Result<RunRequest> request = RequestFor(*inputs, options);
  if (!request) return request.error();
  const ScratchFolder scratch("determinism");
  if (scratch.path().empty())
    return Error::Environment("determinism: cannot make a temporary folder");

  DeterminismResult result;
  result.scenario = inputs->scenario.name;
  result.consent = request->consent;
  result.seed = inputs->seed;
  KeptRecordings kept(scratch.path());
  const auto take = [&](const RepeatedRun& run) {
    kept.Take(run);
    ++result.hash_counts[run.hash];
    result.runs.push_back(run);
    on_run(run);
  };
  const InterruptNote note;
  if (Result<void> made = MakeRuns(*request, options, kept, take); !made) return made.error();
  result.interrupted = InterruptRequested();
  std::sort(result.runs.begin(), result.runs.end(),
            [](const RepeatedRun& a, const RepeatedRun& b) { return a.number < b.number; });
  if (kept.other()) {
    const Result<std::string> folder = MakeResultFolder(options.out, result.scenario);
    if (!folder) return folder.error();
    Result<DeterminismBreak> difference = KeepAndCompare(kept, *folder);
    if (!difference) return difference.error();
    result.first_difference = std::move(*difference);
    result.suspects = FindSuspects(result.runs);
  }
  result.wall_s = RealSeconds() - begin_s;
  return result;
}

}  // namespace dustproof
