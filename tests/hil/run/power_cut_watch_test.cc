#include "hil/run/power_cut_watch.h"

#include <gtest/gtest.h>

namespace dustproof {
namespace {

class Kept final : public ForwardingSink {
 public:
  using ForwardingSink::Write;
  void Write(const Emission& emission) override { connections.push_back(emission.connection); }
  std::vector<uint32_t> connections;
};

SimTime At(double s) { return SimTime::Zero() + SimDuration::FromSeconds(s); }

Emission Sent(double s, uint32_t connection) {
  Emission emission;
  emission.time = At(s);
  emission.kind = EmissionKind::kPlaintext;
  emission.direction = Direction::kFromRobot;
  emission.connection = connection;
  return emission;
}

RunEvent Event(double s, const char* source, const char* name, const char* detail = "") {
  return {At(s), source, name, detail};
}

// A packet whose first half went before the cut and whose second half arrives after it says nothing
// that could be read.
TEST(PowerCutWatchTest, PassesNothingOnOfConversationsFromBeforeTheCut) {
  Kept kept;
  PowerCutWatch watch;
  watch.ForwardTo(&kept);
  watch.Write(Sent(1, 7));
  watch.BeginAftermath();
  watch.Write(Sent(1.03, 7));
  watch.Write(Sent(4, 8));
  watch.Write(Sent(5, 0));  // A datagram is a conversation of its own.
  EXPECT_EQ(kept.connections, (std::vector<uint32_t>{7, 8, 0}));
}

TEST(PowerCutWatchTest, CountsEachInstantOfSendingOnce) {
  PowerCutWatch watch;
  watch.Write(Sent(1, 7));
  watch.Write(Sent(1, 7));
  watch.Write(Sent(2, 7));
  EXPECT_EQ(watch.sends(), (std::vector<SimTime>{At(1), At(2)}));
}

TEST(PowerCutWatchTest, KnowsWhetherTheRobotIsDueInItsCloud) {
  PowerCutWatch watch;
  EXPECT_FALSE(watch.standing().provisioned);
  watch.Write(Event(1, "app", "provisioned"));
  watch.Write(ConsentChange{At(2), "C_POLICY", "granted", ""});
  EXPECT_TRUE(watch.standing().provisioned && watch.standing().policy_granted);
  EXPECT_FALSE(watch.standing().parting);
  watch.Write(Event(3, "script", "button_pressed", "reset"));
  EXPECT_TRUE(watch.standing().parting);
  watch.Write(Event(4, "app", "provisioned"));
  EXPECT_FALSE(watch.standing().parting);
}

TEST(PowerCutWatchTest, KeepsOfTheAftermathOnlyWhatCameAfterTheCut) {
  PowerCutWatch watch;
  watch.Write(Event(1, "cloud", "session_opened"));
  watch.BeginAftermath();
  EXPECT_FALSE(watch.aftermath().session);
  watch.Write(Event(5, "cloud", "session_opened"));
  watch.Write(Event(6, "cloud", "session_opened"));
  EXPECT_EQ(watch.aftermath().session, At(5));
}

}  // namespace
}  // namespace dustproof
