#include "hil/audit/baseline.h"

#include <gtest/gtest.h>

namespace dustproof {
namespace {

constexpr const char* kHead = "kind: baseline\nformat_version: 1\naccepted:\n";
const BaselineSubject kMap = {"0123456789abcdef0123456789abcdef", "first_run", "F1", "home_map", "vendor_cloud_cn"};

Result<Baseline> Parse(const std::string& entries) { return ParseConfig<Baseline>(kHead + entries, "b.yaml"); }

std::string Problem(const std::string& entries) {
  const Result<Baseline> baseline = Parse(entries);
  return baseline ? "" : ToString(baseline.error());
}

BaselineUse On(const std::string& today, const std::string& entries) { return BaselineUse(*Parse(entries), today); }

constexpr const char* kEntry = "  - {fingerprint: 0123456789abcdef0123456789abcdef, reason: known, until: 2027-01-31, by: Ada}\n";

TEST(BaselineTest, AcceptsUntilItsLastDayAndNotTheNext) {
  const auto on_the_day = On("2027-01-31", kEntry).Find(kMap);
  ASSERT_TRUE(on_the_day);
  EXPECT_FALSE(on_the_day->expired);
  EXPECT_EQ(ToText(*on_the_day), "accepted until 2027-01-31 by Ada: known");
  const auto later = On("2027-02-01", kEntry).Find(kMap);
  ASSERT_TRUE(later);
  EXPECT_TRUE(later->expired);
  EXPECT_EQ(ToText(*later), "no longer accepted, since 2027-01-31 is past (by Ada: known)");
}

TEST(BaselineTest, MatchesByPatternsOfWhichAllMustHold) {
  const auto finds = [](const std::string& conditions) { return On("2026-01-01", "  - {" + conditions + ", reason: r, until: 2026-02-01}\n").Find(kMap).has_value(); };
  EXPECT_TRUE(finds("category: home_map"));
  EXPECT_TRUE(finds("scenario: 'first*', party: 'vendor_*_cn'"));
  EXPECT_TRUE(finds("rule: '*'"));
  EXPECT_FALSE(finds("scenario: first, category: home_map"));
  EXPECT_FALSE(finds("category: home_map, party: other"));
  EXPECT_FALSE(finds("fingerprint: ffffffffffffffffffffffffffffffff, category: home_map"));
}

TEST(BaselineTest, PrefersAnEntryThatStillHolds) {
  const auto found = On("2027-03-01", std::string(kEntry) + "  - {category: home_map, reason: again, until: 2027-06-30}\n").Find(kMap);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->reason, "again");
  EXPECT_FALSE(found->expired);
}

TEST(BaselineTest, RefusesWhatWouldAcceptInSilence) {
  EXPECT_NE(Problem("  - {category: home_map, reason: '', until: 2027-01-31}\n").find("b.yaml:4:"), std::string::npos);
  EXPECT_NE(Problem("  - {category: home_map, until: 2027-01-31}\n").find("reason"), std::string::npos);
  EXPECT_NE(Problem("  - {category: home_map, reason: r}\n").find("until"), std::string::npos);
  EXPECT_NE(Problem("  - {reason: r, until: 2027-01-31}\n").find("would accept everything"), std::string::npos);
  EXPECT_NE(Problem("  - {category: home_map, reason: r, until: 2027-02-29}\n").find("must be a day of the calendar"), std::string::npos);
  EXPECT_NE(Problem("  - {fingerprint: 12, reason: r, until: 2027-01-31}\n").find("32 hex digits"), std::string::npos);
  EXPECT_NE(Problem("  - {categroy: home_map, reason: r, until: 2027-01-31}\n").find("did you mean 'category'"), std::string::npos);
  EXPECT_EQ(Problem("  - {category: home_map, reason: r, until: 2028-02-29}\n"), "");
}

TEST(BaselineTest, NamesEntriesThatMatchNothingThere) {
  BaselineUse use = On("2026-01-01", std::string(kEntry) + "  - {category: wifi_ssid, reason: r, until: 2026-02-01}\n  - {scenario: other_home, reason: r, until: 2026-02-01}\n");
  EXPECT_EQ(use.Stale({"first_run"}).size(), 2u);  // The third is of no scenario that ran.
  use.Find(kMap);
  const auto stale = use.Stale({"first_run"});
  ASSERT_EQ(stale.size(), 1u);
  EXPECT_EQ(stale[0].where.line, 5);
  EXPECT_EQ(stale[0].field, "accepted[1]");
}

}  // namespace
}  // namespace dustproof
