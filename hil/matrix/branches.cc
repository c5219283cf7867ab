#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "hil/audit/audit.h"
#include "hil/audit/audit_fold.h"
#include "hil/capture/recording_writer.h"
#include "hil/capture/tee_sink.h"
#include "hil/matrix/branch_point.h"
#include "hil/matrix/cell_group.h"
#include "hil/matrix/judge_cell.h"
#include "hil/run/memory_file.h"
#include "hil/run/inputs.h"
#include "hil/run/run_attachments.h"
#include "hil/run/run_outcome.h"
#include "hil/run/run_steps.h"
#include "hil/run/run_world.h"
#include "hil/run/worker_process.h"
#include "hil/shim/lockstep/boundary.h"
#include "hil/shim/lockstep/crash_reporter.h"
#include "hil/shim/lockstep/virtual_time.h"

// The inside of the process in which cells share their past. Its root never runs firmware: it forks the first branch,
// which lives until its cells part, forks one for each way they go, and so on; a branch whose cells all do the same to
// the end writes their results. One branch runs at a time. Whoever forked it hears how it ended.
namespace dustproof {
namespace {

namespace fs = std::filesystem;

constexpr int kStoppedExit = 75;  // Of a branch that was asked to end: its cells are left undone.
constexpr SimDuration kNewsPeriod = SimDuration::Seconds(10);

using Cells = std::vector<const MatrixCell*>;

class Branches {
 public:
  Branches(const CellGroup& group, const RunInputs& inputs, RunWorld& world, RecordingWriter& recording, AuditFold& audit,
           TeeSink& sink, int diagnosis_fd)
      : group_(group),
        inputs_(inputs),
        world_(world),
        recording_(recording),
        audit_(audit),
        sink_(sink),
        diagnosis_fd_(diagnosis_fd),
        steps_(world, sink, LimitOf({})) {}

  /// Lives through all cells, in branches of this process.
  Result<void> Run(const Cells& cells) { return Fork(cells); }

 private:
  /// The end of the longest run among cells.
  SimTime LimitOf(const Cells& cells) const {
    const SimDuration duration = std::min(inputs_.scenario.duration, group_.run.until.value_or(inputs_.scenario.duration));
    SimDuration longest;
    for (const MatrixCell* cell : cells) longest = std::max(longest, cell->until.value_or(duration));
    return SimTime::Zero() + std::min(duration, longest);
  }

  /// Forks a branch for cells that do the same next, and waits for its end.
  Result<void> Fork(const Cells& cells) {
    const MemoryFile diagnosis;
    const MemoryFile lessons;
    const std::string recording = RecordingOf(cells);
    const pid_t pid = fork();
    if (pid < 0) return Error::Environment(std::string("matrix: cannot fork: ") + std::strerror(errno));
    if (pid == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      dup2(diagnosis.fd(), diagnosis_fd_);
      audit_.Lessons();  // Those that whoever forked it has as well.
      const Result<void> lived = LiveIn(recording, cells);
      lessons.Write(audit_.Lessons());
      if (!lived) Report({{"problem", ToString(lived.error())}});
      fflush(nullptr);
      _exit(!lived ? 1 : WorkerStopRequested() ? kStoppedExit : 0);
    }
    const int status = WaitFor(pid);
    audit_.Learn(lessons.Read());
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
    if (WorkerStopRequested()) return {};
    if (WIFEXITED(status) && WEXITSTATUS(status) == 1) return Error::Environment("matrix: a branch could not go on");
    return WriteDead(recording, cells, diagnosis, status);
  }

  /// The recording of a branch: its cell's, where there is one, else one that goes away.
  std::string RecordingOf(const Cells& cells) const {
    if (cells.size() == 1) return RecordingPath(group_.folder, cells.front()->name);
    return group_.folder + "/work/" + cells.front()->name + "-" + std::to_string(cells.size()) + "-" +
           std::to_string(getpid()) + ".mcap";
  }

  Result<void> LiveIn(const std::string& recording, const Cells& cells) {
    std::error_code ignored;
    fs::remove(recording, ignored);  // Of an attempt that was killed.
    if (const Result<void> moved = recording_.ContinueIn(recording); !moved) return moved;
    own_recording_ = recording;
    steps_.SetLimit(LimitOf(cells));
    Become(*cells.front());
    const Result<void> lived = Live(cells);
    if (cells.size() > 1) fs::remove(recording, ignored);
    return lived;
  }

  /// From here on the run is this cell's, and says so.
  void Become(const MatrixCell& cell) {
    world_.SetConsents(cell.consents);
    RunRequest request = group_.run;
    request.answers = ToText(cell.consents);
    if (cell.until) request.until = cell.until;
    sink_.WriteMetadata("run", RunFacts(inputs_, request, cell.consents));
  }

  /// Where cells part, all go into branches but the most, which this process goes on with.
  Result<void> Live(Cells cells) {
    while (const auto parting = PartingOf(cells)) {
      if (const auto end = RunUntil(parting->at - SimDuration::Nanoseconds(1))) return Finish(cells, *end);
      if (WorkerStopRequested()) return {};
      const auto most = std::max_element(parting->branches.begin(), parting->branches.end(),
                                         [](const auto& a, const auto& b) { return a.size() < b.size(); });
      for (auto branch = parting->branches.begin(); branch != parting->branches.end(); ++branch) {
        if (branch == most) continue;
        if (const Result<void> forked = Fork(Chosen(cells, *branch)); !forked) return forked;
        if (WorkerStopRequested()) return {};
      }
      cells = Chosen(cells, *most);
      steps_.SetLimit(LimitOf(cells));
      Become(*cells.front());
    }
    return LiveToEnd(cells);
  }

  std::optional<BranchPoint> PartingOf(const Cells& cells) {
    std::vector<const ConsentConfiguration*> configurations;
    for (const MatrixCell* cell : cells) configurations.push_back(&cell->consents);
    const auto parting = FindBranchPoint(configurations, world_.now(), FirstAnswers(inputs_.scenario));
    return parting && parting->at <= steps_.limit() ? parting : std::nullopt;
  }

  static Cells Chosen(const Cells& cells, const std::vector<size_t>& indices) {
    Cells chosen;
    for (const size_t index : indices) chosen.push_back(cells[index]);
    return chosen;
  }

  Result<void> LiveToEnd(const Cells& cells) {
    const std::optional<RunEnd> end = RunUntil(steps_.limit());
    if (WorkerStopRequested()) {
      std::error_code ignored;
      fs::remove(own_recording_, ignored);
      return {};
    }
    return Finish(cells, end.value_or(RunEnd::kDuration));
  }

  std::optional<RunEnd> RunUntil(SimTime until) {
    SimTime told = world_.now();
    std::optional<RunEnd> end;
    while (!end && world_.now() < until && !WorkerStopRequested() && !recording_.error()) {
      end = steps_.Step(until);
      if (world_.now() - told < kNewsPeriod && world_.now() < until && !end) continue;
      Report({{"simulated_s", (world_.now() - told).seconds()}});
      told = world_.now();
    }
    return end;
  }

  /// The end of a run that is the run of all these cells.
  Result<void> Finish(const Cells& cells, RunEnd end) {
    if (const auto& error = recording_.error()) return *error;
    CheckHeap();
    world_.WriteEnd();
    const RunOutcome outcome = OutcomeOf(world_, end, inputs_.seed);
    WriteOutcome(outcome, sink_);
    if (const Result<void> closed = recording_.Close(); !closed) return closed;
    const AuditReport audit = audit_.Judge({own_recording_, true, {}}, nullptr);
    return WriteResults(cells, outcome, audit);
  }

  Result<void> WriteResults(const Cells& cells, const RunOutcome& outcome, const AuditReport& audit) const {
    const Result<std::vector<MissedExpectation>> missed = MissedBy(inputs_, own_recording_, audit);
    if (!missed) return missed.error();
    for (const MatrixCell* cell : cells) {
      if (ReadResult(group_.folder, *cell)) continue;  // Of a branch that was done before this run died.
      const CellResult result = SummarizeCell(*cell, outcome, audit, *missed);
      if (const Result<void> kept = KeepOrRemove(result); !kept) return kept;
      if (const Result<void> written = WriteResult(group_.folder, result); !written) return written;
      Report({{"cell", cell->name}});
    }
    return {};
  }

  Result<void> KeepOrRemove(const CellResult& result) const {
    const bool keep = group_.keep == KeepRecordings::kAll || (group_.keep == KeepRecordings::kFailing && result.failed());
    const std::string path = RecordingPath(group_.folder, result.name);
    std::error_code error;
    if (!keep) {
      if (path == own_recording_) fs::remove(path, error);
    } else if (path != own_recording_) {
      fs::copy_file(own_recording_, path, fs::copy_options::overwrite_existing, error);
    }
    if (error) return Error::Environment("cannot keep the recording '" + path + "': " + error.message());
    return {};
  }

  /// What became of the cells of a branch whose firmware took it down. Judged in a process that goes away: this one has
  /// branches to come, and stays as it is.
  Result<void> WriteDead(const std::string& recording, const Cells& cells, const MemoryFile& diagnosis, int status) {
    const pid_t pid = fork();
    if (pid < 0) return Error::Environment(std::string("matrix: cannot fork: ") + std::strerror(errno));
    if (pid > 0) {
      const int written = WaitFor(pid);
      if (WIFEXITED(written) && WEXITSTATUS(written) == 0) return {};
      return Error::Environment("matrix: the judgement of a run whose firmware died " + EndOf(written));
    }
    own_recording_ = recording;
    RunOutcome outcome{.end = RunEnd::kRunDied, .hash = {}, .seed = inputs_.seed, .cpu_share = {}, .diagnosis = "a branch " + EndOf(status)};
    TakeDiagnosis(diagnosis.path(), &outcome);
    Result<void> done = JudgeDead(cells, outcome);
    if (!done) Report({{"problem", ToString(done.error())}});
    std::error_code ignored;
    if (cells.size() > 1) fs::remove(recording, ignored);
    _exit(done ? 0 : 1);
  }

  Result<void> JudgeDead(const Cells& cells, const RunOutcome& outcome) const {
    if (outcome.end != RunEnd::kFirmwareDied) return Error::Environment(outcome.diagnosis);
    SealDeadRun(own_recording_, outcome);
    const Result<AuditReport> audit = AuditRecording(own_recording_, inputs_.policy, {});
    if (!audit) return audit.error();
    return WriteResults(cells, outcome, *audit);
  }

  static void Report(const nlohmann::json& json) {
    ReportLine(json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  }

  const CellGroup& group_;
  const RunInputs& inputs_;
  RunWorld& world_;
  RecordingWriter& recording_;
  AuditFold& audit_;
  TeeSink& sink_;
  const int diagnosis_fd_;
  RunSteps steps_;
  std::string own_recording_;
};

/// Cells whose results are not there yet.
Cells Undone(const CellGroup& group) {
  Cells cells;
  for (const MatrixCell& cell : group.cells) {
    if (!ReadResult(group.folder, cell)) cells.push_back(&cell);
  }
  return cells;
}

Result<void> Work(const CellGroup& group) {
  const Cells cells = Undone(group);
  if (cells.empty()) return {};
  const Result<RunInputs> inputs = LoadRequestInputs(group.run);
  if (!inputs) return inputs.error();
  const MemoryFile diagnosis;
  const auto reporter = CrashReporter::Install({.fd = diagnosis.fd()});
  if (!reporter) return reporter.error();
  const auto boundary = Boundary::Install();
  if (!boundary) return boundary.error();
  const ConsentConfiguration& first = cells.front()->consents;
  const std::string path = group.folder + "/work/" + cells.front()->name + "-" + std::to_string(getpid()) + ".mcap";
  const auto recording = RecordingWriter::Create(path, RecordingConfigOf(*inputs));
  if (!recording) return recording.error();
  AuditFold audit(inputs->policy);
  TeeSink sink(**recording, audit);
  const auto world = RunWorld::Create(*inputs, first, sink);
  if (!world) return world.error();
  WriteRunFacts(*inputs, group.run, first, (*world)->planted(), sink);
  if (const Result<void> booted = (*world)->Boot(); !booted) return booted;
  Result<void> done = Branches(group, *inputs, **world, **recording, audit, sink, diagnosis.fd()).Run(cells);
  std::error_code ignored;
  fs::remove(path, ignored);
  return done;
}

}  // namespace

int RunBranchesWorker(const std::string& path) {
  CatchWorkerStop();
  const Result<CellGroup> group = ReadGroup(path);
  const Result<void> done = group ? Work(*group) : Result<void>(group.error());
  if (!done) ReportLine(nlohmann::json{{"problem", ToString(done.error())}, {"bad_input", done.error().code == ErrorCode::kBadInput}}
                            .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  fflush(nullptr);
  _exit(done ? 0 : 1);  // Firmware may have left anything behind: no destructor of it runs.
}

}  // namespace dustproof
