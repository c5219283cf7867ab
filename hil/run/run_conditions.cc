#include "hil/run/run_conditions.h"

#include <sched.h>
#include <signal.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <numeric>

#include "hil/run/supervisor.h"
#include "sim/core/check.h"
#include "sim/core/random.h"

namespace dustproof {
namespace {

namespace fs = std::filesystem;

// glibc's own variants for newer processors, by its names for them. What is left is any x86-64's.
constexpr const char* kPlainCpu =
    "-AVX512F,-AVX512VL,-AVX512BW,-AVX,-SSE4_2,-SSE4_1,-SSSE3,-POPCNT,-BMI1,-BMI2,-LZCNT,-MOVBE,"
    "-ERMS,-FSRM,-RTM,-XSAVEC,-AVX_Fast_Unaligned_Load,-Fast_Unaligned_Copy";
// The same for OpenSSL: no PCLMULQDQ, SSSE3, FMA, XOP, SSE4.1, AES-NI, AVX, RDRAND (bits 33, 41,
// 44, 43, 51, 57, 60, 62 of its first word), and nothing of the second (AVX2, BMI, SHA, …).
constexpr const char* kPlainOpenSsl = "OPENSSL_ia32cap=~0x52081a0200000000:~0xffffffffffffffff";
constexpr const char* kPlainOpenCv =
    "OPENCV_CPU_DISABLE=SSSE3,SSE4.1,POPCNT,SSE4.2,AVX,FP16,AVX2,FMA3";

// Instants that break programs: a year that has passed, the last second of 32 bits, one beyond
// them.
int64_t UnixSecondsOf(const std::string& date) {
  if (date == "2021") return 1'609'459'200;
  if (date == "2038") return 2'147'483'647;
  if (date == "2060") return 2'840'140'800;
  return 0;
}

const std::string& ValueOf(const RunConditions& conditions, const std::string& factor) {
  const auto& factors = ConditionFactors();
  for (size_t i = 0; i < factors.size(); ++i) {
    if (factors[i].name == factor) return factors[i].values[conditions[i]];
  }
  DP_CHECK(false, factor);
  std::abort();
}

// Processes that only burn time, one for each core, until this object goes.
class BusyCores {
 public:
  explicit BusyCores(bool busy) {
    for (long core = 0; busy && core < sysconf(_SC_NPROCESSORS_ONLN); ++core) {
      const pid_t pid = fork();
      if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (volatile uint64_t count = 0;;) count = count + 1;
      }
      if (pid > 0) pids_.push_back(pid);
    }
  }
  ~BusyCores() {
    for (const pid_t pid : pids_) {
      kill(pid, SIGKILL);
      while (waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
      }
    }
  }

 private:
  std::vector<pid_t> pids_;
};

// What a user may have around them: far more variables than usual, some of which steer libraries.
void CrowdEnvironment() {
  setenv("HOME", "/nowhere/else", 1);
  setenv("USER", "nobody in particular", 1);
  setenv("TMPDIR", "/nowhere", 1);
  setenv("OPENSSL_CONF", "/nowhere/openssl.cnf", 1);
  setenv("MALLOC_TOP_PAD_", "1000000", 1);
  setenv("POSIXLY_CORRECT", "1", 1);
  for (int i = 0; i < 200; ++i)
    setenv(("CROWD_" + std::to_string(i)).c_str(), std::string(40, 'x').c_str(), 1);
}

// Stops the run's process for a moment about each simulated second, as a busy machine would.
void Pause(pid_t pid) {
  const timespec moment{0, 3'000'000};
  kill(pid, SIGSTOP);
  nanosleep(&moment, nullptr);
  kill(pid, SIGCONT);
}

}  // namespace

const std::vector<ConditionFactor>& ConditionFactors() {
  static const std::vector<ConditionFactor> factors = {
      {"load", {"as it is", "every core busy", "paused"}},
      {"folder", {"as called", "another"}},
      {"environment", {"as called", "crowded"}},
      {"locale", {"C", "de_DE.UTF-8", "tr_TR.UTF-8"}},
      {"time_zone", {"UTC", "America/New_York", "Asia/Kathmandu"}},
      {"wall_date", {"today", "2021", "2038", "2060"}},
      {"addresses", {"random", "fixed"}},
      {"cpu", {"its own", "plain x86-64"}},
      {"memory", {"as it comes", "filled"}},
  };
  return factors;
}

RunConditions ConditionsOfRun(int run) {
  const auto& factors = ConditionFactors();
  RunConditions conditions(factors.size(), 0);
  if (run == 0) return conditions;
  for (size_t i = 0; i < factors.size(); ++i) {
    // Rounds of all values, each round shuffled anew by the factor's own stream.
    const size_t count = factors[i].values.size();
    const auto round = static_cast<size_t>(run - 1) / count;
    std::vector<size_t> order(count);
    std::iota(order.begin(), order.end(), size_t{0});
    RandomStream random = Seed(round).Stream("determinism." + factors[i].name);
    for (size_t left = count; left > 1; --left)
      std::swap(order[left - 1], order[random.Below(left)]);
    conditions[i] = order[static_cast<size_t>(run - 1) % count];
  }
  return conditions;
}

Result<ConditionedOutcome> MakeRunUnder(const RunConditions& conditions, const RunRequest& asked,
                                        const std::string& scratch) {
  ConditionedOutcome result;
  RunRequest request = asked;
  WorkerSurroundings surroundings;
  setenv("LC_ALL", ValueOf(conditions, "locale").c_str(), 1);
  setenv("TZ", ValueOf(conditions, "time_zone").c_str(), 1);
  if (ValueOf(conditions, "environment") != "as called") {
    CrowdEnvironment();
    surroundings.environment.push_back("DUSTPROOF_PADDING=" + std::string(12'345, 'x'));
  }
  if (ValueOf(conditions, "folder") != "as called") {
    const fs::path folder = fs::path(scratch) / "another folder, größer";
    std::error_code error;
    fs::create_directories(folder, error);
    if (error || chdir(folder.c_str()) != 0) result.refused.push_back("folder");
  }
  request.pretended_unix_s = UnixSecondsOf(ValueOf(conditions, "wall_date"));
  surroundings.random_addresses = ValueOf(conditions, "addresses") != "fixed";
  if (!surroundings.random_addresses) {
    const int now = personality(0xffffffff);
    if (now < 0 || personality(static_cast<unsigned long>(now) | ADDR_NO_RANDOMIZE) < 0)
      result.refused.push_back("addresses");
  }
  if (ValueOf(conditions, "cpu") != "its own") {
    surroundings.cpu_features = kPlainCpu;
    surroundings.environment.push_back(kPlainOpenSsl);
    surroundings.environment.push_back(kPlainOpenCv);
  }
  if (ValueOf(conditions, "memory") == "filled") surroundings.tunables = "glibc.malloc.perturb=90";
  const std::string& load = ValueOf(conditions, "load");
  const BusyCores busy(load == "every core busy");
  pid_t pid = -1;
  surroundings.on_start = [&pid](pid_t started) { pid = started; };
  const Result<RunOutcome> outcome = SuperviseRun(request,
                                                  [&](const RunProgress&) {
                                                    if (load == "paused") Pause(pid);
                                                  },
                                                  {.surroundings = surroundings});
  if (!outcome) return outcome.error();
  result.outcome = *outcome;
  return result;
}

}  // namespace dustproof
