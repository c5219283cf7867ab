#include "sim/core/diagnostic.h"

#include <gtest/gtest.h>

namespace dustproof {
namespace {

TEST(DiagnosticTest, ReadsAsPlaceFieldMessage) {
  EXPECT_EQ(ToString(Diagnostic{{"a.yaml", 14, 7}, "robot.range_m_max", "must be > 0, got -1"}),
            "a.yaml:14:7: robot.range_m_max: must be > 0, got -1");
  EXPECT_EQ(ToString(Diagnostic{{"a.yaml", 0, 0}, "", "is empty"}), "a.yaml: is empty");
}

TEST(SuggestWordTest, FindsANearMissAndAdmitsWhenThereIsNone) {
  EXPECT_EQ(SuggestWord("rooom", {"rooms", "walls"}), "rooms");
  EXPECT_EQ(SuggestWord("vlaidate", {"run", "validate"}), "validate");
  EXPECT_EQ(SuggestWord("zebra", {"run", "validate"}), "");
}

}  // namespace
}  // namespace dustproof
