#include "hil/shrink/shrink.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <set>

#include "hil/run/atomic_file.h"
#include "hil/run/inputs.h"
#include "hil/run/scratch_folder.h"
#include "hil/run/supervisor.h"
#include "hil/shrink/candidate.h"
#include "hil/shrink/reduce.h"
#include "sim/config/config.h"
#include "sim/plan/generate.h"
#include "sim/plan/write_home.h"

namespace dustproof {
namespace {

namespace fs = std::filesystem;

constexpr const char* kConfigurations = "consent_configurations";
const ConfigNode* Find(const ConfigNode& map, const std::string& key) {
  const ConfigNode::Entry* entry = map.Find(key);
  return entry == nullptr ? nullptr : &entry->value;
}
size_t CountOf(const ConfigNode& map, const std::string& key) {
  const ConfigNode* node = Find(map, key);
  return node == nullptr ? 0 : node->items.size();
}
size_t CountScalars(const ConfigNode& node) {
  size_t count = node.kind == ConfigNode::Kind::kScalar ? 1 : 0;
  for (const ConfigNode& item : node.items) count += CountScalars(item);
  for (const ConfigNode::Entry& entry : node.entries) count += CountScalars(entry.value);
  return count;
}

ScenarioSize SizeOf(const Candidate& candidate) {
  ScenarioSize size;
  size.script = CountOf(candidate.scenario, "script");
  size.faults = CountOf(candidate.scenario, "faults");
  size.parties = CountOf(candidate.scenario, "parties");
  size.consents = CountOf(candidate.scenario, "consents");
  if (const ConfigNode* network = Find(candidate.scenario, "network")) size.outages = CountOf(*network, "outages");
  if (candidate.home) size.rooms = CountOf(*candidate.home, "rooms"), size.furniture = CountOf(*candidate.home, "furniture");
  size.settings = CountScalars(candidate.scenario);
  size.duration = ParseDuration(TextOf(candidate.scenario, "duration")).value_or(Scenario{}.duration);
  return size;
}

class Shrinker {
 public:
  Shrinker(const ShrinkOptions& options, Candidate candidate, std::string consent, std::string folder, const ShrinkObserver& observer)
      : options_(options), best_(std::move(candidate)), trials_(std::move(folder), consent, options.tries - 1), observer_(observer) {
    trials_.is_over = [] { return InterruptRequested(); };
    result_.consent = consent;
  }

  /// Whether it fails at all, in the way asked for.
  Result<bool> Begin() {
    observer_("as it is", 0, options_.tries, SizeOf(best_));
    const Result<std::vector<Failing>> failings = trials_.Run(best_);
    if (!failings) return failings.error();
    for (const Failing& failing : *failings) {
      if (failing.signature.find(options_.failure) == std::string::npos) continue;
      result_.signature = failing.signature;
      kind_ = KindOfFailure(failing.signature);
      has_instant_ = failing.at_s.has_value();
      return true;
    }
    return false;
  }

  /// Whether it fails at an instant, rather than by what did not come about.
  bool has_instant() const { return has_instant_; }

  Result<ShrinkResult> Run() {
    result_.before = SizeOf(best_);
    KeepOneConfiguration();
    // What is gone early makes every later run shorter.
    if (has_instant_) ShortenToInstant();
    TakeOneRoom();
    ReduceSettings();
    ReduceHome();
    TakeFirstSeed();
    stage_ = "times";
    RoundTimes([&](const ConfigNode& root) { return Fails({root, best_.home}); }, &best_.scenario);
    if (has_instant_) ShortenToInstant();
    return Finish();
  }

 private:
  bool Fails(const Candidate& candidate) {
    const bool fails = trials_.Fails(candidate, kind_);
    observer_(stage_, trials_.count(), options_.tries, SizeOf(best_));
    return fails;
  }
  bool Take(Candidate candidate) {
    if (!Fails(candidate)) return false;
    best_ = std::move(candidate);
    return true;
  }

  void KeepOneConfiguration() {
    stage_ = "configurations";
    Candidate candidate = best_;
    for (ConfigNode::Entry& entry : candidate.scenario.entries) {
      if (entry.key != kConfigurations) continue;
      std::erase_if(entry.value.entries, [&](const ConfigNode::Entry& e) { return e.key != result_.consent; });
      for (ConfigNode::Entry& one : entry.value.entries)
        std::erase_if(one.value.entries, [](const ConfigNode::Entry& e) { return e.key == "run_by_default"; });
    }
    Take(std::move(candidate));
  }

  void ReduceSettings() {
    stage_ = "settings";
    TreeReduction reduction;
    reduction.fails = [&](const ConfigNode& root) { return Fails({root, best_.home}); };
    reduction.may_go = [&](const std::string& path, const std::string& key) {
      static const std::set<std::string> kStay = {"kind", "format_version", "home", "robot", "policy", "firmware", "firmware_kind", "duration", "seed", "name"};
      // What was never asked for can't fail to come about.
      static const std::set<std::string> kAsks = {"script", "end", "expect"};
      if (path == kConfigurations) return false;
      const std::string top = path.empty() ? key : path.substr(0, path.find_first_of(".["));
      if (!has_instant_ && kAsks.contains(top)) return false;
      return !path.empty() || !kStay.contains(key);
    };
    ConfigNode root = best_.scenario;
    ReduceTree(reduction, &root);
    best_.scenario = std::move(root);
  }

  void TakeOneRoom() {
    if (!best_.home) return;
    stage_ = "home";
    const GenerateOptions one_room{.length_m_min = 4, .length_m_max = 4.5, .room_side_m_min = 2.5, .furnished = false};
    Candidate candidate = best_;
    candidate.home = HomeNode(GeneratePlan(1, one_room));
    Take(std::move(candidate));
  }

  void ReduceHome() {
    if (!best_.home) return;
    stage_ = "home";
    TreeReduction reduction;
    reduction.fails = [&](const ConfigNode& root) { return Fails({best_.scenario, root}); };
    reduction.may_go = [](const std::string& path, const std::string& key) { return key.empty() || (path.empty() && (key == "furniture" || key == "doorways" || key == "start")); };
    ConfigNode root = *best_.home;
    ReduceTree(reduction, &root);
    best_.home = std::move(root);
  }

  void TakeFirstSeed() {
    stage_ = "seed";
    if (TextOf(best_.scenario, "seed") == "1") return;
    Candidate candidate = best_;
    SetEntry(&candidate.scenario, "seed", ScalarNode("1"));
    Take(std::move(candidate));
  }

  // To just after it fails, by the clock of the last run that did.
  void ShortenToInstant() {
    stage_ = "length";
    if (!trials_.last_instant_s()) return;
    const SimDuration now = SizeOf(best_).duration;
    for (const double after_s : {1.0, 10.0, 60.0}) {
      const SimDuration shorter = SimDuration::Seconds(static_cast<int64_t>(std::floor(*trials_.last_instant_s() + after_s)) + 1);
      if (shorter >= now) return;
      Candidate candidate = best_;
      SetEntry(&candidate.scenario, "duration", ScalarNode(FormatDuration(shorter)));
      if (Take(std::move(candidate))) return;
    }
  }

  Result<ShrinkResult> Finish() {
    const fs::path out = options_.out;
    const fs::path folder = fs::absolute(out).parent_path();
    Candidate written = best_;
    ChangePaths(&written.scenario, [&](const std::string& path) { return fs::path(path).lexically_proximate(folder).string(); });
    if (written.home) {
      result_.home_file = fs::path(out).replace_extension(".home.yaml");
      SetEntry(&written.scenario, "home", TextNode(fs::path(result_.home_file).filename()));
      if (Result<void> done = WriteAtomically(result_.home_file, ToYaml(*written.home)); !done) return done.error();
    }
    const std::string head = "# What is left of " + options_.scenario + " with which this still fails: " + result_.signature + "\n";
    result_.file = out;
    if (Result<void> done = WriteAtomically(result_.file, head + ToYaml(written.scenario)); !done) return done.error();
    const Result<std::vector<Failing>> again = trials_.RunFile(result_.file, "");
    const bool repeats = again && std::any_of(again->begin(), again->end(), [&](const Failing& f) { return KindOfFailure(f.signature) == kind_; });
    if (!repeats && !InterruptRequested())
      return again ? Error::Environment(result_.file + ": was written, and does not fail in the same way where it lies; does the firmware look at its own path?") : again.error();
    result_.after = SizeOf(best_);
    result_.runs = trials_.count();
    result_.problem = trials_.problem();
    result_.used_up = trials_.used_up();
    result_.interrupted = InterruptRequested();
    return std::move(result_);
  }

  const ShrinkOptions& options_;
  Candidate best_;
  Trials trials_;
  const ShrinkObserver& observer_;
  std::string kind_, stage_;
  bool has_instant_ = false;
  ShrinkResult result_;
};

// With what the options put in the place of the scenario's own, and absolute paths.
Result<Candidate> LoadCandidate(const ShrinkOptions& options) {
  // What is wrong with it is said of the file that the user knows.
  const Result<RunInputs> inputs = LoadRunInputs({options.scenario, options.home, options.firmware, options.seed});
  if (!inputs) return inputs.error();
  Result<ConfigNode> scenario = LoadPortable(options.scenario, options.firmware);
  if (!scenario) return scenario.error();
  Candidate candidate{std::move(*scenario), {}};
  SetEntry(&candidate.scenario, "seed", ScalarNode(std::to_string(inputs->seed)));
  if (!options.home.empty()) SetEntry(&candidate.scenario, "home", TextNode(fs::absolute(options.home).lexically_normal()));
  Result<ConfigNode> home = LoadYaml(TextOf(candidate.scenario, "home"));
  if (home && KindOf(*home) == "home") candidate.home = std::move(*home);
  return candidate;
}

std::vector<std::string> ConfigurationsToTry(const ShrinkOptions& options, const Scenario& scenario) {
  std::vector<std::string> names;
  for (const ConsentConfiguration& c : scenario.configurations) {
    if (options.consent.empty() ? c.run_by_default : c.name == options.consent) names.push_back(c.name);
  }
  return names;
}

}  // namespace

Result<ShrinkResult> ShrinkScenario(const ShrinkOptions& asked, const ShrinkObserver& observer) {
  ShrinkOptions options = asked;
  if (options.out.empty()) options.out = fs::path(options.scenario).stem().string() + ".shrunk.yaml";
  std::error_code ignored;
  for (const fs::path& path : {fs::path(options.out), fs::path(options.out).replace_extension(".home.yaml")}) {
    if (fs::exists(path, ignored)) return Error::BadInput("--out: '" + path.string() + "' is there already, and nothing is overwritten; name a new file");
  }
  // Before anything is run: what nobody can write down was found for nothing.
  const fs::path folder = fs::absolute(options.out).parent_path();
  if (access(folder.c_str(), W_OK | X_OK) != 0) return Error::Environment("--out: cannot write into the folder '" + folder.string() + "': " + std::strerror(errno));
  Result<Candidate> candidate = LoadCandidate(options);
  if (!candidate) return candidate.error();
  const Result<Scenario> scenario = LoadScenario(options.scenario);
  if (!scenario) return scenario.error();
  const std::vector<std::string> names = ConfigurationsToTry(options, *scenario);
  if (names.empty()) return Error::BadInput(UnknownConfiguration(*scenario, options.consent));
  const ScratchFolder scratch("shrink");
  if (scratch.path().empty()) return Error::Environment("shrink: cannot make a temporary folder; set TMPDIR to one that can be written");
  const InterruptNote note;
  std::optional<Shrinker> chosen;  // The first that fails at an instant, else the first that fails.
  for (const std::string& name : names) {
    Shrinker shrinker(options, *candidate, name, scratch.path(), observer);
    const Result<bool> fails = shrinker.Begin();
    if (!fails) return fails.error();
    if (*fails && (!chosen || shrinker.has_instant())) chosen.emplace(std::move(shrinker));
    if (chosen && chosen->has_instant()) break;
  }
  if (chosen) return chosen->Run();
  return Error::BadInput(options.scenario + ": " + (options.failure.empty() ? "nothing fails" : "nothing fails with '" + options.failure + "' in its sentence") +
                         (names.size() == 1 ? " under " + names.front() : " under any of its configurations") + "; there is nothing to shrink");
}

}  // namespace dustproof
