#pragma once

#include <optional>
#include <string>
#include <vector>

#include "hil/audit/internal/content.h"
#include "hil/capture/messages.h"

namespace dustproof::internal {

/// A number in a field of a message, for what only shows over several messages.
struct FieldValue {
  SimTime time;
  size_t flow = 0, part = 0;
  ByteRange range;
  double number = 0;
};

struct SeriesMatch {
  std::string category;  ///< robot_status or robot_path.
  std::string form;      ///< "follows the battery's charge".
};

/// Whether a field's numbers, message by message, follow something that the recording knows to be
/// true: the battery's charge or voltage, the robot's place. Scales are the usual units only, so
/// that a counter, which can be fitted to anything that falls or rises, does not follow.
std::optional<SeriesMatch> MatchSeries(const std::vector<FieldValue>& values,
                                       const std::vector<BatterySample>& battery,
                                       const std::vector<PoseSample>& poses);

}  // namespace dustproof::internal
