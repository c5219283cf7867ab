#include "sim/core/cpu_share.h"

#include <gtest/gtest.h>

#include <numeric>

namespace dustproof {
namespace {

TEST(CpuShareTest, SumsToOneAndGoesBackAfterAScope) {
  CpuShare share;
  share.Switch(CpuSection::kFirmware);
  {
    CpuScope scope(&share, CpuSection::kLidar);
    EXPECT_EQ(share.Switch(CpuSection::kLidar), CpuSection::kLidar);
  }
  EXPECT_EQ(share.Switch(CpuSection::kOther), CpuSection::kFirmware);
  const auto shares = share.Shares();
  EXPECT_NEAR(std::accumulate(shares.begin(), shares.end(), 0.0), 1, 1e-9);
}

TEST(CpuShareTest, GivesABusySectionTheMost) {
  CpuShare share;
  {
    CpuScope scope(&share, CpuSection::kPhysics);
    volatile double sink = 0;
    for (int i = 0; i < 2'000'000; ++i) sink = sink + 1;
  }
  EXPECT_GT(share.Shares()[static_cast<size_t>(CpuSection::kPhysics)], 0.5);
}

}  // namespace
}  // namespace dustproof
