#include "hil/shim/lockstep/crash_reporter.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "tests/hil/shim/child_run.h"

namespace dustproof {
namespace {

void ExpectFault(const std::string& behaviour, const std::string& kind, const std::string& words) {
  SCOPED_TRACE(behaviour);
  const ChildOutcome outcome = RunInChild({.behaviour = behaviour});
  const Diagnosis& d = outcome.diagnosis;
  EXPECT_EQ(outcome.exit_code, kFirmwareFaultExit);
  EXPECT_EQ(d.kind, kind);
  EXPECT_NE(d.message.find(words), std::string::npos) << d.message;
  EXPECT_EQ(d.firmware, "faults 1.0");
  EXPECT_EQ(d.task, "main");
  EXPECT_EQ(d.sim_time_ns, 1'500'000'000);
  EXPECT_EQ(d.repeat_command, "dustproof run x");
  EXPECT_TRUE(HasFrame(d, "Main")) << ToString(d);
}

TEST(CrashReporterTest, TellsSignalsApart) {
  ExpectFault("null_write", "crash", "accessed memory");
  ExpectFault("null_call", "null_call", "null function pointer");
  ExpectFault("divide", "crash", "divided by zero");
  ExpectFault("abort", "abort", "abort()");
  ExpectFault("assert", "assertion", "sink == 1234");
  ExpectFault("exception", "uncaught_exception", "std::runtime_error: the map is empty");
}

TEST(CrashReporterTest, FindsEndlessLoops) {
  ExpectFault("endless_loop", "hang", "CPU budget");
  ExpectFault("endless_yield", "hang", "endless loop");  // By calls or by CPU budget, whichever is first.
}

TEST(CrashReporterTest, RefusesWaysOutOfTheSimulation) {
  ExpectFault("exit", "forbidden_call", "firmware called exit");
  ExpectFault("_exit", "forbidden_call", "firmware called _exit");
  ExpectFault("pthread_create", "forbidden_call", "use dp_task create");
  ExpectFault("std_thread", "forbidden_call", "use dp_task create");
  ExpectFault("nanosleep", "forbidden_call", "use dp_clock sleep_us");
  ExpectFault("socket", "forbidden_call", "use dp_socket");
  ExpectFault("fork", "forbidden_call", "starts no other");
}

// The stack holds far more frames than a report does, so `Main` is not among them.
TEST(CrashReporterTest, KnowsAnOverflownStack) {
  const ChildOutcome outcome = RunInChild({.behaviour = "stack_overflow"});
  EXPECT_EQ(outcome.exit_code, kFirmwareFaultExit);
  EXPECT_EQ(outcome.diagnosis.kind, "stack_overflow");
  EXPECT_TRUE(HasFrame(outcome.diagnosis, "Recurse"));
}

TEST(CrashReporterTest, ShowsWhereAnExceptionWasThrown) {
  EXPECT_TRUE(HasFrame(RunInChild({.behaviour = "exception"}).diagnosis, "ThrowDeep"));
}

// The harness reads the firmware's memory for it, on its own stack.
TEST(CrashReporterTest, BlamesTheFirmwareForPointersItGives) {
  const ChildOutcome outcome = RunInChild({.behaviour = "wild_pointer"});
  EXPECT_EQ(outcome.exit_code, kFirmwareFaultExit);
  EXPECT_EQ(outcome.diagnosis.hal_call, "uart.write");
  EXPECT_NE(outcome.diagnosis.message.find("HAL call"), std::string::npos);
}

TEST(CrashReporterTest, CallsItsOwnFaultsItsOwn) {
  const std::string path = testing::TempDir() + "diagnosis_harness.json";
  const int fd = open(path.c_str(), O_CREAT | O_TRUNC | O_WRONLY, 0600);
  const pid_t child = fork();
  if (child == 0) {
    auto reporter = CrashReporter::Install({.fd = fd, .repeat_command = ""});
    raise(SIGSEGV);
    _exit(4);
  }
  int status = 0;
  waitpid(child, &status, 0);
  close(fd);
  EXPECT_EQ(WEXITSTATUS(status), kHarnessFaultExit);
  auto read = ReadDiagnosis(path);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->kind, "harness");
  EXPECT_TRUE(HasFrame(*read, "CallsItsOwnFaultsItsOwn")) << ToString(*read);
}

// Its name is whatever the firmware says, and a diagnosis must not be lost over it.
TEST(CrashReporterTest, ReadsADiagnosisOfFirmwareWithANameThatIsNoText) {
  const std::string path = testing::TempDir() + "diagnosis_bytes.json";
  std::ofstream(path) << "{\"kind\": \"crash\", \"firmware\": \"v\xff 1\"}";
  const auto read = ReadDiagnosis(path);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->kind, "crash");
  EXPECT_EQ(read->firmware, "v\uFFFD 1");
}

TEST(CrashReporterTest, SaysWhenAFileHoldsNoDiagnosis) {
  EXPECT_FALSE(ReadDiagnosis("/dev/null").ok());
  EXPECT_FALSE(ReadDiagnosis("/nowhere").ok());
}

}  // namespace
}  // namespace dustproof
