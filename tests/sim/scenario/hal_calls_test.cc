#include "sim/scenario/hal_calls.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>

namespace dustproof {
namespace {

// robot.yaml names calls as the HAL's sources do.
TEST(HalCallNamesTest, AreThoseOfTheSources) {
  std::set<std::string> named;
  const std::regex call("HalCall(?: call)?\\(\"([a-z0-9_.]+)\"");
  const std::string folder = std::string(DUSTPROOF_SOURCE_DIR) + "/hil/shim/lockstep";
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (!entry.path().filename().string().starts_with("hal_")) continue;
    std::ifstream file(entry.path());
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    for (std::sregex_iterator it(text.begin(), text.end(), call), end; it != end; ++it)
      named.insert((*it)[1]);
  }
  EXPECT_GT(named.size(), 50u);
  EXPECT_EQ(HalCallNames(), std::vector<std::string>(named.begin(), named.end()));
}

}  // namespace
}  // namespace dustproof
