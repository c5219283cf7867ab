#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "hil/audit/internal/flows.h"
#include "hil/capture/recording_reader.h"
#include "sim/plan/floor_plan.h"

namespace dustproof::internal {

/// Everything of a recording that the audit needs: what crossed the boundary, and what is true.
struct Truth {
  FlowSet flows;
  std::map<std::string, std::vector<std::string>> planted;
  std::optional<FloorPlan> plan;
  std::string schema_text;
  std::vector<std::string> scenario_parties, scenario_hosts;
  struct Outage {
    SimTime begin, end;
  };
  std::vector<Outage> outages;

  std::vector<PoseSample> poses_true;
  std::vector<ScanSample> scans;
  std::vector<BatterySample> battery;
  std::vector<LogLine> log;
  std::vector<RunEvent> events;
  std::set<std::string> stations;  ///< Ethernet addresses of boards at a gateway, "a4:c1:38:0b:5e:99".
  std::vector<ConsentChange> consent_changes;
  bool has_map_messages = false;
  SimTime first_map_time = SimTime::Max();
  SimTime first_scan_time = SimTime::Max();
  SimTime end;
  uint64_t emission_count = 0;
};

/// Folds a run's messages and attachments into what the audit needs of them.
class TruthFold {
 public:
  void Take(const RecordedMessage& message);
  /// Of two attachments with one name the later holds.
  void Take(const Attachment& attachment);

  /// What was taken; `warnings` gets what is missing. Nothing is left to take any more into.
  Truth Finish(std::vector<Diagnostic>* warnings);
  /// The home, where an attachment told of it.
  std::optional<FloorPlan> Plan() const;

 private:
  Truth truth_;
  std::map<std::string, std::string> texts_;  // Of attachments, by name.
};

}  // namespace dustproof::internal
