#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "hil/run/branch_audit.h"
#include "hil/run/memory_file.h"
#include "hil/run/power_cut.h"
#include "hil/run/power_cut_branch.h"
#include "hil/run/worker_process.h"
#include "hil/shim/lockstep/boundary.h"
#include "hil/shim/lockstep/crash_reporter.h"

// The inside of the process that makes power cuts: a survey, then the trunk, which forks a branch
// for each cut. Lines of JSON on `kReportFd`: "survey_s", "planned", "cut" from the branches
// themselves, "end".
namespace dustproof {
namespace {

using Json = nlohmann::json;

constexpr SimDuration kPiece = SimDuration::Seconds(1);
constexpr size_t kWhatBytesMax = 600;
constexpr size_t kFailuresMax = 4;  // A line of the report stays below 4 KiB.

void Report(const Json& json) {
  ReportLine(json.dump(-1, ' ', false, Json::error_handler_t::replace));
}

// "" where there is none.
std::string ToJson(const std::optional<PowerCutWatch::SeenMap>& map) {
  return map ? HexDigest(map->digest) : "";
}

Json ToJson(const CutReport& report) {
  Json failures = Json::array();
  for (const std::string& what : report.failures) {
    if (failures.size() < kFailuresMax) failures.push_back(what.substr(0, kWhatBytesMax));
  }
  return {{"cut", report.cut.number},
          {"at_ns", report.cut.at.nanoseconds()},
          {"operation", report.cut.operation},
          {"failures", failures},
          {"sends_judged", report.sends_judged},
          {"session_judged", report.session_judged},
          {"motion_judged", report.motion_judged},
          {"map_judged", report.map_judged},
          {"map", ToJson(report.map)}};
}

Json ToJson(const RunSurvey& survey) {
  Json operations = Json::array(), sends = Json::array();
  for (const FlashOperation& o : survey.operations) {
    operations.push_back(
        {o.begin.nanoseconds(), o.end.nanoseconds(), o.work.erase, o.work.address, o.work.bytes});
  }
  for (const SimTime send : survey.sends) sends.push_back(send.nanoseconds());
  return {{"operations", operations},
          {"sends", sends},
          {"end", survey.end.nanoseconds()},
          {"breaches", survey.breaches}};
}

RunSurvey SurveyFromJson(const Json& json) {
  RunSurvey survey;
  for (const Json& o : json.at("operations")) {
    survey.operations.push_back({SimTime::FromNanoseconds(o[0]),
                                 SimTime::FromNanoseconds(o[1]),
                                 {.erase = o[2], .address = o[3], .bytes = o[4]}});
  }
  for (const Json& send : json.at("sends")) survey.sends.push_back(SimTime::FromNanoseconds(send));
  survey.end = SimTime::FromNanoseconds(json.at("end"));
  survey.breaches = json.at("breaches").get<std::set<std::string>>();
  return survey;
}

// What happened, in which task, in which call.
std::string InOneLine(const Diagnosis& d) {
  std::string text = d.message;
  if (!d.task.empty()) text += " (task " + d.task + ", last HAL call " + d.hal_call + ")";
  for (size_t i = 0; i < d.frames.size() && i < 3; ++i)
    text += (i == 0 ? " in " : " < ") + (d.frames[i].symbol.empty() ? "?" : d.frames[i].symbol);
  return text;
}

// The run that is branched.
class Trunk {
 public:
  Trunk(const PowerCutRequest& request, const RunInputs& inputs,
        const ConsentConfiguration& consents, RunWorld& world, PowerCutWatch& watch,
        int diagnosis_fd)
      : request_(request),
        context_{inputs,
                 consents,
                 Seed(inputs.seed),
                 request.out.empty() ? request.scratch : request.out,
                 request.out.empty() ? BranchAudit::After::kRemove : BranchAudit::After::kKeep,
                 {}},
        world_(world),
        watch_(watch),
        diagnosis_fd_(diagnosis_fd) {}

  Result<void> Run() {
    const Result<std::optional<RunSurvey>> surveyed = Survey();
    if (!surveyed) return surveyed.error();
    if (!*surveyed) return {};
    const RunSurvey& survey = **surveyed;
    context_.breaches_without_cut = survey.breaches;
    std::vector<PowerCut> plan =
        PlanPowerCuts(survey, request_.mode, request_.count, context_.seed);
    if (plan.empty() && !WorkerStopRequested()) return NothingToCut();
    if (request_.only) {
      const auto number = static_cast<size_t>(*request_.only);
      if (number > plan.size()) {
        return Error::BadInput("--cut: the plan has cuts 1 to " + std::to_string(plan.size()) +
                               ", got " + std::to_string(number));
      }
      plan = {plan[number - 1]};
    }
    Report({{"planned", plan.size()},
            {"flash_operations", survey.operations.size()},
            {"run_s", survey.end.seconds()}});
    if (const Result<void> made = MakeCuts(plan, FindWrites(survey.operations)); !made)
      return made.error();
    while (!branches_.empty()) AwaitOne();
    return {};
  }

 private:
  struct BranchProcess {
    std::optional<PowerCut> cut;  // None of a reference.
    MemoryFile diagnosis;
  };

  Error NothingToCut() const {
    return Error::BadInput(
        request_.mode == CutMode::kEveryWrite
            ? "--every-write: this run has no flash operation; --random cuts at any instant"
            : "--until: this run is too short to cut the power in it");
  }

  // Cuts and the references that they are held against, by time.
  Result<void> MakeCuts(const std::vector<PowerCut>& plan, const std::vector<FlashSpan>& writes) {
    const std::vector<ReferenceCut> references = NeededReferences(plan, writes);
    auto next = references.begin();
    for (const PowerCut& cut : plan) {
      for (; next != references.end() && next->at <= cut.at; ++next) {
        if (const Result<void> made = MakeReference(*next); !made) return made.error();
      }
      if (const Result<void> made = MakeCut(cut, writes); !made) return made.error();
    }
    for (; next != references.end(); ++next) {
      if (const Result<void> made = MakeReference(*next); !made) return made.error();
    }
    return {};
  }

  static std::vector<ReferenceCut> NeededReferences(const std::vector<PowerCut>& plan,
                                                    const std::vector<FlashSpan>& writes) {
    std::set<int> needed;
    for (const PowerCut& cut : plan) {
      for (const int number : ReferencesOf(cut.at, writes)) needed.insert(number);
    }
    std::vector<ReferenceCut> references = PlanReferences(writes);
    std::erase_if(references, [&](const ReferenceCut& r) { return !needed.contains(r.number); });
    return references;
  }

  Result<void> MakeCut(const PowerCut& cut, const std::vector<FlashSpan>& writes) {
    if (!GoTo(cut.at)) return {};
    return Fork(cut, [&] {
      Json json = ToJson(LivePowerCut(cut, context_, world_, watch_));
      json["references"] = ReferencesOf(cut.at, writes);
      Report(json);
    });
  }

  Result<void> MakeReference(const ReferenceCut& reference) {
    if (!GoTo(reference.at)) return {};
    return Fork(std::nullopt, [&] {
      Report({{"reference", reference.number}, {"map", ToJson(LiveReferenceCut(world_, watch_))}});
    });
  }

  // False where somebody wants it all to end.
  bool GoTo(SimTime at) {
    while (world_.now() < at && !WorkerStopRequested())
      world_.RunUntil(std::min(at, world_.now() + kPiece));
    return !WorkerStopRequested();
  }

  SimTime Limit() const {
    const SimDuration duration = context_.inputs.scenario.duration;
    return SimTime::Zero() + std::min(duration, request_.run.until.value_or(duration));
  }

  // In a branch of its own, so that the trunk is still at its beginning afterwards. None where the
  // firmware died: there is nothing to cut, and it has been reported.
  Result<std::optional<RunSurvey>> Survey() {
    const std::string path = request_.scratch + "/survey.json";
    const Result<pid_t> child = ForkChild([&] {
      const Result<RunSurvey> survey = LiveWithoutCut();
      std::ofstream(path) << (survey ? ToJson(*survey) : Json{{"why", ToString(survey.error())}});
    });
    if (!child) return child.error();
    if (const int status = WaitFor(*child); status != 0) return ReportDeathWithoutCut(status);
    std::ifstream file(path);
    const Json json = Json::parse(file, nullptr, /*allow_exceptions=*/false);
    if (!json.is_object()) return Error::Environment("powercut: cannot keep " + path);
    if (json.contains("why")) {
      return Error::Environment("powercut: the run without a cut: " +
                                json["why"].get<std::string>());
    }
    return std::optional(SurveyFromJson(json));
  }

  Result<std::optional<RunSurvey>> ReportDeathWithoutCut(int status) const {
    const Result<Diagnosis> diagnosis = ReadDiagnosis(MemoryFile::PathOf(diagnosis_fd_));
    if (!diagnosis) return Error::Environment("powercut: the run without a cut " + EndOf(status));
    CutReport death;
    death.cut = {0, SimTime::FromNanoseconds(diagnosis->sim_time_ns), "without a cut"};
    death.failures.push_back("the firmware dies without any cut: " + InOneLine(*diagnosis));
    Report(ToJson(death));
    return std::optional<RunSurvey>();
  }

  Result<RunSurvey> LiveWithoutCut() {
    RunSurvey survey;
    const SimTime limit = Limit();
    const auto audit = BranchAudit::Begin(request_.scratch + "/survey.mcap", context_.inputs,
                                          context_.consents, world_, watch_);
    if (!audit) return audit.error();
    const FlashMemory& flash = world_.bridge().flash();
    world_.bridge().flash().AddWatcher([&](const Flash::Work& work) {
      const SimTime now = world_.now();
      const SimDuration takes = work.erase ? flash.erase_time() : flash.program_time();
      survey.operations.push_back({now, now + takes, work});
    });
    while (world_.now() < limit && !world_.finished() && !WorkerStopRequested() &&
           world_.host().state() != Lockstep::State::kEnded) {
      world_.RunUntil(std::min(limit, world_.now() + kPiece));
      Report({{"survey_s", world_.now().seconds()}, {"duration_s", limit.seconds()}});
    }
    survey.sends = watch_.sends();
    survey.end = world_.now();
    Result<std::set<std::string>> breaches = (*audit)->Finish();
    if (!breaches) return breaches.error();
    survey.breaches = std::move(*breaches);
    return survey;
  }

  // A child that ends with this process and does nothing but `live`.
  static Result<pid_t> ForkChild(const std::function<void()>& live) {
    const pid_t pid = fork();
    if (pid < 0)
      return Error::Environment(std::string("powercut: cannot fork: ") + std::strerror(errno));
    if (pid > 0) return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    live();
    _exit(0);
  }

  Result<void> Fork(const std::optional<PowerCut>& cut, const std::function<void()>& live) {
    while (branches_.size() >= static_cast<size_t>(request_.workers)) AwaitOne();
    MemoryFile diagnosis;
    const Result<pid_t> pid = ForkChild([&] {
      dup2(diagnosis.fd(), diagnosis_fd_);
      live();
    });
    if (!pid) return pid.error();
    branches_.emplace(*pid, BranchProcess{cut, std::move(diagnosis)});
    return {};
  }

  void AwaitOne() {
    int status = 0;
    pid_t pid = -1;
    while ((pid = waitpid(-1, &status, 0)) < 0 && errno == EINTR) {
    }
    const auto branch = branches_.find(pid);
    if (branch == branches_.end()) return;
    if (branch->second.cut && status != 0) ReportDeath(branch->second, status);
    branches_.erase(branch);
  }

  static void ReportDeath(const BranchProcess& branch, int status) {
    CutReport report;
    report.cut = *branch.cut;
    const Result<Diagnosis> diagnosis = ReadDiagnosis(branch.diagnosis.path());
    report.failures.push_back("the firmware dies after the boot: " +
                              (diagnosis ? InOneLine(*diagnosis) : "its process " + EndOf(status)));
    Report(ToJson(report));
  }

  const PowerCutRequest& request_;
  CutContext context_;
  RunWorld& world_;
  PowerCutWatch& watch_;
  const int diagnosis_fd_;
  std::map<pid_t, BranchProcess> branches_;
};

Result<void> Work(const PowerCutRequest& request) {
  const Result<RunInputs> inputs = LoadRequestInputs(request.run);
  if (!inputs) return inputs.error();
  const ConsentConfiguration* consents = inputs->scenario.FindConfiguration(request.run.consent);
  if (consents == nullptr)
    return Error::BadInput("no consent configuration '" + request.run.consent + "'");
  const MemoryFile diagnosis;
  CrashReporter::Options reporting;
  reporting.fd = diagnosis.fd();
  const auto reporter = CrashReporter::Install(reporting);
  if (!reporter) return reporter.error();
  const auto boundary = Boundary::Install();
  if (!boundary) return boundary.error();
  PowerCutWatch watch;
  const Result<std::unique_ptr<RunWorld>> world = RunWorld::Create(*inputs, *consents, watch);
  if (!world) return world.error();
  if (const Result<void> booted = (*world)->Boot(); !booted) return booted.error();
  return Trunk(request, *inputs, *consents, **world, watch, diagnosis.fd()).Run();
}

}  // namespace

std::string ToJson(const PowerCutRequest& r) {
  Json json = {{"run", ToJson(r.run)}, {"mode", static_cast<int>(r.mode)},
               {"count", r.count},     {"workers", r.workers},
               {"scratch", r.scratch}, {"out", r.out}};
  if (r.only) json["only"] = *r.only;
  return json.dump();
}

PowerCutRequest PowerCutRequestFromJson(const std::string& text) {
  const Json json = Json::parse(text);  // Written by ourselves: a failure is a bug, and throws.
  PowerCutRequest r;
  r.run = RunRequestFromJson(json.at("run"));
  r.mode = static_cast<CutMode>(json.at("mode").get<int>());
  r.count = json.at("count");
  r.workers = json.at("workers");
  r.scratch = json.at("scratch");
  r.out = json.at("out");
  if (json.contains("only")) r.only = json.at("only").get<int>();
  return r;
}

int RunPowerCutWorker(const std::string& request_json) {
  CatchWorkerStop();
  const Result<void> done = Work(PowerCutRequestFromJson(request_json));
  Json end = {{"end", done ? "done" : "failed"}};
  if (!done) {
    end["bad_input"] = done.error().code == ErrorCode::kBadInput;
    end["why"] = ToString(done.error());
  }
  Report(end);
  fflush(nullptr);
  _exit(done ? 0 : 1);  // Firmware may have left anything behind: no destructor of it runs.
}

}  // namespace dustproof
