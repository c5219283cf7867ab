#pragma once

#include <nlohmann/json.hpp>
#include <optional>

#include "hil/report/run_report.h"

namespace dustproof {

/// Null for a run in virtual time.
inline nlohmann::ordered_json RealTimeJson(const std::optional<RealTimeResult>& result) {
  if (!result) return nullptr;
  nlohmann::ordered_json latencies = nlohmann::ordered_json::array();
  for (const Latency& latency : result->latencies) {
    latencies.push_back({{"what", latency.what},
                         {"count", latency.count},
                         {"p50_ms", latency.p50_ms},
                         {"p99_ms", latency.p99_ms},
                         {"worst_ms", latency.worst_ms},
                         {"jitter_ms", latency.jitter_ms},
                         {"bins", latency.bins}});
  }
  return {{"events", result->events},
          {"late_events", result->late_events},
          {"worst_late_ms", result->worst_late_ms},
          {"drift_ppm", result->drift_ppm ? nlohmann::ordered_json(*result->drift_ppm) : nlohmann::ordered_json()},
          {"bin_edges_ms", Latency::kEdgesMs},
          {"latencies", latencies}};
}

}  // namespace dustproof
