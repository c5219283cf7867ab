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

TEST(PlantedValuesTest, RedrawsTheValuesOfACategoryAndNothingElse) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    const auto before = PlantValues(Seed(seed), "EU").ByCategory();
    ASSERT_EQ(PlantedCategories().size(), before.size());
    for (const std::string& redrawn : PlantedCategories()) {
      const auto after = PlantValues(Seed(seed), "EU", Redraw{redrawn, 1}).ByCategory();
      EXPECT_NE(PlantValues(Seed(seed), "EU", Redraw{redrawn, 2}).ByCategory().at(redrawn), after.at(redrawn));
      for (const auto& [category, values] : before) {
        if (category == redrawn) continue;
        EXPECT_EQ(after.at(category), values) << category << " while " << redrawn << " is redrawn";
      }
      for (size_t i = 0; i < before.at(redrawn).size(); ++i) {
        EXPECT_NE(after.at(redrawn)[i], before.at(redrawn)[i]);
        EXPECT_EQ(after.at(redrawn)[i].size(), before.at(redrawn)[i].size());
      }
    }
  }
}

TEST(PlantedValuesTest, ReadsWhatIsRedrawn) {
  for (const char* text : {"", "wifi_ssid", "robot_mac/2", "robot_mac/1000"}) {
    const auto redraw = ParseRedraw(text);
    ASSERT_TRUE(redraw) << text;
    EXPECT_EQ(ToText(*redraw), text);
  }
  for (const char* text : {"wifi", "wifi_ssid/", "wifi_ssid/0", "wifi_ssid/-1", "wifi_ssid/2x", "wifi_ssid/1001", "wifi_ssid/99999999999"})
    EXPECT_FALSE(ParseRedraw(text)) << text;
}

}  // namespace
}  // namespace dustproof
