#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "hil/audit/audit.h"
#include "hil/capture/recording_writer.h"
#include "sim/plan/floor_plan.h"

namespace dustproof::test {

Bytes ToBytes(const std::string& text);
std::string ToText(const Bytes& bytes);
SimTime At(double seconds);

std::string Gzip(const std::string& text);
std::string Zlib(const std::string& text);
std::string Base64(const std::string& text, bool url_safe = false);
std::string Hex(const std::string& text);
template <typename T>
std::string Raw(T value) {
  return std::string(reinterpret_cast<const char*>(&value), sizeof(T));
}

/// A grid as the robot would map a plan: 0 free, 1 wall, 255 unknown; turned by `yaw_rad`.
struct GridMap {
  int width = 0, height = 0;
  double resolution_m = 0.05;
  std::string cells;
};
GridMap MapOf(const FloorPlan& plan, double yaw_rad = 0, double resolution_m = 0.05);

/// Lanes through the plan's free floor, room by room, a point every 5 cm, one each 0.25 s.
std::vector<PoseSample> LanesThrough(const FloorPlan& plan);

/// The vacuum's map file (robots/vacuum/firmware/PROTOCOL.md).
std::string MapFile(const GridMap& map, const std::vector<PoseSample>& path);

/// A small run of the reference robot, written by hand: paired, online, cleaning the two-bedroom
/// flat; and what a test adds to what it sends.
class SyntheticRun {
 public:
  struct Options {
    /// State of the consents but C_POLICY, from pairing on.
    std::string others = "denied";
    std::string policy = "granted";  ///< State of C_POLICY, from pairing on.
    bool online = true;
    bool with_schema = true;
  };
  explicit SyntheticRun(const std::string& name) : SyntheticRun(name, Options()) {}
  SyntheticRun(const std::string& name, const Options& options);
  ~SyntheticRun();

  const FloorPlan& plan() const { return plan_; }
  const std::vector<PoseSample>& path() const { return path_; }

  /// What a robot sends; all within the cleaning, in order of time. Return the emission's sequence
  /// number.
  uint64_t Publish(double seconds, const std::string& topic, const std::string& payload);
  uint64_t Put(double seconds, const std::string& path, const std::string& body,
               const std::string& headers = "");
  uint64_t Send(double seconds, Emission emission);
  void SetConsent(double seconds, const std::string& consent, const std::string& state);
  void Event(double seconds, const std::string& source, const std::string& name,
             const std::string& detail);
  void Log(double seconds, const std::string& text);

  /// Closes the recording and audits it; `control` is the audit of another run, or null.
  AuditReport Audit(const AuditReport* control = nullptr);
  const std::string& path_of_recording() const { return file_; }

  static Party Cloud();
  static constexpr const char* kSsid = "Juniper-7kQ2mXw9P";
  static constexpr const char* kPassword = "tR8vYq3NwZk5JmHd";
  static constexpr const char* kMac = "a4:c1:38:0b:5e:99";
  static constexpr const char* kRobotId = "DP1-4K7Q9XW3HJ8MTP";
  static constexpr double kLatitude = 30.1234567, kLongitude = 104.7654321;

 private:
  Emission Base(double seconds);
  void Write(const Emission& emission);
  std::string Consents() const;
  void AdvanceTo(double seconds);

  std::string file_;
  std::unique_ptr<RecordingWriter> writer_;
  FloorPlan plan_;
  std::vector<PoseSample> path_;
  size_t next_pose_ = 0;
  double begin_s_ = 60;
  uint64_t mqtt_offset_ = 0;
  uint32_t next_connection_ = 100;
  std::map<std::string, std::string> consents_;
};

const Policy& TestPolicy();
/// Verdicts of a category for one party, in one reading, worst first.
Verdict WorstFor(const AuditReport& report, const std::string& category, const std::string& party,
                 Reading reading = Reading::kStrict);
/// The row of a category for one party, in one phase and reading; fails the test where there is
/// none.
VerdictRow RowFor(const AuditReport& report, const std::string& category, const std::string& party,
                  const std::string& phase, Reading reading = Reading::kStrict);
/// Findings of a category.
std::vector<const Finding*> FindingsOf(const AuditReport& report, const std::string& category);
std::string Describe(const AuditReport& report);

}  // namespace dustproof::test
