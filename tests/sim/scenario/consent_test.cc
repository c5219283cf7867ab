#include "sim/scenario/consent.h"

#include <gtest/gtest.h>

namespace dustproof {
namespace {

TEST(ConsentLedgerTest, ListsEveryConsentSortedAndUnsetAtFirst) {
  ConsentLedger ledger({"C_POLICY", "C_DEVID"});
  EXPECT_EQ(ledger.ToString(), "C_DEVID=unset,C_POLICY=unset");
  ledger.Set("C_POLICY", ConsentState::kGranted);
  EXPECT_EQ(ledger.ToString(), "C_DEVID=unset,C_POLICY=granted");
  EXPECT_TRUE(ledger.granted("C_POLICY"));
  EXPECT_FALSE(ledger.granted("C_DEVID"));
}

TEST(ConsentStateTest, ReadsItsOwnWordsAndNoOthers) {
  ConsentState state = ConsentState::kUnset;
  EXPECT_TRUE(ParseConsentState("withdrawn", &state));
  EXPECT_EQ(state, ConsentState::kWithdrawn);
  EXPECT_FALSE(ParseConsentState("Granted", &state));
}

}  // namespace
}  // namespace dustproof
