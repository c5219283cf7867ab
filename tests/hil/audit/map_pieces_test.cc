#include <gtest/gtest.h>

#include "sim/plan/generate.h"
#include "tests/hil/audit/plan_pictures.h"
#include "tests/hil/audit/synthetic_run.h"

/// Pieces of the occupancy map in layouts that nobody declared, through the whole audit.
namespace dustproof {
namespace {

using namespace test;  // NOLINT: the whole vocabulary of a synthetic run.

struct Layout {
  const char* name;
  std::string (*encode)(const GridMap& piece);
};

std::string Bare(const GridMap& piece) { return piece.cells; }

const Layout kLayouts[] = {
    {"bare_cells", Bare},
    {"behind_a_header",
     [](const GridMap& p) { return std::string("MAP7\x02\x00\x35\x01\x00", 9) + p.cells; }},
    {"run_lengths", RunLengths},
    {"png", Png},
    {"two_bits", TwoBits},
    {"two_bits_in_zlib", [](const GridMap& p) { return Zlib(TwoBits(p)); }},
    {"rows_reversed", [](const GridMap& p) { return RowsReversed(p).cells; }},
    {"axes_swapped", [](const GridMap& p) { return Png(AxesSwapped(p)); }},
    {"turned_by_a_quarter", [](const GridMap& p) { return RunLengths(TurnedByQuarter(p)); }},
    {"scaled_down", [](const GridMap& p) { return Scaled(p, 0.61).cells; }},
    {"scaled_up", [](const GridMap& p) { return Zlib(Scaled(p, 1.7).cells); }},
};

class LayoutTest : public testing::TestWithParam<Layout> {};

TEST_P(LayoutTest, APieceOfTheMapIsFound) {
  SyntheticRun run(std::string("piece-") + GetParam().name);
  const GridMap map = MapOf(run.plan());
  RandomStream random(12);
  const uint64_t sequence =
      run.Put(200, "/v1/thumb", GetParam().encode(RandomCrop(map, 0.6, random)));
  const AuditReport report = run.Audit();
  const auto found = FindingsOf(report, "home_map");
  ASSERT_EQ(found.size(), 1u) << Describe(report);
  EXPECT_EQ(found[0]->sequence, sequence);
  EXPECT_EQ(found[0]->method, FindingMethod::kMap);
  EXPECT_EQ(WorstFor(report, "home_map", "vendor_cloud_cn"), Verdict::kFail);
}

TEST_P(LayoutTest, APieceOfAnotherHomesMapIsNot) {
  SyntheticRun run(std::string("twin-") + GetParam().name);
  RandomStream random(13);
  for (uint64_t seed = 300; seed < 303; ++seed) {
    const GridMap map = MapOf(GeneratePlan(seed, {.length_m_min = 8, .length_m_max = 11}));
    run.Put(200 + static_cast<double>(seed - 300), "/v1/thumb",
            GetParam().encode(RandomCrop(map, 0.6, random)));
  }
  const AuditReport report = run.Audit();
  EXPECT_TRUE(FindingsOf(report, "home_map").empty()) << Describe(report);
}

INSTANTIATE_TEST_SUITE_P(All, LayoutTest, testing::ValuesIn(kLayouts),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(MapPiecesTest, BlotsAndShuffledMapsRaiseNothing) {
  SyntheticRun run("blots");
  RandomStream random(14);
  const GridMap map = RandomCrop(MapOf(run.plan()), 0.9, random);
  for (int i = 0; i < 3; ++i) {
    run.Put(200 + 2 * i, "/v1/thumb", Blots(map, random).cells);
    run.Put(201 + 2 * i, "/v1/thumb", RunLengths(Shuffled(map, 20, random)));
  }
  const AuditReport report = run.Audit();
  EXPECT_TRUE(FindingsOf(report, "home_map").empty()) << Describe(report);
}

// Once a map came on a way, the next ones there are maps too: fifteen of them are found, and cost
// little more than one.
TEST(MapPiecesTest, EveryUploadOfAMapIsFound) {
  SyntheticRun run("uploads");
  const GridMap map = MapOf(run.plan());
  for (int i = 0; i < 15; ++i)
    run.Put(200 + i, "/v1/maps/" + std::to_string(i), MapFile(map, run.path()));
  const AuditReport report = run.Audit();
  int uploads = 0;
  for (const Finding* finding : FindingsOf(report, "home_map")) uploads += finding->repeats;
  EXPECT_EQ(uploads, 15) << Describe(report);
}

}  // namespace
}  // namespace dustproof
