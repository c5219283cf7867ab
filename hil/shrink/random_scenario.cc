#include "hil/shrink/random_scenario.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>

#include "hil/matrix/consent_plan.h"
#include "hil/matrix/failure_groups.h"
#include "hil/run/atomic_file.h"
#include "hil/run/inputs.h"
#include "hil/run/run_scenario.h"
#include "hil/shrink/candidate.h"
#include "sim/config/config.h"
#include "sim/core/random.h"
#include "sim/plan/generate.h"
#include "sim/plan/write_home.h"

namespace dustproof {
namespace {

namespace fs = std::filesystem;

constexpr const char* kConfiguration = "drawn";
constexpr int kDrawsMax = 1000;  // Until the answers satisfy the policy's constraints.

class Drawer {
 public:
  Drawer(const ConfigNode& base, const Scenario& scenario, const RobotConfig& robot, const Policy& policy, uint64_t seed)
      : scenario_(scenario), robot_(robot), policy_(policy), seed_(seed), random_(Seed(seed).Stream("random_scenario")) {
    out_.scenario = base;
  }

  Result<RandomScenario> Draw(const std::string& home_file) {
    GenerateOptions home;
    home.length_m_min = random_.Uniform(4, 8);
    home.length_m_max = home.length_m_min + random_.Uniform(0.5, 6);
    home.furnished = random_.Chance(0.8);
    home.robot_radius_m = robot_.body.radius_m;
    out_.home = HomeNode(GeneratePlan(seed_, home));
    Set("home", TextNode(home_file));
    Set("seed", ScalarNode(std::to_string(seed_)));
    Set("name", TextNode("random-" + std::to_string(seed_)));
    Set("description", TextNode("Drawn from " + scenario_.name + " with seed " + std::to_string(seed_)));
    Set("network", Network());
    Set("script", Script());
    if (ConfigNode faults = Faults(); !faults.items.empty()) Set("faults", std::move(faults));
    std::erase_if(out_.scenario.entries, [](const ConfigNode::Entry& e) { return e.key == "expect"; });
    for (int draw = 0; draw < kDrawsMax; ++draw) {
      const ConsentConfiguration answers = Answers();
      if (!BrokenConstraint(policy_, scenario_.consents, answers).empty()) continue;
      Set("consent_configurations", MapNode({{kConfiguration, ConfigurationNode(answers)}}));
      return std::move(out_);
    }
    return Error::BadInput(scenario_.path + ": no drawn answers satisfy the policy's constraints between consents");
  }

 private:
  void Set(const char* key, ConfigNode value) { SetEntry(&out_.scenario, key, std::move(value)); }
  // In the run, in tenths of a second.
  SimDuration Instant(double from, double to) { return SimDuration::Milliseconds(100) * static_cast<int64_t>(scenario_.duration.seconds() * 10 * random_.Uniform(from, to)); }
  ConfigNode Time(SimDuration time) const { return ScalarNode(FormatDuration(time)); }
  const std::string& Pick(const std::vector<std::string>& words) { return words[random_.Below(words.size())]; }

  ConfigNode Network() {
    ConfigNode network = MapNode({{"latency", Time(SimDuration::Milliseconds(static_cast<int64_t>(random_.Uniform(5, 400))))},
                                  {"jitter", Time(SimDuration::Milliseconds(static_cast<int64_t>(random_.Uniform(0, 60))))},
                                  {"loss_probability", ScalarNode(FormatNumber(std::round(random_.Uniform(0, 0.05) * 1000) / 1000))}});
    std::vector<ConfigNode> outages;
    for (uint64_t i = random_.Below(3); i > 0; --i) {
      outages.push_back(MapNode({{"at", Time(Instant(0, 0.9))}, {"duration", Time(SimDuration::Seconds(1 + static_cast<int64_t>(random_.Below(120))))},
                                 {"what", ScalarNode(random_.Chance(0.5) ? "internet" : "wifi")}}));
    }
    if (!outages.empty()) SetEntry(&network, "outages", ListNode(std::move(outages)));
    return network;
  }

  // How the base begins, then what a user may do at any time.
  ConfigNode Script() {
    std::vector<ConfigNode> steps;
    for (const ScriptStep& step : scenario_.script) {
      if (step.action == "pair" || step.action == "clean") steps.push_back(MapNode({{"at", Time(step.at)}, {"do", ScalarNode(step.action)}}));
    }
    static const std::vector<std::string> kActions = {"clean", "clean", "dock", "stop", "locate", "press", "open_app", "delete_data", "delete_account", "factory_reset"};
    static const std::vector<std::string> kButtons = {"clean", "home"};
    for (uint64_t i = random_.Below(6); i > 0; --i) {
      const std::string& action = Pick(kActions);
      ConfigNode step = MapNode({{"at", Time(Instant(0.05, 1))}, {"do", ScalarNode(action)}});
      if (action == "press") SetEntry(&step, "value", ScalarNode(Pick(kButtons)));
      steps.push_back(std::move(step));
    }
    return ListNode(std::move(steps));
  }

  // Of the power alone: which errors of its flash a product must live through is its maker's to say.
  ConfigNode Faults() {
    std::vector<ConfigNode> faults;
    for (uint64_t i = random_.Below(3); i > 0; --i) {
      ConfigNode fault = MapNode({{"at", Time(Instant(0, 1))}});
      const double kind = random_.Uniform();
      SetEntry(&fault, "do", ScalarNode(kind < 0.5 ? "power_cut" : kind < 0.8 ? "brownout" : "battery_charge"));
      if (kind < 0.5) SetEntry(&fault, "duration", Time(SimDuration::Milliseconds(100) * static_cast<int64_t>(1 + random_.Below(300))));
      if (kind >= 0.8) SetEntry(&fault, "value", ScalarNode(FormatNumber(std::round(random_.Uniform(0.05, 1) * 100) / 100)));
      faults.push_back(std::move(fault));
    }
    return ListNode(std::move(faults));
  }

  ConsentConfiguration Answers() {
    ConsentConfiguration answers;
    answers.name = kConfiguration;
    for (const std::string& consent : scenario_.consents)
      answers.initial[consent] = random_.Chance(consent == policy_.master_consent ? 0.95 : 0.5) ? ConsentState::kGranted : ConsentState::kDenied;
    for (uint64_t i = random_.Below(3); i > 0 && !scenario_.consents.empty(); --i) {
      const std::string& consent = Pick(scenario_.consents);
      const bool granted = answers.initial[consent] == ConsentState::kGranted;
      answers.changes.push_back({SimTime::Zero() + Instant(0.1, 1), consent, granted ? ConsentState::kWithdrawn : ConsentState::kGranted});
    }
    std::stable_sort(answers.changes.begin(), answers.changes.end(), [](const ConsentStep& a, const ConsentStep& b) { return a.at < b.at; });
    return answers;
  }

  static ConfigNode ConfigurationNode(const ConsentConfiguration& configuration) {
    std::vector<std::pair<std::string, ConfigNode>> answers;
    for (const auto& [consent, state] : configuration.initial) answers.emplace_back(consent, ScalarNode(ToWord(state)));
    ConfigNode node = MapNode({{"answers", MapNode(std::move(answers))}});
    std::vector<ConfigNode> changes;
    for (const ConsentStep& step : configuration.changes) {
      changes.push_back(MapNode({{"at", ScalarNode(FormatDuration(step.at - SimTime::Zero()))}, {"consent", ScalarNode(step.consent)}, {"state", ScalarNode(ToWord(step.state))}}));
    }
    if (!changes.empty()) SetEntry(&node, "changes", ListNode(std::move(changes)));
    return node;
  }

  const Scenario& scenario_;
  const RobotConfig& robot_;
  const Policy& policy_;
  const uint64_t seed_;
  RandomStream random_;
  RandomScenario out_;
};

class Campaign {
 public:
  Campaign(const RandomOptions& options, const RunInputs& inputs, const MatrixObserver& observer, const ShrinkObserver& on_shrink)
      : options_(options), inputs_(inputs), observer_(observer), on_shrink_(on_shrink) {}

  Result<RandomResult> Run() {
    const Result<std::string> folder = MakeResultFolder(options_.out, inputs_.scenario.name + "-random");
    if (!folder) return folder.error();
    result_.folder = *folder;
    if (Result<void> drawn = DrawAll(); !drawn) return drawn.error();
    if (Result<void> lived = LiveAll(); !lived) return lived.error();
    for (size_t i = 0; options_.tries > 0 && i < result_.matrix.failures.size() && !result_.matrix.interrupted; ++i) Shrink(i);
    return std::move(result_);
  }

 private:
  Result<void> DrawAll() {
    const Result<ConfigNode> base = LoadPortable(options_.scenario, options_.firmware);
    if (!base) return base.error();
    std::error_code error;
    fs::create_directories(result_.folder + "/scenarios", error);
    if (error) return Error::Environment("cannot make '" + result_.folder + "/scenarios': " + error.message());
    for (size_t i = 0; i < options_.count; ++i) {
      const std::string stem = "random-" + std::to_string(options_.first_seed + i);
      const Result<RandomScenario> drawn = DrawScenario(*base, inputs_, options_.first_seed + i, stem + ".home.yaml");
      if (!drawn) return drawn.error();
      const std::string path = result_.folder + "/scenarios/" + stem;
      if (Result<void> r = WriteAtomically(path + ".home.yaml", ToYaml(drawn->home)); !r) return r;
      if (Result<void> r = WriteAtomically(path + ".yaml", ToYaml(drawn->scenario)); !r) return r;
      result_.files.push_back(path + ".yaml");
    }
    return {};
  }

  Result<void> LiveAll() {
    MatrixOptions matrix;
    matrix.scenarios = result_.files;
    matrix.consents = "own";
    matrix.out = result_.folder + "/matrix";
    matrix.workers = options_.workers;
    Result<MatrixPlan> plan = PlanMatrix(matrix);
    if (!plan) return plan.error();
    DropControls(&*plan);
    MatrixObserver observer = observer_;
    observer.on_failure = [this](const CellResult& result) {
      if (const CellResult counted = Counted(result); counted.failed()) observer_.on_failure(counted);
    };
    Result<MatrixResult> lived = RunPlan(*plan, matrix, observer);
    if (!lived) return lived.error();
    result_.matrix = std::move(*lived);
    for (MatrixEntry& entry : result_.matrix.entries) {
      if (entry.result) entry.result = Counted(*entry.result);
    }
    result_.matrix.failures = GroupFailures(result_.matrix.entries);
    return {};
  }

  // Who is stopped, or loses power, need not finish.
  static CellResult Counted(CellResult result) {
    result.missed.clear();
    result.unuseful.clear();
    return result;
  }

  // A control only makes passes of what was not exercised, and what passes is not asked for.
  static void DropControls(MatrixPlan* plan) {
    MatrixPlan rest;
    rest.warnings = plan->warnings;
    for (size_t i = 0; i < plan->cells.size(); ++i) {
      if (plan->cells[i].control) continue;
      rest.cells.push_back(plan->cells[i]);
      rest.requests.push_back(plan->requests[i]);
      rest.durations.push_back(plan->durations[i]);
      rest.answers_at.push_back(plan->answers_at[i]);
    }
    *plan = std::move(rest);
  }

  void Shrink(size_t number) {
    const MatrixFailure& failure = result_.matrix.failures[number];
    const MatrixCell& cell = result_.matrix.entries[failure.cells.front()].cell;
    ShrinkOptions options;
    options.scenario = result_.folder + "/scenarios/" + cell.scenario + ".yaml";
    options.consent = kConfiguration;
    options.failure = failure.signature;
    options.tries = options_.tries;
    options.out = result_.folder + "/shrunk-" + std::to_string(number + 1) + ".yaml";
    Result<ShrinkResult> shrunk = ShrinkScenario(options, on_shrink_);
    if (shrunk)
      result_.shrunk.push_back(std::move(*shrunk));
    else
      result_.problems.push_back(options.scenario + ": " + failure.signature + ": " + ToString(shrunk.error()));
  }

  const RandomOptions& options_;
  const RunInputs& inputs_;
  const MatrixObserver& observer_;
  const ShrinkObserver& on_shrink_;
  RandomResult result_;
};

}  // namespace

Result<RandomScenario> DrawScenario(const ConfigNode& base, const RunInputs& inputs, uint64_t seed, const std::string& home_file) {
  return Drawer(base, inputs.scenario, inputs.robot, inputs.policy, seed).Draw(home_file);
}

Result<RandomResult> RunRandom(const RandomOptions& options, const MatrixObserver& observer, const ShrinkObserver& on_shrink) {
  const Result<RunInputs> inputs = LoadRunInputs({options.scenario, "", options.firmware, {}});
  if (!inputs) return inputs.error();
  return Campaign(options, *inputs, observer, on_shrink).Run();
}

}  // namespace dustproof
