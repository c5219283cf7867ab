#include "sim/scenario/planted.h"

#include <gtest/gtest.h>

#include <set>

namespace dustproof {
namespace {

TEST(PlantedValuesTest, AreAllDifferentAndLongEnoughToBeProof) {
  std::set<std::string> seen;
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    for (const auto& [category, values] : PlantValues(Seed(seed), "CN").ByCategory()) {
      for (const std::string& value : values) {
        EXPECT_TRUE(seen.insert(value).second) << category << " repeats " << value;
        EXPECT_GE(value.size(), 12u) << category;
      }
    }
  }
}

TEST(PlantedValuesTest, AreTheSameForTheSameSeed) {
  EXPECT_EQ(PlantValues(Seed(3), "EU").ByCategory(), PlantValues(Seed(3), "EU").ByCategory());
}

TEST(PlantedValuesTest, HaveAUnicastMac) {
  for (uint64_t seed = 1; seed <= 50; ++seed)
    EXPECT_EQ(PlantValues(Seed(seed), "US").robot_mac[0] & 1, 0);
}

}  // namespace
}  // namespace dustproof
