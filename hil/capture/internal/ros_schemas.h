#pragma once

#include <string>
#include <vector>

namespace dustproof::internal {

/// What kind of message a channel carries. The number is the channel's id and its schema's id.
enum class ChannelId : uint16_t {
  kEmission = 1,
  kConsentChange,
  kRunEvent,
  kLog,
  kPoseTrue,
  kPoseBelieved,
  kTransforms,
  kScan,
  kMap,
  kDrive,
  kBattery,
  kPoints,
  kState,
};
inline constexpr uint16_t kChannelCount = 13;

struct ChannelInfo {
  ChannelId id;
  std::string topic;
  std::string schema_name;  ///< e.g. "sensor_msgs/msg/LaserScan".
  std::string
      schema_text;  ///< ros2msg: the definition, then those it needs, each after a line of 80 '='.
};

/// Every channel of a recording, by id.
const std::vector<ChannelInfo>& Channels();

}  // namespace dustproof::internal
