#include "hil/run/run_stop.h"

#include <gtest/gtest.h>

namespace dustproof {
namespace {

StopInstant MustParse(const std::string& text, std::optional<uint64_t> earlier = std::nullopt) {
  const auto at = ParseStopInstant(text, earlier);
  EXPECT_TRUE(at.ok()) << text;
  return at ? *at : StopInstant();
}

std::string ProblemOf(const std::string& text, std::optional<uint64_t> earlier = std::nullopt) {
  const auto at = ParseStopInstant(text, earlier);
  return at ? "" : ToString(at.error());
}

TEST(ParseStopInstantTest, ReadsTimesEventsAndNumbers) {
  EXPECT_EQ(MustParse("12.5s").time, SimDuration::Milliseconds(12'500));
  EXPECT_EQ(MustParse("1min30s").time, SimDuration::Seconds(90));
  EXPECT_EQ(MustParse("tls_handshake_done").run_event, "tls_handshake_done");
  EXPECT_EQ(MustParse("firmware:state=going home").run_event, "firmware:state=going home");
  EXPECT_EQ(MustParse("1234ev").events_run, 1233u);  // Before event 1234, 1233 have run.
}

TEST(ParseStopInstantTest, CountsBackFromAnEarlierRun) {
  EXPECT_EQ(MustParse("-1ev", 500).events_run, 499u);
  EXPECT_EQ(MustParse("-500ev", 500).events_run, 0u);
  EXPECT_TRUE(IsRelativeStop("-1ev"));
  EXPECT_FALSE(IsRelativeStop("1ev"));
  EXPECT_FALSE(IsRelativeStop("12s"));
}

TEST(ParseStopInstantTest, SaysWhatIsWrong) {
  EXPECT_NE(ProblemOf("-1ev").find("there is none"), std::string::npos);
  EXPECT_NE(ProblemOf("-501ev", 500).find("ended after 500"), std::string::npos);
  EXPECT_NE(ProblemOf("0ev").find("before the first event"), std::string::npos);
  EXPECT_NE(ProblemOf("12:30").find("wants a time"), std::string::npos);
  EXPECT_NE(ProblemOf("").find("wants a time"), std::string::npos);
}

// A queue with an event each second, and where a run on it stops: after how many events.
std::vector<uint64_t> StopsOf(const StopInstant& at) {
  EventQueue queue;
  std::vector<uint64_t> stops;
  RunStop stop(at, queue, [&] { stops.push_back(queue.events_run()); });
  for (int second = 1; second <= 5; ++second) {
    queue.Schedule(
        SimTime::Zero() + SimDuration::Seconds(second), EventSource::kScript, [&, second] {
          stop.OnRunEvent(
              {queue.now(), "script", second == 4 ? "late" : "tick", std::to_string(second)});
        });
  }
  while (!queue.empty()) {
    stop.BeforeNextEvent();
    queue.RunNext();
  }
  return stops;
}

TEST(RunStopTest, StopsOnceAndBeforeTheInstant) {
  EXPECT_EQ(StopsOf(MustParse("3s")), std::vector<uint64_t>{2});
  EXPECT_EQ(StopsOf(MustParse("2500ms")), std::vector<uint64_t>{2});
  EXPECT_EQ(StopsOf(MustParse("4ev")), std::vector<uint64_t>{3});
  EXPECT_EQ(StopsOf(MustParse("1h")), std::vector<uint64_t>{});
}

TEST(RunStopTest, StopsInTheEventThatRecordsSomething) {
  EXPECT_EQ(StopsOf(MustParse("late")), std::vector<uint64_t>{4});
  EXPECT_EQ(StopsOf(MustParse("script:tick")), std::vector<uint64_t>{1});
  EXPECT_EQ(StopsOf(MustParse("tick=3")), std::vector<uint64_t>{3});
  EXPECT_EQ(StopsOf(MustParse("robot:tick")), std::vector<uint64_t>{});
  EXPECT_EQ(StopsOf(StopInstant()), std::vector<uint64_t>{});
}

}  // namespace
}  // namespace dustproof
