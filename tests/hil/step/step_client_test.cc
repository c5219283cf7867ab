#include "hil/step/step_client.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "hil/capture/recording_reader.h"
#include "hil/run/supervisor.h"

namespace dustproof {
namespace {

const std::string kProgram = DUSTPROOF_BINARY_DIR "/bin/dustproof";
const std::string kScenario = DUSTPROOF_SOURCE_DIR "/tests/end_to_end/scenarios/short.yaml";

std::string Bytes(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

class StepClientTest : public testing::Test {
 protected:
  StepClientTest() { std::filesystem::create_directories(folder_); }
  ~StepClientTest() override { std::filesystem::remove_all(folder_); }

  RunRequest Request(const std::string& name, int until_s) const {
    RunRequest request;
    request.scenario = kScenario;
    request.consent = "all_granted";
    request.until = SimDuration::Seconds(until_s);
    request.recording = folder_ + "/" + name + ".mcap";
    return request;
  }

  static std::unique_ptr<StepClient> MustStart(const RunRequest& request) {
    auto client = StepClient::Start(request, {.executable = kProgram, .interrupted = {}});
    EXPECT_TRUE(client.ok()) << (client.ok() ? "" : ToString(client.error()));
    return client.ok() ? std::move(*client) : nullptr;
  }

  // The one process of ours.
  static pid_t WorkerOf() {
    std::ifstream children("/proc/self/task/" + std::to_string(getpid()) + "/children");
    pid_t pid = 0;
    children >> pid;
    return pid;
  }

  std::string Program(const char* name) const {
    return std::string(DUSTPROOF_BINARY_DIR "/tests/end_to_end/") + name;
  }

  std::string EndOfRecording(const std::string& name) const {
    auto reader = RecordingReader::Open(folder_ + "/" + name + ".mcap");
    if (!reader || !reader->sealed()) return "not sealed";
    return reader->metadata().at("result").at("end");
  }

  const std::string folder_ = testing::TempDir() + "step_client_test_" + std::to_string(getpid());
};

template <typename T>
std::vector<T> Of(const std::vector<Happening>& happenings) {
  std::vector<T> chosen;
  for (const Happening& happening : happenings) {
    if (const T* one = std::get_if<T>(&happening)) chosen.push_back(*one);
  }
  return chosen;
}

TEST_F(StepClientTest, RecordsTheSameBytesAsTheRunUnstepped) {
  RunRequest plain = Request("plain", 12);
  plain.firmware = DUSTPROOF_BINARY_DIR "/lib/firmware/vacuum.so";
  plain.kind = "library";
  SuperviseOptions options;
  options.surroundings.executable = kProgram;
  const Result<RunOutcome> unstepped = SuperviseRun(plain, {}, options);
  ASSERT_TRUE(unstepped.ok());

  const auto client = MustStart(Request("stepped", 12));
  ASSERT_NE(client, nullptr);
  std::vector<Happening> all;
  int steps = 0;
  for (; !client->end(); ++steps) {
    ASSERT_TRUE(client->Step(SimDuration::Milliseconds(10)).ok());
    EXPECT_LE(client->now().nanoseconds(), (steps + 1) * 10'000'000LL);
    for (Happening& happening : client->TakeHappenings()) all.push_back(std::move(happening));
  }
  EXPECT_EQ(steps, 1200);
  EXPECT_EQ(*client->end(), RunEnd::kDuration);
  const Result<RunOutcome> stepped = client->Finish();
  ASSERT_TRUE(stepped.ok());
  for (Happening& happening : client->TakeHappenings()) all.push_back(std::move(happening));
  EXPECT_EQ(stepped->hash, unstepped->hash);
  EXPECT_EQ(stepped->events_run, unstepped->events_run);
  EXPECT_EQ(Bytes(folder_ + "/stepped.mcap"), Bytes(folder_ + "/plain.mcap"));

  // And what it told is what was recorded, the last words among it.
  auto reader = RecordingReader::Open(folder_ + "/plain.mcap");
  ASSERT_TRUE(reader.ok());
  std::vector<Emission> recorded;
  while (const auto message = reader->Next()) {
    if (const auto* emission = std::get_if<Emission>(&*message)) recorded.push_back(*emission);
  }
  const std::vector<Emission> told = Of<Emission>(all);
  ASSERT_EQ(told.size(), recorded.size());
  ASSERT_GT(told.size(), 20U);
  for (size_t i = 0; i < told.size(); ++i) {
    EXPECT_EQ(told[i].sequence, recorded[i].sequence);
    EXPECT_EQ(told[i].payload, recorded[i].payload);
    EXPECT_EQ(told[i].consents, recorded[i].consents);
  }
}

TEST_F(StepClientTest, ComesToTheNextSampleAndShowsIt) {
  auto client = MustStart(Request("samples", 30));
  ASSERT_NE(client, nullptr);
  ASSERT_TRUE(client->Until(SimTime::Zero() + SimDuration::Seconds(27)).ok());
  const std::shared_ptr<const StepView> view = client->view();
  const uint64_t turns = view->scan.sequence;
  ASSERT_GT(turns, 0U);
  ASSERT_TRUE(client->UntilSample(SampleKind::kLidar, SimTime::Max()).ok());
  EXPECT_EQ(view->scan.sequence, turns + 1);
  EXPECT_LE(view->now_ns - 27'000'000'000, view->scan.period_ns);
  EXPECT_EQ(view->scan.beams, 360U);
  EXPECT_LE(view->scan.time_ns + view->scan.period_ns, view->now_ns + view->scan.period_ns);
  EXPECT_GT(view->pose[0], 0);
  EXPECT_EQ(view->odometry.time_ns / 10'000'000, view->now_ns / 10'000'000);
  EXPECT_GT(view->battery.charge_pct, 10);
  // A limit before the next sample holds.
  const SimTime limit = client->now() + SimDuration::Milliseconds(3);
  ASSERT_TRUE(client->UntilSample(SampleKind::kBattery, limit).ok());
  EXPECT_EQ(client->now(), limit);
  client.reset();
  EXPECT_EQ(view->scan.beams, 360U);  // Still there.
}

TEST_F(StepClientTest, DoesWhatTheUserAndFateDo) {
  const auto client = MustStart(Request("actions", 30));
  ASSERT_NE(client, nullptr);
  // Before the consent screens: it is what the user answers there.
  ASSERT_TRUE(client->SetConsent("C_IMPROVE", ConsentState::kDenied).ok());
  ASSERT_TRUE(client->Until(SimTime::Zero() + SimDuration::Seconds(20)).ok());
  std::map<std::string, std::string> answers;
  for (const ConsentChange& change : Of<ConsentChange>(client->TakeHappenings())) answers[change.consent] += change.state + ";";
  EXPECT_EQ(answers["C_IMPROVE"], "denied;");
  EXPECT_EQ(answers["C_MAP_UPLOAD"], "granted;");

  ASSERT_TRUE(client->SetConsent("C_MAP_UPLOAD", ConsentState::kWithdrawn).ok());
  ASSERT_TRUE(client->Perform("locate").ok());
  ASSERT_TRUE(client->Press("clean").ok());
  ASSERT_TRUE(client->InjectFault("battery_charge", {}, 0.5).ok());
  ASSERT_TRUE(client->InjectFault("power_cut", SimDuration::Milliseconds(700)).ok());
  ASSERT_TRUE(client->Step(SimDuration::Seconds(1)).ok());
  const std::vector<Happening> happenings = client->TakeHappenings();
  const auto changes = Of<ConsentChange>(happenings);
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_EQ(changes[0].consent + " " + changes[0].state + " " + changes[0].cause, "C_MAP_UPLOAD withdrawn app: settings");
  EXPECT_EQ(changes[0].time, SimTime::Zero() + SimDuration::Seconds(20));
  std::string said;
  for (const RunEvent& e : Of<RunEvent>(happenings)) {
    if (e.source == "script" || e.source == "engine" || (e.source == "firmware" && e.name == "boot"))
      said += std::to_string((e.time - SimTime::Zero()).milliseconds()) + " " + e.name + " " + e.detail + ";";
  }
  EXPECT_EQ(said, "20000 fault battery_charge 0.5;20000 fault power_cut;20000 app_action locate;20000 button_pressed clean;"
                  "20700 boot power_on;");
  EXPECT_NEAR(client->view()->battery.charge_pct, 50, 2);
}

TEST_F(StepClientTest, TellsOfContacts) {
  const auto client = MustStart(Request("contacts", 60));
  ASSERT_NE(client, nullptr);
  std::vector<Contact> contacts;
  while (!client->end() && contacts.empty()) {
    ASSERT_TRUE(client->Step(SimDuration::Seconds(1)).ok());
    contacts = Of<Contact>(client->TakeHappenings());
  }
  ASSERT_FALSE(contacts.empty());
  const double reach_m = std::hypot(contacts[0].p_WPt_W.x() - client->view()->pose[0], contacts[0].p_WPt_W.y() - client->view()->pose[1]);
  EXPECT_LT(reach_m, 0.6);  // It has moved on for a second at most.
  EXPECT_GT(contacts[0].impulse_Ns, 0);
  EXPECT_NEAR(contacts[0].normal_W.norm(), 1, 1e-9);
}

TEST_F(StepClientTest, RefusesWhatMakesNoSenseAndGoesOn) {
  const auto client = MustStart(Request("refusals", 2));
  ASSERT_NE(client, nullptr);
  const auto why = [](const Result<void>& result) { return result.ok() ? "" : ToString(result.error()); };
  EXPECT_EQ(why(client->SetConsent("C_MAP_UPLAOD", ConsentState::kDenied)),
            "the scenario has no consent 'C_MAP_UPLAOD'; did you mean 'C_MAP_UPLOAD'?\n");
  EXPECT_EQ(why(client->Press("play")), "do: press needs a value: clean, home or reset; got 'play'\n");
  EXPECT_EQ(why(client->Perform("dance")).substr(0, 4), "do: ");
  EXPECT_EQ(why(client->InjectFault("power_cut", {}, 3)), "value: power_cut takes no value\n");
  EXPECT_EQ(why(client->InjectFault("battery_charge", {}, 3)), "value: battery_charge takes a share from 0 to 1, got 3\n");
  EXPECT_EQ(why(client->Step(SimDuration())), "a step must go forward, got 0s\n");
  ASSERT_TRUE(client->Step(SimDuration::Seconds(1)).ok());
  EXPECT_EQ(why(client->Until(SimTime::Zero())), "the run is at 1.000 s, past 0.000 s\n");
  ASSERT_TRUE(client->Step(SimDuration::Seconds(5)).ok());
  EXPECT_EQ(client->now(), SimTime::Zero() + SimDuration::Seconds(2));
  EXPECT_EQ(why(client->Press("clean")), "the run is over (duration, at 2.000 s): nothing more happens in it\n");
  ASSERT_TRUE(client->Finish().ok());
  EXPECT_EQ(why(client->Step(SimDuration::Seconds(1))), "the run is over (duration, at 2.000 s): nothing more happens in it\n");
  EXPECT_EQ(client->Finish()->end, RunEnd::kDuration);
}

TEST_F(StepClientTest, RefusesBadInputWithEveryProblem) {
  RunRequest request = Request("bad", 2);
  request.consent = "all_grantde";
  auto client = StepClient::Start(request, {.executable = kProgram, .interrupted = {}});
  ASSERT_FALSE(client.ok());
  EXPECT_EQ(client.error().code, ErrorCode::kBadInput);
  EXPECT_NE(ToString(client.error()).find("did you mean 'all_granted'?"), std::string::npos) << ToString(client.error());
  request.scenario = folder_ + "/bad.yaml";
  std::ofstream(request.scenario) << "kind: scenario\nformat_version: 1\nhoem: x\nduratoin: 3s\n";
  client = StepClient::Start(request, {.executable = kProgram, .interrupted = {}});
  ASSERT_FALSE(client.ok());
  EXPECT_GE(client.error().diagnostics.size(), 2U);
  EXPECT_EQ(client.error().diagnostics.back().where.line, 4);
}

TEST_F(StepClientTest, SaysHowTheFirmwareDied) {
  RunRequest request = Request("crash", 20);
  request.firmware = Program("test_crash");
  if (!std::filesystem::exists(request.firmware)) GTEST_SKIP() << "no such firmware in this build";
  const auto client = MustStart(request);
  ASSERT_NE(client, nullptr);
  const Result<void> stepped = client->Until(SimTime::Zero() + SimDuration::Seconds(20));
  ASSERT_FALSE(stepped.ok());
  EXPECT_NE(ToString(stepped.error()).find("SIGSEGV"), std::string::npos) << ToString(stepped.error());
  ASSERT_TRUE(client->outcome().has_value());
  EXPECT_EQ(client->outcome()->end, RunEnd::kFirmwareDied);
  EXPECT_EQ(client->Finish()->end, RunEnd::kFirmwareDied);
  EXPECT_FALSE(client->Step(SimDuration::Seconds(1)).ok());
  EXPECT_EQ(EndOfRecording("crash"), "firmware_died");
}

TEST_F(StepClientTest, SaysThatTheProcessWasKilled) {
  const auto client = MustStart(Request("killed", 20));
  ASSERT_NE(client, nullptr);
  ASSERT_TRUE(client->Step(SimDuration::Seconds(3)).ok());
  kill(WorkerOf(), SIGKILL);
  const Result<void> stepped = client->Step(SimDuration::Seconds(3));
  ASSERT_FALSE(stepped.ok());
  EXPECT_EQ(stepped.error().code, ErrorCode::kEnvironment);
  EXPECT_EQ(ToString(stepped.error()), "the run's process was ended by signal Killed\n");
  EXPECT_EQ(client->outcome()->end, RunEnd::kRunDied);
  EXPECT_EQ(EndOfRecording("killed"), "run_died");
}

TEST_F(StepClientTest, SealsARunThatNobodyFinishes) {
  auto client = MustStart(Request("left", 20));
  ASSERT_NE(client, nullptr);
  ASSERT_TRUE(client->Step(SimDuration::Seconds(3)).ok());
  const pid_t worker = WorkerOf();
  client.reset();
  EXPECT_EQ(kill(worker, 0), -1);
  EXPECT_EQ(EndOfRecording("left"), "interrupted");
}

TEST_F(StepClientTest, EndsWhereASignalSaysSo) {
  auto client = MustStart(Request("stopped", 60));
  ASSERT_NE(client, nullptr);
  ASSERT_TRUE(client->Step(SimDuration::Seconds(1)).ok());
  kill(WorkerOf(), SIGINT);
  ASSERT_TRUE(client->Until(SimTime::Zero() + SimDuration::Seconds(60)).ok());
  EXPECT_EQ(client->end(), RunEnd::kInterrupted);
  EXPECT_LT(client->now().seconds(), 60);
  EXPECT_EQ(client->Finish()->end, RunEnd::kInterrupted);
  EXPECT_EQ(EndOfRecording("stopped"), "interrupted");
}

}  // namespace
}  // namespace dustproof
