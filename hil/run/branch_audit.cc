#include "hil/run/branch_audit.h"

#include <unistd.h>

#include "hil/audit/audit.h"
#include "hil/run/run_attachments.h"

namespace dustproof {
namespace {

// Every further stranger's home can only acquit a picture of showing the true one: what breaches
// nothing with a few of them breaches nothing with all, which take 1.4 s for a map.
constexpr int kNullHomesFew = 5;

std::string Sentence(const VerdictRow& row) {
  std::string text = row.category + " went to " + row.party;
  if (!row.consent.empty()) text += " while " + row.consent + " was " + row.phase;
  return text;
}

}  // namespace

BranchAudit::BranchAudit(const std::string& path, const Policy& policy, ForwardingSink& tap,
                         After after, std::unique_ptr<RecordingWriter> recording)
    : path_(path), policy_(policy), tap_(tap), after_(after), recording_(std::move(recording)) {}

Result<std::unique_ptr<BranchAudit>> BranchAudit::Begin(const std::string& path,
                                                        const RunInputs& inputs,
                                                        const ConsentConfiguration& consents,
                                                        const RunWorld& world, ForwardingSink& tap,
                                                        After after) {
  RecordingWriter::Config config = RecordingConfigOf(inputs);
  config.flush_each_emission = false;
  Result<std::unique_ptr<RecordingWriter>> recording = RecordingWriter::Create(path, config);
  if (!recording) return recording.error();
  WriteRunFacts(inputs, inputs.request, consents, world.planted(), **recording);
  std::unique_ptr<BranchAudit> audit(
      new BranchAudit(path, inputs.policy, tap, after, std::move(*recording)));
  tap.ForwardTo(audit->recording_.get());
  return audit;
}

BranchAudit::~BranchAudit() {
  tap_.ForwardTo(nullptr);
  if (after_ == After::kRemove) unlink(path_.c_str());
}

Result<std::set<std::string>> BranchAudit::Finish() {
  tap_.ForwardTo(nullptr);
  if (const Result<void> closed = recording_->Close(); !closed) return closed.error();
  Result<std::set<std::string>> breaches = Breaches(kNullHomesFew);
  if (!breaches || breaches->empty()) return breaches;
  return Breaches(AuditOptions().null_homes);
}

Result<std::set<std::string>> BranchAudit::Breaches(int null_homes) const {
  AuditOptions options;
  options.null_homes = null_homes;
  const Result<AuditReport> report = AuditRecording(path_, policy_, options);
  if (!report) return report.error();
  std::set<std::string> failures;
  for (const VerdictRow& row : report->verdicts) {
    if (row.verdict == Verdict::kFail && row.reading == Reading::kStrict && row.emitter == "robot")
      failures.insert(Sentence(row));
  }
  return failures;
}

}  // namespace dustproof
