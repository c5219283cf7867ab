#include <gtest/gtest.h>

#include <algorithm>

#include "tests/hil/shim/bench.h"
#include "tests/hil/shim/child_run.h"

namespace dustproof {
namespace {

using Lines = std::vector<std::string>;

constexpr SimDuration Ms(int64_t ms) { return SimDuration::Milliseconds(ms); }

ComputeTable AfterSleep(int cores, int64_t ms) {
  return {.cores = cores, .after = {{"*", "clock.sleep_us", Ms(ms)}}, .deadlines = {}};
}

Lines RunLines(const std::string& behaviour, const ComputeTable& compute, double until_s = 10) {
  Bench bench("computing", behaviour, 1, compute);
  bench.RunUntil(until_s);
  EXPECT_EQ(bench.host->state(), Lockstep::State::kEnded);
  return bench.log.lines;
}

std::string Counted(const std::vector<DeadlineCount>& counts) {
  std::string text;
  for (const DeadlineCount& c : counts) {
    text += (text.empty() ? "" : ", ") + c.task + " " + std::to_string(c.missed) + " of " +
            std::to_string(c.activations) + " worst " + std::to_string(c.worst.milliseconds());
  }
  return text;
}

// A turn every 200 ms, ten of them, numbered by their beginning in microseconds.
void PushTurns(Bench& bench) {
  for (uint64_t i = 1; i <= 10; ++i) {
    bench.queue.Schedule(SimTime::Zero() + Ms(200 * static_cast<int64_t>(i)), EventSource::kSensor,
                         [&bench, i] {
                           dp_lidar_turn turn{};
                           turn.start_us = i;
                           bench.host->sensors().Push(turn);
                         });
  }
}

TEST(ComputeModelTest, TakesNoTimeWithoutATable) {
  EXPECT_EQ(RunLines("workers", {}),
            (Lines{"a at 10000", "b at 10000", "a at 20000", "b at 20000"}));
}

// Both wake at 10 ms and want 30 ms: a has the core from 10 to 40, b from 40 to 70. a rests until
// 50 and waits for b: 70 to 100. b rests until 80: 100 to 130.
TEST(ComputeModelTest, ServesTasksOneAfterAnotherOnOneCore) {
  EXPECT_EQ(RunLines("workers", AfterSleep(1, 30)),
            (Lines{"a at 40000", "b at 70000", "a at 100000", "b at 130000"}));
}

// Each has a core: 10 + 30, and again.
TEST(ComputeModelTest, ServesTasksAtOnceOnTwoCores) {
  EXPECT_EQ(RunLines("workers", AfterSleep(2, 30)),
            (Lines{"a at 40000", "b at 40000", "a at 80000", "b at 80000"}));
}

TEST(ComputeModelTest, RepeatsItself) {
  const auto once = [] {
    Bench bench("computing", "workers", 1, AfterSleep(1, 7));
    bench.RunUntil(10);
    return std::pair(bench.log.lines, bench.host->switch_count());
  };
  EXPECT_EQ(once(), once());
}

// One turn takes a second, five come in that time, the queue keeps the last four: at 1.2 s those
// are 3 to 6, at 2.2 s 7 to 10.
TEST(ComputeModelTest, LetsSamplesPileUpBeforeASlowReader) {
  Bench bench("computing", "read_turns", 1,
              {.cores = 1, .after = {{"main", "lidar.read", Ms(1000)}}, .deadlines = {}});
  PushTurns(bench);
  bench.RunUntil(20);
  EXPECT_EQ(bench.log.lines,
            (Lines{"turn 1 at 1200000", "turn 3 at 2200000", "turn 7 at 3200000",
                   "turn 8 at 4200000", "turn 9 at 5200000", "turn 10 at 6200000"}));
}

// Spans of `measure`: what follows its first clock.now_us, 1 ms of rest and what follows that; then
// what follows clock.now_us alone.
TEST(ComputeModelTest, TakesTheEntryThatSaysMost) {
  const ComputeTable table{.cores = 16,
                           .after = {{"*", "*", Ms(1)},
                                     {"*", "clock.sleep_us", Ms(2)},
                                     {"main", "*", Ms(4)},
                                     {"main", "clock.sleep_us", Ms(8)}},
                           .deadlines = {}};
  EXPECT_EQ(RunLines("spans", table), (Lines{"other 4000 1000", "main 13000 4000"}));
  ComputeTable turned = table;
  std::reverse(turned.after.begin(), turned.after.end());
  EXPECT_EQ(RunLines("spans", turned), (Lines{"other 4000 1000", "main 13000 4000"}));
}

// main returns at 10 ms with 30 ms to compute.
TEST(ComputeModelTest, EndsATaskWhenItHasComputed) {
  Bench bench("computing", "ends_busy", 1, AfterSleep(1, 30));
  bench.RunUntil(0.039);
  EXPECT_EQ(bench.host->state(), Lockstep::State::kRunning);
  bench.RunUntil(0.041);
  EXPECT_EQ(bench.host->state(), Lockstep::State::kEnded);
}

// The core is the other's until 40 ms, although it has nothing more to say.
TEST(ComputeModelTest, KeepsTheCoreOfATaskThatEnds) {
  EXPECT_EQ(RunLines("ends_busy_beside_another", AfterSleep(1, 30)),
            (Lines{"a at 70000", "a at 110000"}));
}

// At 20 ms a computes until 40, b waits for the core until then; after the cut it is free at once.
TEST(ComputeModelTest, FreesTheCoresInAReset) {
  Bench bench("computing", "workers", 1, AfterSleep(1, 30));
  bench.RunUntil(0.020);
  bench.host->PowerCut();
  bench.host->PowerOn();
  bench.RunUntil(0.091);
  EXPECT_EQ(bench.log.lines, (Lines{"a at 40000", "b at 70000"}));
  bench.host.reset();  // While both compute.
}

TEST(ComputeModelTest, TakesATaskThatComputesForOneThatCanGoOn) {
  EXPECT_EQ(RunLines("ask", AfterSleep(1, 30)), Lines{"42 at 40000"});
}

TEST(ComputeModelTest, ShowsInADiagnosisWhoComputes) {
  const ChildOutcome outcome =
      RunInChild({.firmware = "computing",
                  .behaviour = "die_beside",
                  .compute = {.cores = 1, .after = {{"thinker", "*", Ms(5000)}}, .deadlines = {}}});
  EXPECT_EQ(outcome.exit_code, kFirmwareFaultExit);
  ASSERT_EQ(outcome.diagnosis.tasks.size(), 2u);
  EXPECT_EQ(outcome.diagnosis.tasks[1].name, "thinker");
  EXPECT_EQ(outcome.diagnosis.tasks[1].state, "computing");
  EXPECT_EQ(outcome.diagnosis.tasks[1].hal_call, "clock.sleep_us");
}

// As in the run on one core: a is ready at 10 and rests at 40, then 50 to 100; b 10 to 70, 80 to
// 130. What takes exactly as long as it may is in time.
TEST(ComputeModelTest, CountsDeadlinesFromTheEndOfAWaitToTheNext) {
  ComputeTable table = AfterSleep(1, 30);
  table.deadlines = {{"a", Ms(50)}, {"b", Ms(50)}};
  Bench bench("computing", "workers", 1, table);
  bench.RunUntil(0.0599);
  EXPECT_EQ(bench.log.lines, Lines{"a at 40000"});
  EXPECT_EQ(Counted(bench.host->deadlines()), "a 0 of 2 worst 30, b 0 of 1 worst 49");
  bench.RunUntil(0.0601);  // b's time was over at 60.
  EXPECT_EQ(bench.log.lines, (Lines{"a at 40000", "b is late"}));
  bench.RunUntil(10);
  EXPECT_EQ(Counted(bench.host->deadlines()), "a 0 of 2 worst 50, b 1 of 2 worst 60");
}

TEST(ComputeModelTest, MeetsEveryDeadlineInNoTime) {
  Bench bench("computing", "workers", 1, {.cores = 1, .after = {}, .deadlines = {{"a", Ms(1)}}});
  bench.RunUntil(10);
  EXPECT_EQ(Counted(bench.host->deadlines()), "a 0 of 2 worst 0");
}

// It never waits again while turns lie there, yet each is a piece of work of its own. The last
// wait, which brings nothing, is an activation too.
TEST(ComputeModelTest, CountsWorkThatPilesUpOneByOne) {
  Bench bench(
      "computing", "read_turns", 1,
      {.cores = 1, .after = {{"main", "lidar.read", Ms(1000)}}, .deadlines = {{"main", Ms(500)}}});
  PushTurns(bench);
  bench.RunUntil(20);
  EXPECT_EQ(Counted(bench.host->deadlines()), "main 7 of 7 worst 1000");
}

// b waits for the flash and then for its own erase, in one call.
TEST(ComputeModelTest, TakesTwoWaitsOfOneCallForOne) {
  Bench bench("computing", "erasers", 1,
              {.cores = 1, .after = {}, .deadlines = {{"a", Ms(1)}, {"b", Ms(1)}}});
  bench.RunUntil(10);
  EXPECT_EQ(Counted(bench.host->deadlines()), "a 0 of 1 worst 0, b 0 of 1 worst 0");
}

// The cut at 65 ms finds b late and computing: that stays counted. Before the second cut, at 91 ms,
// it is not late.
TEST(ComputeModelTest, KeepsCountOverAReset) {
  ComputeTable table = AfterSleep(1, 30);
  table.deadlines = {{"b", Ms(50)}};
  Bench bench("computing", "workers", 1, table);
  bench.RunUntil(0.065);
  bench.host->PowerCut();
  bench.host->PowerOn();
  bench.RunUntil(0.091);
  EXPECT_EQ(Counted(bench.host->deadlines()), "b 1 of 2 worst 55");
}

TEST(ComputeModelTest, TellsOfTheFirstHundredMissesOnly) {
  Bench bench(
      "computing", "read_turns", 1,
      {.cores = 1, .after = {{"main", "lidar.read", Ms(10)}}, .deadlines = {{"main", Ms(5)}}});
  for (int64_t i = 1; i <= 150; ++i) {
    bench.queue.Schedule(SimTime::Zero() + Ms(100 * i), EventSource::kSensor,
                         [&bench] { bench.host->sensors().Push(dp_lidar_turn{}); });
  }
  bench.RunUntil(15.05);
  EXPECT_EQ(std::count(bench.log.lines.begin(), bench.log.lines.end(), "main is late"), 100);
  EXPECT_EQ(Counted(bench.host->deadlines()), "main 150 of 150 worst 10");
}

TEST(ComputeModelTest, NamesTasksThatNeverWere) {
  Bench bench("computing", "workers", 1,
              {.cores = 1,
               .after = {{"slam", "lidar.read", Ms(1)}, {"a", "*", Ms(1)}, {"*", "*", Ms(1)}},
               .deadlines = {{"slam", Ms(1)}, {"motors", Ms(1)}}});
  bench.RunUntil(1);
  EXPECT_EQ(bench.host->unknown_tasks(), (Lines{"slam", "motors"}));
}

}  // namespace
}  // namespace dustproof
