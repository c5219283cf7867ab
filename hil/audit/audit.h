#pragma once

#include <string>
#include <vector>

#include "hil/audit/audit_report.h"
#include "hil/audit/policy.h"
#include "sim/core/result.h"

namespace dustproof {

/// Bytes of an emission that a comparison of runs showed to depend on a secret, in whatever form.
struct DependentBytes {
  std::string category;
  uint64_t sequence = 0;                    ///< The emission, as the recording counts.
  uint64_t first_byte = 0, byte_count = 0;  ///< In its payload.
  std::string how;                          ///< "what it says depends on it", for people.
};

/// How to audit.
struct AuditOptions {
  /// What is known to depend on secrets, beside what matchers find: judged as a finding wherever no other finding of the category
  /// is in the same message.
  std::vector<DependentBytes> dependent = {};
  /// The audit of a run of the same scenario with consent given: it shows which paths exist, and
  /// how soon they are taken. Borrowed for the call; null where there is none.
  const AuditReport* control = nullptr;
  /// Homes that the map's registration is held against, for its p-value.
  int null_homes = 39;
};

/// Judges anew, by what a control run shows, where a run alone does not exercise a rule. Changes no other verdict.
void ApplyControl(const std::vector<PathTaken>& control, AuditReport* report);

/// Judges a sealed recording by itself: what personal data left the robot, to whom, under which
/// consent, and whether the policy allows it. Reads the file and nothing else. Fails where the
/// recording can't be read; everything short of that is a warning in the report.
///
/// Attachments that it uses: `planted.json` ({"category": ["value", …]}), `plan.json` (the true
/// home), `schema.yaml` (what the product declares to send). Each is optional; what can't be judged
/// without it is undetermined, and a warning says so.
Result<AuditReport> AuditRecording(const std::string& path, const Policy& policy,
                                   const AuditOptions& options = {});

}  // namespace dustproof
