#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "hil/audit/audit_report.h"
#include "hil/audit/internal/detector.h"
#include "hil/audit/internal/truth.h"

namespace dustproof::internal {

/// What of a control run matters: which category went to which party.
using ControlPaths = std::set<std::pair<std::string, std::string>>;

/// Since when each category's data existed on the robot; absent where it never did.
std::map<std::string, SimTime> FindDataExistence(const Truth& truth, const Policy& policy);

/// The findings as the policy sees them: one verdict for each emitter, category, party, purpose,
/// phase and reading.
std::vector<VerdictRow> Judge(const Truth& truth, const Policy& policy,
                              const std::vector<Finding>& findings,
                              const std::vector<UnexplainedBytes>& unexplained,
                              const ControlPaths& control);

std::vector<UsefulnessCheck> JudgeUsefulness(const Truth& truth);
/// For a run that was ended before its scenario's end: what it might still have done is not
/// exercised rather than failed.
void ExcuseWhatCameLater(std::vector<UsefulnessCheck>* checks);

/// The policy's key for a party: its own, or `other` for one that the policy doesn't know.
std::string PolicyPartyOf(const Policy& policy, const std::string& party);

/// "granted" of "C_A=granted,C_B=denied"; "unset" where the consent isn't named.
std::string StateOf(const std::string& consents, const std::string& consent);

/// When a consent was last withdrawn before or at `time`, where it still is.
std::optional<SimTime> WithdrawnSince(const Truth& truth, const std::string& consent, SimTime time);

/// Whether what left at `time` is still within the policy's stop bound after the last withdrawal of
/// any consent.
bool WithinStopBound(const Truth& truth, const Policy& policy, const std::string& consent,
                     SimTime time);

}  // namespace dustproof::internal
