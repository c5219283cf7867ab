#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "hil/audit/audit.h"
#include "hil/audit/audit_report.h"
#include "hil/audit/policy.h"
#include "hil/capture/capture_sink.h"

namespace dustproof {

/// An audit as a fold over a run's messages: it hears each as it is recorded, and judges once the run is over, as
/// `AuditRecording` would judge the recording.
///
/// What takes long, holding maps against homes, is remembered by the bytes of the map: a forked process knows what was
/// worked out before. Used on one thread.
class AuditFold final : public CaptureSink {
 public:
  /// `policy` outlives it. `null_homes` as in `AuditOptions`.
  explicit AuditFold(const Policy& policy, int null_homes = 39);
  ~AuditFold() override;

  using CaptureSink::Write;
  void Write(const Emission& emission) override;
  void Write(const ConsentChange& change) override;
  void Write(const RunEvent& event) override;
  void Write(const LogLine& line) override;
  void Write(const PoseSample& pose) override;
  void Write(const ScanSample& scan) override;
  void Write(const MapSample& map) override;
  void Write(const DriveSample& drive) override;
  void Write(const BatterySample& battery) override;
  void Write(const StateHashes& state) override;
  void Write(const Attachment& attachment) override;
  void WriteMetadata(const std::string& name, const std::map<std::string, std::string>& values) override;

  /// What this process worked out since it was last asked: for `Learn` in another process that audits the same home, so
  /// that it need not be worked out again. Judgements stay what they are.
  std::string Lessons() const;
  void Learn(const std::string& lessons);

  /// What is known of a recording beside its messages.
  struct Source {
    std::string path;
    bool sealed = true;
    std::vector<Diagnostic> problems;  ///< What is missing in it.
    std::vector<DependentBytes> dependent = {};  ///< As in `AuditOptions`.
  };
  /// Judges what was heard: once. `control` as in `AuditOptions`.
  AuditReport Judge(const Source& source, const AuditReport* control);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace dustproof
