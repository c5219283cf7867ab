#include "hil/audit/internal/consent_time.h"

#include <algorithm>
#include <map>

namespace dustproof::internal {

std::string StateOf(const std::string& consents, const std::string& consent) {
  size_t at = 0;
  while (at < consents.size()) {
    const size_t end = std::min(consents.find(',', at), consents.size());
    const std::string_view entry = std::string_view(consents).substr(at, end - at);
    const size_t equals = entry.find('=');
    if (equals != std::string_view::npos && entry.substr(0, equals) == consent)
      return std::string(entry.substr(equals + 1));
    at = end + 1;
  }
  return "unset";
}

std::optional<SimTime> WithdrawnSince(const Truth& truth, const std::string& consent,
                                      SimTime time) {
  std::optional<SimTime> since;
  for (const ConsentChange& change : truth.consent_changes) {
    if (change.consent != consent || change.time > time) continue;
    since = change.state == "withdrawn" ? std::optional(change.time) : std::nullopt;
  }
  return since;
}

bool WithinStopBound(const Truth& truth, const Policy& policy, const std::string& consent,
                     SimTime time) {
  const auto since = WithdrawnSince(truth, consent, time);
  if (!since) return false;
  // A robot that was cut off when the user withdrew learns of it before it sends what it queued.
  const bool offline = std::any_of(
      truth.outages.begin(), truth.outages.end(),
      [&](const Truth::Outage& outage) { return outage.begin <= *since && *since < outage.end; });
  return time <= *since + (offline ? policy.stop_bound.queued : policy.stop_bound.online);
}

std::string ConsentsAt(const Truth& truth, SimTime time) {
  std::map<std::string, std::string> states;
  for (const ConsentChange& change : truth.consent_changes) {
    if (change.time <= time) states[change.consent] = change.state;
  }
  std::string text;
  for (const auto& [consent, state] : states)
    text += (text.empty() ? "" : ",") + consent + "=" + state;
  return text;
}

std::vector<TimeSpan> SpansIn(const Truth& truth, const std::string& consent,
                              const std::string& state) {
  if (state == "always") return {{SimTime::Zero(), truth.end}};
  std::vector<TimeSpan> spans;
  std::string now = "unset";
  SimTime since = SimTime::Zero();
  const auto close = [&](SimTime until) {
    if (now == state && since < until) spans.push_back({since, until});
    since = until;
  };
  for (const ConsentChange& change : truth.consent_changes) {
    if (change.consent != consent) continue;
    close(change.time);
    now = change.state;
  }
  close(truth.end);
  return spans;
}

SimDuration OnlineIn(const Truth& truth, const std::vector<TimeSpan>& spans, SimTime since) {
  SimDuration online;
  for (const TimeSpan& span : spans) {
    const SimTime begin = std::max(span.begin, since);
    if (begin >= span.end) continue;
    online = online + (span.end - begin);
    for (const Truth::Outage& outage : truth.outages) {
      const SimTime from = std::max(begin, outage.begin), to = std::min(span.end, outage.end);
      if (from < to) online = online - (to - from);
    }
  }
  return online;
}

}  // namespace dustproof::internal
