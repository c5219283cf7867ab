#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "hil/audit/audit_report.h"
#include "hil/audit/internal/content.h"

namespace dustproof::internal {

/// A match before matches of one thing are made one finding.
struct RawFinding {
  size_t flow = 0;  ///< Index among `flows`.
  size_t part = 0;  ///< Counts the parts of all flows: a message is a part.
  ByteRange range;  ///< In the flow's bytes.
  std::vector<std::string> decoders;
  FindingMethod method = FindingMethod::kExact;
  std::string category, form, what, value, where, purpose;
  double p_value = 0, score = 0;
  size_t content_bytes = 0;  ///< Of the decoded bytes that it stands in: small is specific.
};

}  // namespace dustproof::internal
