#include "hil/run/run_faults.h"

#include <gtest/gtest.h>

#include "hil/shim/lockstep/virtual_time.h"
#include "tests/sim/engine/box_room.h"

namespace dustproof {
namespace {

using Lines = std::vector<std::string>;
constexpr WallTime kStart = WallTime::FromUnixSeconds(1'772'442'000);

class EventLog final : public ForwardingSink {
 public:
  using ForwardingSink::Write;
  void Write(const RunEvent& event) override { events.push_back(event); }
  Lines Details(const std::string& source, const std::string& name) const {
    Lines details;
    for (const RunEvent& e : events) {
      if (e.source == source && e.name == name) details.push_back(e.detail);
    }
    return details;
  }
  SimTime TimeOf(const std::string& name, size_t index) const {
    for (const RunEvent& e : events) {
      if (e.name == name && index-- == 0) return e.time;
    }
    return SimTime::Min();
  }
  std::vector<RunEvent> events;
};

/// The errand's first seconds (it programs "a secret" at 4096 as soon as it runs) under faults.
struct FaultyRun {
  explicit FaultyRun(const std::vector<FaultSpec>& specs)
      : room({}),
        faults(specs, &log),
        bridge({&room.events, room.robot.get(), nullptr, &faults, nullptr}, RobotIdentity(),
               FlashSpec(), Seed(3), [] { return ""; }) {
    auto installed = VirtualTime::Install(room.events, kStart, Seed(4));
    EXPECT_TRUE(installed.ok());
    time = std::move(installed).value();
    auto created =
        Lockstep::Create({.firmware_path = ERRAND_FIRMWARE, .start = kStart, .seed = Seed(5)},
                         room.events, bridge.devices());
    EXPECT_TRUE(created.ok()) << (created.ok() ? "" : ToString(created.error()));
    host = std::move(created).value();
    bridge.Attach(host.get());
    faults.Arm(&room.events, room.robot.get(), &bridge);
    host->PowerOn();
  }
  ~FaultyRun() { bridge.Attach(nullptr); }

  unsigned FlashByte(uint32_t address) {
    return std::to_integer<unsigned>(bridge.flash().chip().image()[address]);
  }

  BoxRoom room;
  EventLog log;
  RunFaults faults;
  FirmwareBridge bridge;
  std::unique_ptr<VirtualTime> time;
  std::unique_ptr<Lockstep> host;
};

FaultSpec Fault(const std::string& action) {
  FaultSpec fault;
  fault.action = action;
  return fault;
}

TEST(RunFaultsTest, CutsThePowerAtItsTimeAndGivesItBack) {
  FaultSpec cut = Fault("power_cut");
  cut.at = SimDuration::Seconds(1);
  cut.duration = SimDuration::Milliseconds(500);
  const std::vector<FaultSpec> faults = {cut};
  FaultyRun run(faults);
  run.room.Run(1.2);
  EXPECT_FALSE(run.bridge.powered());
  EXPECT_EQ(run.host->state(), Lockstep::State::kOff);
  run.room.Run(1);
  EXPECT_TRUE(run.bridge.powered());
  EXPECT_EQ(run.log.Details("engine", "fault"), Lines{"power_cut"});
  EXPECT_EQ(run.log.Details("firmware", "boot"), (Lines{"power_on", "power_on"}));
  EXPECT_EQ(run.log.TimeOf("boot", 1), SimTime::Zero() + SimDuration::Milliseconds(1500));
}

TEST(RunFaultsTest, ACutDuringACutIsNoSecondOne) {
  FaultSpec first = Fault("power_cut"), second = Fault("power_cut");
  first.at = SimDuration::Seconds(1);
  second.at = SimDuration::Milliseconds(1500);
  const std::vector<FaultSpec> faults = {first, second};
  FaultyRun run(faults);
  run.room.Run(6);
  EXPECT_EQ(run.log.Details("firmware", "power_cut").size(), 1u);
  EXPECT_EQ(run.log.Details("firmware", "boot"), (Lines{"power_on", "power_on"}));
}

// The second program is that of the second boot; 0.3 ms of its 0.7 have passed when the supply
// sags, so that it is torn: some of the bits of "a secret" are cleared, some are not.
TEST(RunFaultsTest, BrownsOutInTheMiddleOfTheSecondProgram) {
  FaultSpec cut = Fault("power_cut");
  cut.at = SimDuration::Microseconds(100);
  FaultSpec sag = Fault("brownout");
  sag.on = "flash_program";
  sag.count = 2;
  sag.after = SimDuration::Microseconds(300);
  FaultSpec off = Fault("power_cut");
  off.on = "flash_program";
  off.count = 3;  // Before the third, after the brown-out, has changed a bit.
  const std::vector<FaultSpec> faults = {cut, sag, off};
  FaultyRun run(faults);
  run.room.Run(3);
  EXPECT_EQ(run.log.Details("firmware", "boot"), (Lines{"power_on", "power_on", "brownout"}));
  unsigned wanted = 0, cleared = 0, wrong = 0;
  const std::string secret = "a secret";
  for (uint32_t i = 0; i < secret.size(); ++i) {
    const unsigned zeros = ~static_cast<unsigned>(secret[i]) & 0xFF;
    const unsigned got = ~run.FlashByte(4096 + i) & 0xFF;
    wanted += static_cast<unsigned>(__builtin_popcount(zeros));
    cleared += static_cast<unsigned>(__builtin_popcount(got));
    wrong += (got & ~zeros) != 0;
  }
  EXPECT_GT(cleared, 0u);
  EXPECT_LT(cleared, wanted);
  EXPECT_EQ(wrong, 0u);
}

TEST(RunFaultsTest, LosesWritesFromAnEventOnUntilItsTimeIsOver) {
  FaultSpec lost = Fault("flash_lost_writes");
  lost.on = "firmware.state";  // "on_an_errand", just before the program.
  lost.value = 1;
  lost.duration = SimDuration::Seconds(1);
  const std::vector<FaultSpec> faults = {lost};
  FaultyRun run(faults);
  run.room.Run(0.5);
  EXPECT_EQ(run.bridge.flash().chip().faults().lost_write_probability, 1);
  EXPECT_EQ(run.FlashByte(4096), 0xFFu);
  run.room.Run(1);
  EXPECT_EQ(run.bridge.flash().chip().faults().lost_write_probability, 0);
  EXPECT_EQ(run.log.Details("engine", "fault_over"), Lines{"flash_lost_writes"});
}

TEST(RunFaultsTest, EachFaultOfTheFlashLeavesTheOthersAlone) {
  FaultSpec bits = Fault("flash_bit_errors"), disturb = Fault("flash_read_disturb");
  bits.at = SimDuration::Milliseconds(100);
  bits.value = 1e-6;
  disturb.at = SimDuration::Milliseconds(200);
  disturb.value = 40;
  disturb.duration = SimDuration::Milliseconds(100);
  const std::vector<FaultSpec> faults = {bits, disturb};
  FaultyRun run(faults);
  run.room.Run(0.25);
  EXPECT_EQ(run.bridge.flash().chip().faults().bit_error_rate, 1e-6);
  EXPECT_EQ(run.bridge.flash().chip().faults().read_disturb_reads, 40);
  run.room.Run(0.25);
  EXPECT_EQ(run.bridge.flash().chip().faults().bit_error_rate, 1e-6);
  EXPECT_EQ(run.bridge.flash().chip().faults().read_disturb_reads, 0);
  EXPECT_EQ(run.bridge.flash().chip().faults().lost_write_probability, 0);
}

TEST(RunFaultsTest, EmptiesTheBattery) {
  FaultSpec empty = Fault("battery_charge");
  empty.at = SimDuration::Seconds(1);
  empty.value = 0.01;
  const std::vector<FaultSpec> faults = {empty};
  FaultyRun run(faults);
  run.room.Run(3);
  EXPECT_EQ(run.log.Details("firmware", "brownout").size(), 1u);
  EXPECT_FALSE(run.bridge.powered());
}

}  // namespace
}  // namespace dustproof
