#pragma once

#include <nlohmann/json.hpp>
#include <vector>

#include "hil/report/run_report.h"

namespace dustproof {

inline nlohmann::ordered_json DeadlinesJson(const std::vector<DeadlineResult>& deadlines) {
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
  for (const DeadlineResult& d : deadlines) {
    rows.push_back({{"task", d.task},
                    {"within_s", d.within_s},
                    {"worst_s", d.worst_s},
                    {"missed", d.missed},
                    {"activations", d.activations}});
  }
  return rows;
}

}  // namespace dustproof
