#pragma once

#include <memory>
#include <set>
#include <string>

#include "hil/capture/forwarding_sink.h"
#include "hil/capture/recording_writer.h"
#include "hil/run/inputs.h"
#include "hil/run/run_world.h"

namespace dustproof {

/// Judges by the scenario's policy what a robot sent to whom in a part of a run: records it beside
/// the run, and audits that recording.
class BranchAudit {
 public:
  enum class After { kRemove, kKeep };

  /// Begins to record into the new file `path` what passes `tap`. Everything borrowed outlives it.
  /// `after`: what becomes of the file.
  [[nodiscard]] static Result<std::unique_ptr<BranchAudit>> Begin(
      const std::string& path, const RunInputs& inputs, const ConsentConfiguration& consents,
      const RunWorld& world, ForwardingSink& tap, After after = After::kRemove);
  ~BranchAudit();
  BranchAudit(const BranchAudit&) = delete;
  BranchAudit& operator=(const BranchAudit&) = delete;

  /// Takes a change of consent that came before the recording began.
  void AddEarlier(const ConsentChange& change) { recording_->Write(change); }

  /// Ends the recording. A sentence for each kind of data that went where the policy
  /// does not let it go, under the reading that decides.
  [[nodiscard]] Result<std::set<std::string>> Finish();

 private:
  BranchAudit(const std::string& path, const Policy& policy, ForwardingSink& tap, After after,
              std::unique_ptr<RecordingWriter> recording);

  Result<std::set<std::string>> Breaches(int null_homes) const;

  const std::string path_;
  const Policy& policy_;
  ForwardingSink& tap_;
  const After after_;
  std::unique_ptr<RecordingWriter> recording_;
};

}  // namespace dustproof
