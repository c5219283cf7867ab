#include "hil/run/power_cut_branch.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <set>

namespace dustproof {
namespace {

constexpr SimDuration kOffMin = SimDuration::Milliseconds(200);
constexpr double kOffSpread_s = 3;
constexpr SimDuration kLook = SimDuration::Milliseconds(250);
// To join, to look the cloud up, and to connect to it; what an outage takes comes on top.
constexpr SimDuration kSessionWithin = SimDuration::Seconds(90);
constexpr SimDuration kMotionWithin = SimDuration::Seconds(60);
constexpr double kMotion_m = 0.1;
// What is queued or hangs on a consent goes out within this time of a session, or not at all.
constexpr SimDuration kListenAfterSession = SimDuration::Seconds(25);
constexpr SimDuration kListenAlone = SimDuration::Seconds(10);
// Where flash was quiet, a robot finds what many others found: what it sends is judged after one in
// four of these cuts.
constexpr SimDuration kListenQuiet = SimDuration::Seconds(3);
constexpr uint64_t kQuietPerLong = 4;
// A robot that drives on takes ten times the CPU time of one that somebody has put into its dock.
// Both are judged after every kind of cut, but most of the long listening is done in docks.
constexpr double kCarriedToListen = 0.75, kCarriedElse = 0.4;
// A robot that knows its home says so soon after its boot.
constexpr SimDuration kMapWithin = SimDuration::Seconds(3);
constexpr SimDuration kReferenceOff = SimDuration::Seconds(1);

// Where the robot has confirmed a change of consents, half of the branches hide it from the cloud:
// then nothing but its own flash can tell the robot of it.
constexpr const char* kStaleCloud =
    "; its cloud, restored from a backup, no longer knew of a change that the robot had confirmed";

bool IsUnderWay(const RunWorld& world) {
  static const std::set<std::string> kWords = {"exploring", "cleaning", "returning"};
  const auto commanded = world.robot().commanded_m_s();
  return kWords.contains(world.bridge().activity()) || commanded[0] != 0 || commanded[1] != 0;
}

// The instant by which something must have happened that takes `within` while the line is up.
SimTime DeadlineWithOutages(const Scenario& scenario, SimTime from, SimDuration within) {
  SimTime deadline = from + within;
  for (const OutageSpec& outage : scenario.network.outages) {
    const SimTime begin = SimTime::Zero() + outage.at, end = begin + outage.duration;
    if (begin < deadline && end > from) deadline = std::max(deadline, end + within);
  }
  return deadline;
}

// One robot after one cut.
class Branch {
 public:
  Branch(const PowerCut& cut, const CutContext& context, RunWorld& world, PowerCutWatch& watch)
      : context_(context), world_(world), watch_(watch), before_(watch.standing()) {
    report_.cut = cut;
    moving_ = IsUnderWay(world) && !world.robot().docked();
  }

  CutReport Live() {
    const Seed own = context_.seed.Derive("powercut." + std::to_string(report_.cut.number));
    RandomStream random = own.Stream("branch");
    const bool long_one = report_.cut.at_flash || random.Below(kQuietPerLong) == 0;
    const bool carried =
        random.Chance(long_one ? kCarriedToListen : kCarriedElse) && !world_.robot().docked();
    const bool forgets = random.Chance(0.5) && long_one;
    const double off_s = std::floor(random.Uniform() * kOffSpread_s * 1e3) / 1e3;
    // Whether its recording is kept changes nothing else: that is how a failure is looked at.
    const bool listens = long_one || context_.recordings == BranchAudit::After::kKeep;

    std::unique_ptr<BranchAudit> audit;
    if (long_one) listen_ = kListenAfterSession;
    if (listens) {
      Result<std::unique_ptr<BranchAudit>> begun = BeginAudit();
      if (!begun) return Unjudged(begun.error());
      audit = std::move(*begun);
    }
    world_.bridge().flash().chip().ReseedCuts(own);
    world_.bridge().CutPower(report_.cut.operation);
    watch_.BeginAftermath();
    if (forgets) stale_cloud_ = world_.cloud().RestoreEarlierConsents(world_.now());
    if (carried) world_.PutIntoDock();
    moving_ = moving_ && !carried;
    world_.RunUntil(world_.now() + kOffMin + SimDuration::FromSeconds(off_s));
    LiveOn();
    JudgeBoot();
    JudgeSession();
    JudgeMotion();
    return audit == nullptr ? report_ : JudgeSends(*audit);
  }

 private:
  Result<std::unique_ptr<BranchAudit>> BeginAudit() {
    auto audit =
        BranchAudit::Begin(context_.folder + "/cut-" + std::to_string(report_.cut.number) + ".mcap",
                           context_.inputs, context_.consents, world_, watch_, context_.recordings);
    if (!audit) return audit;
    for (const ConsentChange& change : watch_.consent_changes()) (*audit)->AddEarlier(change);
    return audit;
  }

  // From the instant at which the power is back until there is nothing left to wait for.
  void LiveOn() {
    world_.bridge().RestorePower(DP_RESET_POWER_ON);
    back_ = world_.now();
    distance_m_ = world_.robot().distance_m();
    report_.map_judged = world_.robot().docked();
    world_.RunUntil(back_ + kMapWithin);
    if (report_.map_judged) report_.map = watch_.aftermath().first_map;
    while (!Settled()) world_.RunUntil(world_.now() + kLook);
  }

  CutReport JudgeSends(BranchAudit& audit) {
    const Result<std::set<std::string>> breaches = audit.Finish();
    if (!breaches) return Unjudged(breaches.error());
    report_.sends_judged = true;
    for (const std::string& breach : *breaches) {
      if (context_.breaches_without_cut.contains(breach)) continue;
      Fail("consents: " + breach + (stale_cloud_ ? kStaleCloud : ""));
    }
    return report_;
  }

  CutReport Unjudged(const Error& error) {
    Fail("could not be judged: " + ToString(error));
    return report_;
  }
  void Fail(const std::string& what) { report_.failures.push_back(what); }

  bool SessionDue() const {
    return before_.provisioned && before_.policy_granted && !watch_.standing().parting &&
           watch_.standing().policy_granted;
  }
  bool PairingLost() const { return SessionDue() && watch_.aftermath().setup_hotspot.has_value(); }
  bool GoesOn() const {
    return world_.robot().docked() || world_.robot().distance_m() - distance_m_ >= kMotion_m;
  }

  bool SessionSettled() const {
    if (!SessionDue()) return world_.now() >= back_ + kListenAlone;
    if (const auto& session = watch_.aftermath().session) return world_.now() >= *session + listen_;
    return PairingLost() ||
           world_.now() >= DeadlineWithOutages(context_.inputs.scenario, back_, kSessionWithin);
  }
  bool Settled() const {
    const bool motion = !moving_ || GoesOn() || world_.now() >= back_ + kMotionWithin;
    return world_.host().state() == Lockstep::State::kEnded || (motion && SessionSettled());
  }

  void JudgeBoot() {
    if (world_.host().state() == Lockstep::State::kEnded) Fail("the firmware ends after the boot");
  }

  void JudgeSession() {
    const PowerCutWatch::Aftermath& after = watch_.aftermath();
    report_.session_judged = SessionDue();
    if (PairingLost()) {
      Fail("credentials: it opens its setup hotspot again, although it was paired");
    } else if (SessionDue() && !after.session) {
      Fail("credentials: it does not come back into its cloud" +
           (after.refusals.empty() ? "" : ", which says: " + after.refusals.front()));
    }
  }

  void JudgeMotion() {
    report_.motion_judged = moving_;
    if (moving_ && !GoesOn())
      Fail("it was under way (" + activity_before_ + "), and neither goes on nor docks");
  }

  const CutContext& context_;
  RunWorld& world_;
  PowerCutWatch& watch_;
  const PowerCutWatch::Standing before_;
  const std::string activity_before_ = world_.bridge().activity();
  CutReport report_;
  bool moving_ = false;
  bool stale_cloud_ = false;
  SimDuration listen_ = kListenQuiet;
  SimTime back_;
  double distance_m_ = 0;
};

}  // namespace

std::optional<PowerCutWatch::SeenMap> LiveReferenceCut(RunWorld& world, PowerCutWatch& watch) {
  world.bridge().CutPower("reference");
  world.PutIntoDock();
  watch.BeginAftermath();
  world.RunUntil(world.now() + kReferenceOff);
  world.bridge().RestorePower(DP_RESET_POWER_ON);
  world.RunUntil(world.now() + kMapWithin);
  return watch.aftermath().first_map;
}

CutReport LivePowerCut(const PowerCut& cut, const CutContext& context, RunWorld& world,
                       PowerCutWatch& watch) {
  return Branch(cut, context, world, watch).Live();
}

}  // namespace dustproof
