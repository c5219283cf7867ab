#include "hil/cli/judge.h"

#include "hil/audit/audit.h"
#include "hil/capture/recording_reader.h"

namespace dustproof {
namespace {

Result<Policy> PolicyFor(const std::string& recording, const std::string& policy_path) {
  if (!policy_path.empty()) return LoadPolicy(policy_path);
  const Result<RecordingReader> reader = RecordingReader::Open(recording);
  if (!reader) return reader.error();
  const Attachment* attachment = reader->FindAttachment("policy.yaml");
  if (attachment == nullptr)
    return Error::BadInput(recording + ": holds no policy; name one with --policy");
  return ParsePolicy(
      {reinterpret_cast<const char*>(attachment->data.data()), attachment->data.size()},
      recording + "/policy.yaml");
}

}  // namespace

Result<AuditReport> AuditByOwnPolicy(const std::string& recording, const std::string& policy_path,
                                     const AuditReport* control) {
  const Result<Policy> policy = PolicyFor(recording, policy_path);
  if (!policy) return policy.error();
  return AuditRecording(recording, *policy, {.control = control});
}

Result<std::optional<AuditReport>> AuditControl(const std::string& recording,
                                                const std::string& policy_path) {
  if (recording.empty()) return std::optional<AuditReport>();
  Result<AuditReport> audit = AuditByOwnPolicy(recording, policy_path);
  if (!audit) return audit.error();
  return std::optional(std::move(*audit));
}

}  // namespace dustproof
