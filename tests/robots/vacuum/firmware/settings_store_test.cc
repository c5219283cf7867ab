#include "robots/vacuum/firmware/store/settings_store.h"

#include <gtest/gtest.h>

#include "tests/robots/vacuum/firmware/fake_hal.h"

namespace vacuum::test {
namespace {

constexpr Consent kOptional[] = {Consent::kMapUpload, Consent::kImprove, Consent::kDeviceId,
                                 Consent::kLocation};

Settings Provisioned(const std::string& password) {
  Settings settings;
  settings.ssid = "Kitchen Router";
  settings.wifi_password = password;
  settings.host = "cloud.example";
  settings.api_port = 443;
  settings.mqtt_port = 8883;
  settings.pairing_token = "pairing-token-7f";
  settings.policy_version = "2023-01-30";
  settings.consents.Set(Consent::kPolicy, ConsentState::kGranted);
  return settings;
}

bool SameButConsents(Settings a, const Settings& b) {
  a.consents = b.consents;
  a.consent_version = b.consent_version;
  return a.Serialize() == b.Serialize();
}

// One thing that happens to a robot, and what its settings are when it has happened.
struct Step {
  const char* name;
  std::function<bool(SettingsStore&)> act;
  Settings after;
};

// A robot's life, as far as flash sees it: paired, consents changed often enough to fill a bank,
// another password, data deleted, reset.
std::vector<Step> Life() {
  std::vector<Step> life;
  Settings now = Provisioned("first-password");
  const auto add = [&](const char* name, const std::function<void(Settings&)>& change) {
    change(now);
    life.push_back({name, [change](SettingsStore& store) { return store.Update(change); }, now});
  };
  add("provision", [](Settings& s) { s = Provisioned("first-password"); });
  add("bind", [](Settings& s) {
    s.credential = "credential-1";
    s.pairing_token.clear();
  });
  for (uint32_t version = 1; version <= 20; ++version) {
    add("consents", [version](Settings& s) {
      s.consents.Set(Consent::kMapUpload,
                     version % 2 == 1 ? ConsentState::kGranted : ConsentState::kWithdrawn);
      s.consents.Set(Consent::kDeviceId,
                     version % 3 == 1 ? ConsentState::kGranted : ConsentState::kDenied);
      s.consent_version = version;
    });
  }
  add("another network", [](Settings& s) { s.wifi_password = "second-password"; });
  life.push_back({"save map",
                  [](SettingsStore& store) { return store.SaveMap([] { return Bytes(9000, 7); }); },
                  now});
  life.push_back({"delete data", [](SettingsStore& store) { return store.EraseMap(); }, now});
  life.push_back({"save another map",
                  [](SettingsStore& store) { return store.SaveMap([] { return Bytes(9000, 8); }); },
                  now});
  life.push_back(
      {"factory reset", [](SettingsStore& store) { return store.FactoryReset(); }, Settings{}});
  return life;
}

// Lives until the power goes. Returns how many steps were completed.
size_t Live(const Platform& hal, const std::vector<Step>& life) {
  size_t completed = 0;
  try {
    SettingsStore store(hal);
    store.Open();
    for (const Step& step : life) {
      EXPECT_TRUE(step.act(store)) << step.name;
      ++completed;
    }
  } catch (const PowerCut&) {
  }
  return completed;
}

// What must hold once the robot is up again.
void CheckAfterCut(const FakeHal& fake, const Settings& got, const Settings& before,
                   const Settings& after) {
  EXPECT_TRUE(SameButConsents(got, before) || SameButConsents(got, after));
  for (const Consent consent : kOptional) {
    if (!got.consents.Granted(consent)) continue;
    // Where it isn't known which of the two counts, only what both grant is granted.
    const bool is_after = got.Serialize() == after.Serialize();
    EXPECT_TRUE(before.consents.Granted(consent) || is_after) << ToWord(consent);
  }
  for (const char* secret :
       {"first-password", "second-password", "pairing-token-7f", "credential-1"}) {
    const bool current =
        got.wifi_password == secret || got.pairing_token == secret || got.credential == secret;
    EXPECT_TRUE(current || !fake.flash.Contains(secret)) << secret;
  }
  EXPECT_TRUE(got.provisioned() || fake.flash.Blank());
}

TEST(SettingsStoreTest, IsOldOrNewAfterAPowerCutAtEveryInstant) {
  const std::vector<Step> life = Life();
  int operation_count = 0;
  {
    FakeHal fake;
    ASSERT_EQ(Live(fake.hal(), life), life.size());
    operation_count = fake.flash.operations;
  }
  ASSERT_GT(operation_count, 30);
  for (int cut = 0; cut < operation_count; ++cut) {
    for (const CutDepth depth : kCutDepths) {
      FakeHal fake;
      const Platform hal = fake.hal();
      fake.flash.cut_at = cut;
      fake.flash.cut_depth = depth;
      const size_t completed = Live(hal, life);
      ASSERT_LT(completed, life.size());
      fake.flash.cut_at = -1;
      SCOPED_TRACE("cut at operation " + std::to_string(cut) + ", depth " +
                   std::to_string(static_cast<int>(depth)) + ", in step " + life[completed].name);
      SettingsStore store(hal);
      store.Open();
      const Settings before = completed == 0 ? Settings{} : life[completed - 1].after;
      CheckAfterCut(fake, store.current(), before, life[completed].after);
      // A reset that has begun to erase is carried to its end.
      if (life[completed].name == std::string("factory reset")) {
        EXPECT_EQ(store.current().provisioned(), store.LoadMap().has_value());
      }
      // It goes on working, and what it then says is what it will find.
      ASSERT_TRUE(store.Update([](Settings& s) { s.policy_version = "later"; }));
      SettingsStore again(hal);
      again.Open();
      EXPECT_EQ(again.current().Serialize(), store.current().Serialize());
      EXPECT_EQ(again.current().policy_version, "later");
    }
  }
}

TEST(SettingsStoreTest, SurvivesAnotherCutWhileItRecovers) {
  const std::vector<Step> life = Life();
  for (int cut = 0;; ++cut) {
    FakeHal first;
    first.flash.cut_at = cut;
    first.flash.cut_depth = CutDepth::kHalf;
    const size_t completed = Live(first.hal(), life);
    if (completed == life.size()) break;
    const std::vector<uint8_t> left = first.flash.bytes;
    for (int second_cut = 0;; ++second_cut) {
      FakeHal fake;
      const Platform hal = fake.hal();
      fake.flash.bytes = left;
      fake.flash.cut_at = second_cut;
      fake.flash.cut_depth = CutDepth::kSomeBits;
      bool recovered = false;
      try {
        SettingsStore store(hal);
        store.Open();
        recovered = true;
      } catch (const PowerCut&) {
      }
      fake.flash.cut_at = -1;
      SettingsStore store(hal);
      store.Open();
      SCOPED_TRACE("cuts at " + std::to_string(cut) + " and " + std::to_string(second_cut));
      const Settings before = completed == 0 ? Settings{} : life[completed - 1].after;
      CheckAfterCut(fake, store.current(), before, life[completed].after);
      if (recovered) break;
    }
  }
}

TEST(SettingsStoreTest, NeverBringsAWithdrawnConsentBack) {
  FakeHal fake;
  const Platform hal = fake.hal();
  {
    SettingsStore store(hal);
    store.Open();
    ASSERT_TRUE(store.Update([](Settings& s) {
      s = Provisioned("first-password");
      s.consents.Set(Consent::kMapUpload, ConsentState::kGranted);
    }));
    fake.flash.cut_at = fake.flash.operations;
    fake.flash.cut_depth = CutDepth::kHalf;
    EXPECT_THROW(store.Update([](Settings& s) {
      s.consents.Set(Consent::kMapUpload, ConsentState::kWithdrawn);
    }),
                 PowerCut);
  }
  fake.flash.cut_at = -1;
  SettingsStore store(hal);
  store.Open();
  EXPECT_EQ(store.current().consents.Get(Consent::kMapUpload), ConsentState::kUnset);
  EXPECT_TRUE(store.current().consents.Granted(Consent::kPolicy));
  EXPECT_EQ(store.current().wifi_password, "first-password");
}

TEST(SettingsStoreTest, LeavesNoOldPasswordInFlash) {
  FakeHal fake;
  const Platform hal = fake.hal();
  SettingsStore store(hal);
  store.Open();
  ASSERT_TRUE(store.Update([](Settings& s) { s = Provisioned("first-password"); }));
  EXPECT_TRUE(fake.flash.Contains("first-password"));
  ASSERT_TRUE(store.Update([](Settings& s) { s.wifi_password = "second-password"; }));
  EXPECT_FALSE(fake.flash.Contains("first-password"));
  EXPECT_TRUE(fake.flash.Contains("second-password"));
}

TEST(SettingsStoreTest, AFactoryResetLeavesFlashBlank) {
  FakeHal fake;
  const Platform hal = fake.hal();
  SettingsStore store(hal);
  store.Open();
  ASSERT_TRUE(store.Update([](Settings& s) { s = Provisioned("first-password"); }));
  ASSERT_TRUE(store.SaveMap([] { return Bytes(9000, 7); }));
  ASSERT_TRUE(store.FactoryReset());
  EXPECT_TRUE(fake.flash.Blank());
  EXPECT_FALSE(store.current().provisioned());
  EXPECT_EQ(store.reset_count(), 1u);
}

TEST(SettingsStoreTest, ErasesABlockOnlyOnceInSeveralWrites) {
  FakeHal fake;
  const Platform hal = fake.hal();
  SettingsStore store(hal);
  store.Open();
  ASSERT_TRUE(store.Update([](Settings& s) { s = Provisioned("first-password"); }));
  const int erases = fake.flash.erases;
  for (uint32_t i = 1; i <= 160; ++i)
    ASSERT_TRUE(store.Update([i](Settings& s) { s.consent_version = i; }));
  // The record takes one page of 256 bytes, a bank sixteen: one erase in sixteen writes.
  EXPECT_LE(fake.flash.erases - erases, 160 / 16 + 1);
}

TEST(SettingsStoreTest, AFlashThatFailsWidensNoConsent) {
  FakeHal fake;
  const Platform hal = fake.hal();
  SettingsStore store(hal);
  store.Open();
  ASSERT_TRUE(store.Update([](Settings& s) {
    s = Provisioned("first-password");
    s.consents.Set(Consent::kMapUpload, ConsentState::kGranted);
  }));
  fake.flash.broken = true;
  EXPECT_FALSE(store.Update([](Settings& s) {
    s.consents.Set(Consent::kMapUpload, ConsentState::kWithdrawn);
    s.consents.Set(Consent::kDeviceId, ConsentState::kGranted);
  }));
  EXPECT_FALSE(store.current().consents.Granted(Consent::kMapUpload));
  EXPECT_FALSE(store.current().consents.Granted(Consent::kDeviceId));
}

TEST(MapStoreTest, IsOldOrNewAfterAPowerCutAtEveryInstant) {
  const Bytes old_map(5000, 1);
  Bytes new_map;
  for (int i = 0; i < 20000; ++i) new_map.push_back(static_cast<uint8_t>(i * 7919 >> 3));
  for (int cut = 0;; ++cut) {
    bool finished = false;
    for (const CutDepth depth : kCutDepths) {
      FakeHal fake;
      const Platform hal = fake.hal();
      {
        SettingsStore store(hal);
        store.Open();
        ASSERT_TRUE(store.SaveMap([&] { return Bytes(100, 9); }));
        ASSERT_TRUE(store.SaveMap([&] { return old_map; }));
        fake.flash.cut_at = fake.flash.operations + cut;
        fake.flash.cut_depth = depth;
        try {
          finished = store.SaveMap([&] { return new_map; });
        } catch (const PowerCut&) {
        }
      }
      fake.flash.cut_at = -1;
      SettingsStore store(hal);
      store.Open();
      const auto map = store.LoadMap();
      ASSERT_TRUE(map.has_value());
      EXPECT_TRUE(*map == (finished ? new_map : old_map) ||
                  (depth == CutDepth::kAll && *map == new_map))
          << cut;
    }
    if (finished) break;
  }
}

TEST(MapStoreTest, RefusesAMapThatDoesNotFit) {
  FakeHal fake;
  const Platform hal = fake.hal();
  SettingsStore store(hal);
  store.Open();
  ASSERT_TRUE(store.SaveMap([] { return Bytes(100, 9); }));
  Bytes noise;
  for (uint32_t i = 0, x = 1; i < 60000; ++i)
    noise.push_back(static_cast<uint8_t>((x = x * 1664525u + 1013904223u) >> 24));
  EXPECT_FALSE(store.SaveMap([&] { return noise; }));
  EXPECT_EQ(store.LoadMap(), Bytes(100, 9));
}

}  // namespace
}  // namespace vacuum::test
