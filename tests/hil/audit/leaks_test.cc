#include <gtest/gtest.h>

#include <cmath>

#include "hil/capture/recording_reader.h"
#include "sim/core/random.h"
#include "sim/plan/generate.h"
#include "sim/plan/load_home.h"
#include "tests/hil/audit/synthetic_run.h"

namespace dustproof {
namespace {

using namespace test;  // NOLINT: the whole vocabulary of a synthetic run.

/// The finding must point at these bytes of the emission.
void ExpectBytes(const SyntheticRun& run, const Finding& finding, const std::string& expected) {
  auto reader = RecordingReader::Open(run.path_of_recording());
  ASSERT_TRUE(reader.ok());
  while (auto message = reader->Next()) {
    const auto* emission = std::get_if<Emission>(&*message);
    if (emission == nullptr || emission->sequence != finding.sequence) continue;
    EXPECT_EQ(ToText(emission->payload).substr(finding.first_byte, finding.byte_count), expected);
    return;
  }
  FAIL() << "no emission " << finding.sequence;
}

TEST(LeakTest, SeesAPasswordInStatusJson) {
  SyntheticRun run("a01");
  const uint64_t sequence = run.Publish(
      100, "up/state",
      std::string(R"({"state":"cleaning","wifi_psk":")") + SyntheticRun::kPassword + "\"}");
  const AuditReport report = run.Audit();
  const auto found = FindingsOf(report, "wifi_password");
  ASSERT_EQ(found.size(), 1u) << Describe(report);
  EXPECT_EQ(found[0]->sequence, sequence);
  EXPECT_EQ(found[0]->party.key, "vendor_cloud_cn");
  EXPECT_EQ(found[0]->decoders, (std::vector<std::string>{"mqtt payload", "json $.wifi_psk"}));
  ExpectBytes(run, *found[0], SyntheticRun::kPassword);
  EXPECT_EQ(WorstFor(report, "wifi_password", "vendor_cloud_cn"), Verdict::kFail);
  EXPECT_EQ(WorstFor(report, "wifi_ssid", "vendor_cloud_cn"), Verdict::kPass);
}

TEST(LeakTest, DecodesWhatIsNestedFourDeep) {
  SyntheticRun run("nested");
  const std::string inner =
      std::string("boot ok\nwlan0: joined ") + SyntheticRun::kSsid + " rssi -51\n";
  run.Put(100, "/v1/logs/1", "log=" + Base64(Gzip("{\"log\":\"" + Hex(Zlib(inner)) + "\"}"), true));
  const AuditReport report = run.Audit();
  const auto found = FindingsOf(report, "wifi_ssid");
  ASSERT_EQ(found.size(), 1u) << Describe(report);
  EXPECT_EQ(found[0]->decoders,
            (std::vector<std::string>{"http body", "base64", "gzip", "json $.log", "hex", "zlib"}));
}

/// Spellings of one value in a field of telemetry; each must be found under its category.
struct Spelling {
  const char* name;
  const char* category;
  std::string payload;
};
class SpellingTest : public testing::TestWithParam<Spelling> {};

TEST_P(SpellingTest, IsFound) {
  SyntheticRun run(std::string("spelling-") + GetParam().name);
  run.Publish(100, "up/diag", GetParam().payload);
  const AuditReport report = run.Audit();
  EXPECT_EQ(FindingsOf(report, GetParam().category).size(), 1u) << Describe(report);
  EXPECT_EQ(WorstFor(report, GetParam().category, "vendor_cloud_cn"), Verdict::kFail);
}

std::string Xored(std::string text, const std::string& key) {
  for (size_t i = 0; i < text.size(); ++i)
    text[i] = static_cast<char>(text[i] ^ key[i % key.size()]);
  return text;
}
std::string Utf16(const std::string& text) {
  std::string out;
  for (const char c : text) out += std::string{c, '\0'};
  return out;
}

// Digests: printf %s VALUE | sha256sum and md5sum.
INSTANTIATE_TEST_SUITE_P(
    All, SpellingTest,
    testing::Values(
        Spelling{"mac_upper", "robot_mac", R"({"d":"A4C1380B5E99"})"},
        Spelling{"mac_dashes", "robot_mac", R"({"d":"a4-c1-38-0b-5e-99"})"},
        Spelling{"mac_raw", "robot_mac", std::string("id=\xa4\xc1\x38\x0b\x5e\x99;", 10)},
        Spelling{"mac_sha256", "robot_mac",
                 R"({"anon":"c84707aa39467afc56fc91a87f3fe528005807bf14e7ad490b4e1444c04759f3"})"},
        Spelling{"id_md5", "robot_id", R"({"anon":"ac2762b2a299f63e507f6a92a5fe8067"})"},
        Spelling{"ssid_base64", "wifi_ssid", "{\"n\":\"" + Base64(SyntheticRun::kSsid) + "\"}"},
        Spelling{"ssid_base64_shifted", "wifi_ssid",
                 "{\"n\":\"" + Base64(std::string("x:") + SyntheticRun::kSsid) + "\"}"},
        Spelling{"ssid_xor", "wifi_ssid", Xored(SyntheticRun::kSsid, "\x5a")},
        Spelling{"ssid_xor3", "wifi_ssid", Xored(SyntheticRun::kSsid, "k3y")},
        Spelling{"ssid_utf16", "wifi_ssid", Utf16(SyntheticRun::kSsid)},
        Spelling{"ssid_reversed", "wifi_ssid", R"({"n":"P9wXm2Qk7-repinuJ"})"},
        Spelling{"ssid_url", "wifi_ssid", "n=%4auniper%2D7kQ2mXw9P"},
        Spelling{"gps_e7", "precise_location",
                 "GPS" + Raw<int32_t>(301234567) + Raw<int32_t>(1047654321)},
        Spelling{"gps_float", "precise_location",
                 std::string("\x0d") + Raw<float>(30.1234567F) + "\x15" + Raw<float>(104.7654321F)},
        Spelling{"gps_text", "precise_location", R"({"lat":30.12346,"lng":104.76543})"},
        Spelling{"neighbour", "wifi_scan", R"({"ap":[{"b":"5C0214:99AB3D","r":-70}]})"}),
    [](const auto& info) { return info.param.name; });

TEST(LeakTest, SeesNamesOutsideOfPayloads) {
  SyntheticRun run("outside");
  run.Put(100, std::string("/v1/ping?pos=30.1235,104.7654"), "",
          std::string("X-Device: ") + SyntheticRun::kMac + "\r\n");
  run.Publish(110, std::string("/dev/") + SyntheticRun::kRobotId + "/beat", "1");
  Emission dns;
  dns.emitter = "robot";
  dns.kind = EmissionKind::kDns;
  dns.direction = Direction::kFromRobot;
  dns.party = {"other", "", "unknown", "", "t.example"};
  dns.protocol = "dns";
  dns.payload = ToBytes(std::string("\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00", 12) +
                        "\x08Juniper-\x09" +
                        "7kQ2mXw9P\x01t\x07"
                        "example" +
                        std::string("\x00\x00\x01\x00\x01", 5));
  run.Send(120, dns);
  const AuditReport report = run.Audit();
  EXPECT_EQ(WorstFor(report, "precise_location", "vendor_cloud_cn"), Verdict::kFail)
      << Describe(report);
  EXPECT_EQ(WorstFor(report, "robot_mac", "vendor_cloud_cn"), Verdict::kFail);
  EXPECT_EQ(WorstFor(report, "robot_id", "vendor_cloud_cn"), Verdict::kFail);
  EXPECT_EQ(WorstFor(report, "wifi_ssid", "other"), Verdict::kFail);
}

TEST(LeakTest, SeesAValueSpreadOverManyMessages) {
  const std::string password = SyntheticRun::kPassword;
  SyntheticRun plain("split2");
  for (size_t i = 0; i < password.size(); ++i)
    plain.Publish(100 + static_cast<double>(i), "up/beat",
                  std::string(R"({"c":")") + password[i] + "\"}");
  const AuditReport caught = plain.Audit();
  EXPECT_EQ(WorstFor(caught, "wifi_password", "vendor_cloud_cn"), Verdict::kFail)
      << Describe(caught);
}

TEST(LeakTest, SeesTheMapInAGzipLog) {
  SyntheticRun run("gziplog");
  const std::string file = MapFile(MapOf(run.plan(), 0.4), run.path());
  run.Put(
      200, "/v1/logs/1.gz",
      Gzip("[200] nav: loop closed\n[200] nav: snapshot " + Base64(file) + "\n[200] log: end\n"));
  const AuditReport report = run.Audit();
  ASSERT_GE(FindingsOf(report, "home_map").size(), 1u) << Describe(report);
  EXPECT_GE(FindingsOf(report, "robot_path").size(), 1u) << Describe(report);
  EXPECT_EQ(WorstFor(report, "home_map", "vendor_cloud_cn"), Verdict::kFail);
  EXPECT_EQ(WorstFor(report, "robot_path", "vendor_cloud_cn"), Verdict::kFail);
}

TEST(LeakTest, LetsAConsentedMapPass) {
  SyntheticRun run("consented", {.others = "granted"});
  run.Put(200, "/v1/maps/current", MapFile(MapOf(run.plan(), 1.1), run.path()));
  const AuditReport report = run.Audit();
  EXPECT_GE(FindingsOf(report, "home_map").size(), 1u) << Describe(report);
  EXPECT_FALSE(report.HasFailure(Reading::kStrict)) << Describe(report);
  EXPECT_EQ(WorstFor(report, "home_map", "vendor_cloud_cn"), Verdict::kPass);
  EXPECT_EQ(WorstFor(report, "robot_path", "vendor_cloud_cn"), Verdict::kPass);
  EXPECT_EQ(WorstFor(report, "wifi_password", "vendor_cloud_cn"), Verdict::kPass);
}

TEST(LeakTest, SeesAMapBeforeConsentWasAnswered) {
  SyntheticRun run("unset", {.others = "unset"});
  run.Put(200, "/v1/maps/current", MapFile(MapOf(run.plan()), run.path()));
  const AuditReport report = run.Audit();
  const auto found = FindingsOf(report, "home_map");
  ASSERT_EQ(found.size(), 1u) << Describe(report);
  EXPECT_NE(found[0]->consents.find("C_MAP_UPLOAD=unset"), std::string::npos);
  EXPECT_EQ(WorstFor(report, "home_map", "vendor_cloud_cn"), Verdict::kFail);
}

TEST(LeakTest, SeesAMapAfterWithdrawalButGrantsTheStopBound) {
  SyntheticRun late("late", {.others = "granted"});
  late.SetConsent(200, "C_MAP_UPLOAD", "withdrawn");
  late.Put(206, "/v1/maps/current", MapFile(MapOf(late.plan()), late.path()));
  EXPECT_EQ(WorstFor(late.Audit(), "home_map", "vendor_cloud_cn"), Verdict::kFail);
  SyntheticRun prompt("prompt", {.others = "granted"});
  prompt.SetConsent(200, "C_MAP_UPLOAD", "withdrawn");
  prompt.Put(203, "/v1/maps/current", MapFile(MapOf(prompt.plan()), prompt.path()));
  EXPECT_EQ(WorstFor(prompt.Audit(), "home_map", "vendor_cloud_cn"), Verdict::kPass);
}

TEST(LeakTest, SeesTelemetryAfterDenial) {
  SyntheticRun run("telemetry");
  uint64_t first = 0;
  for (int i = 0; i < 6; ++i) {
    const uint64_t sequence =
        run.Publish(100 + 30 * i, "up/telemetry",
                    R"({"battery_pct":)" + std::to_string(95 - i) + R"(,"cleaning_time_s":)" +
                        std::to_string(40 + 30 * i) + R"(,"error_code":0,"status":"cleaning"})");
    if (first == 0) first = sequence;
  }
  const AuditReport report = run.Audit();
  EXPECT_EQ(WorstFor(report, "robot_status", "vendor_cloud_cn"), Verdict::kFail)
      << Describe(report);
  bool points_at_payload = false;
  for (const Finding* finding : FindingsOf(report, "robot_status")) {
    if (finding->sequence == first && finding->method == FindingMethod::kSeries) {
      points_at_payload =
          finding->excerpt.at(finding->first_byte - finding->excerpt_offset) == std::byte{'{'};
    }
  }
  EXPECT_TRUE(points_at_payload) << Describe(report);
}

TEST(LeakTest, SeesAPathAsCsvAndAsVarints) {
  SyntheticRun run("paths");
  std::string csv = "t,x,y\n";
  for (size_t i = 0; i < run.path().size(); i += 4) {
    csv += std::to_string(i) + "," + std::to_string(run.path()[i].pose.x) + "," +
           std::to_string(run.path()[i].pose.y) + "\n";
  }
  run.Put(250, "/v1/records", csv);
  SyntheticRun packed("varints");
  std::string varints;
  int x = 0, y = 0;
  const auto put = [&](int delta) {
    for (auto v = static_cast<uint32_t>(delta * 2) ^ static_cast<uint32_t>(delta >> 31);;) {
      varints += static_cast<char>((v & 127) | (v > 127 ? 128 : 0));
      if ((v >>= 7) == 0) break;
    }
  };
  for (const PoseSample& pose : packed.path()) {
    const int px = static_cast<int>(pose.pose.x * 1000), py = static_cast<int>(pose.pose.y * 1000);
    put(px - x), put(py - y);
    x = px, y = py;
  }
  packed.Put(250, "/v1/records", varints);
  for (SyntheticRun* each : {&run, &packed}) {
    const AuditReport report = each->Audit();
    EXPECT_EQ(WorstFor(report, "robot_path", "vendor_cloud_cn"), Verdict::kFail)
        << Describe(report);
  }
}

TEST(LeakTest, SeesWhoAndWhere) {
  SyntheticRun run("who", {.others = "granted"});
  Emission crash;
  crash.emitter = "robot";
  crash.kind = EmissionKind::kPlaintext;
  crash.direction = Direction::kFromRobot;
  crash.connection = 55;
  crash.party = {"bugly", "Shenzhen Tencent Computer Systems", "sdk_vendor", "CN",
                 "android.bugly.example"};
  crash.protocol = "http";
  crash.encrypted = true;
  crash.payload = ToBytes(
      std::string(
          "POST /rqd HTTP/1.1\r\nHost: android.bugly.example\r\nContent-Length: 18\r\n\r\n") +
      SyntheticRun::kRobotId);
  run.Send(150, crash);
  Emission clear = crash;
  clear.connection = 56;
  clear.party = SyntheticRun::Cloud();
  clear.encrypted = false;
  run.Send(160, clear);
  const AuditReport report = run.Audit();
  EXPECT_EQ(WorstFor(report, "robot_id", "bugly"), Verdict::kFail) << Describe(report);
  EXPECT_EQ(WorstFor(report, "robot_id", "vendor_cloud_cn"), Verdict::kFail) << "in clear text";
}

// ------------------------------------------------------------------------------------------- quiet
// sides

TEST(TwinTest, HonestTrafficPassesInEveryConfiguration) {
  for (const char* others : {"denied", "granted", "unset"}) {
    SyntheticRun run(std::string("honest-") + others, {.others = others});
    run.Publish(100, "up/state", R"({"state":"cleaning"})");
    run.Publish(200, "up/ack", R"({"id":3,"ok":true})");
    if (std::string(others) == "granted") {
      run.Put(210, "/v1/maps/current", MapFile(MapOf(run.plan()), run.path()));
      run.Put(220, "/v1/identity",
              std::string(R"({"robot_id":")") + SyntheticRun::kRobotId + R"(","mac":")" +
                  SyntheticRun::kMac + "\"}");
    }
    const AuditReport report = run.Audit();
    for (const VerdictRow& row : report.verdicts) {
      if (row.reading != Reading::kStrict) continue;
      EXPECT_TRUE(row.verdict == Verdict::kPass || row.verdict == Verdict::kNotExercised)
          << others << ": " << row.category << " to " << row.party << " for " << row.purpose << ", "
          << row.phase << ": " << row.reason << "\n"
          << Describe(report);
    }
    EXPECT_EQ(WorstFor(report, "wifi_password", "vendor_cloud_cn"), Verdict::kPass);
  }
}

TEST(TwinTest, RandomBlobIsUndeterminedAndNeverAFailure) {
  SyntheticRun run("blob");
  RandomStream random(99);
  Bytes blob(6000);
  random.Fill(blob);
  run.Put(200, "/v1/blobs/current", ToText(blob));
  const AuditReport report = run.Audit();
  EXPECT_FALSE(report.HasFailure(Reading::kStrict)) << Describe(report);
  EXPECT_EQ(WorstFor(report, "home_map", "vendor_cloud_cn"), Verdict::kUndetermined);
}

TEST(TwinTest, AnotherHomesPlanRaisesNothing) {
  SyntheticRun run("otherhome");
  std::vector<FloorPlan> others;
  for (uint64_t seed = 100; seed < 106; ++seed) others.push_back(GeneratePlan(seed));
  for (const char* name : {"studio", "family_house"}) {
    auto home = LoadHome(std::string(DUSTPROOF_SOURCE_DIR) + "/scenarios/homes/" + name + ".yaml");
    ASSERT_TRUE(home.ok());
    others.push_back(std::move(*home));
  }
  double time_s = 120;
  for (const FloorPlan& other : others)
    run.Put(time_s += 2, "/v1/plans/example", MapFile(MapOf(other), LanesThrough(other)));
  const AuditReport report = run.Audit();
  EXPECT_TRUE(FindingsOf(report, "home_map").empty()) << Describe(report);
  EXPECT_TRUE(FindingsOf(report, "robot_path").empty()) << Describe(report);
}

TEST(TwinTest, LookalikesRaiseNothing) {
  SyntheticRun run("lookalikes");
  run.Publish(
      100, "up/a",
      R"({"mac":"a4:c1:38:0b:5e:98","ts":301234567,"anon":"2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"})");
  run.Publish(110, "up/b", std::string(400, '\0'));
  run.Publish(120, "up/c", R"({"id":"DP1-9Z7Q9XW3HJ8MTQ","pos":[30.52,104.06],"seq":104765432})");
  for (int i = 0; i < 20; ++i)
    run.Publish(130 + 3.1 * i, "up/beat", R"({"n":)" + std::to_string(i) + "}");
  std::string voltages = "t,v\n";
  for (int i = 0; i < 200; ++i)
    voltages += std::to_string(i) + "," + std::to_string(14.2 + 0.1 * std::sin(i)) + "\n";
  run.Put(250, "/v1/lab", voltages);
  const AuditReport report = run.Audit();
  EXPECT_FALSE(report.HasFailure(Reading::kStrict)) << Describe(report);
}

TEST(TwinTest, SilentFirmwareFailsNoPrivacy) {
  SyntheticRun run("silent", {.others = "granted", .online = false});
  const AuditReport report = run.Audit();
  EXPECT_FALSE(report.HasFailure(Reading::kStrict)) << Describe(report);
  EXPECT_EQ(WorstFor(report, "home_map", "vendor_cloud_cn"), Verdict::kNotExercised);
  EXPECT_EQ(WorstFor(report, "wifi_password", "vendor_cloud_cn"), Verdict::kNotExercised);
  EXPECT_FALSE(report.useful());
}

}  // namespace
}  // namespace dustproof
