#pragma once

#include <optional>
#include <string>
#include <vector>

#include "hil/audit/internal/truth.h"
#include "hil/audit/policy.h"

/// Consents over a run's time.
namespace dustproof::internal {

/// "granted" of "C_A=granted,C_B=denied"; "unset" where the consent isn't named.
std::string StateOf(const std::string& consents, const std::string& consent);

/// All consents that had changed by `time`, as in an emission.
std::string ConsentsAt(const Truth& truth, SimTime time);

/// From `begin` to `end`, without `end`.
struct TimeSpan {
  SimTime begin, end;
};

/// When a consent was in a state, in order. `always` is the state of no consent: the whole run.
std::vector<TimeSpan> SpansIn(const Truth& truth, const std::string& consent,
                              const std::string& state);

/// How much of the spans lies after `since` with the network up.
SimDuration OnlineIn(const Truth& truth, const std::vector<TimeSpan>& spans, SimTime since);

/// When a consent was last withdrawn before or at `time`, where it still is.
std::optional<SimTime> WithdrawnSince(const Truth& truth, const std::string& consent, SimTime time);

/// Whether what left at `time` is still within the policy's stop bound after the last withdrawal of
/// a consent.
bool WithinStopBound(const Truth& truth, const Policy& policy, const std::string& consent,
                     SimTime time);

}  // namespace dustproof::internal
