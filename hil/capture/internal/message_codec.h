#pragma once

#include <optional>
#include <span>

#include "hil/capture/internal/ros_schemas.h"
#include "hil/capture/recording_reader.h"

/// The structs of messages.h to ROS 2 messages in CDR, and back. `stamp` is the calendar time of
/// the message.
namespace dustproof::internal {

Bytes Encode(const Emission& emission, WallTime stamp);
Bytes Encode(const ConsentChange& change, WallTime stamp);
Bytes Encode(const RunEvent& event, WallTime stamp);
Bytes Encode(const LogLine& line, WallTime stamp);
Bytes Encode(const PoseSample& pose, WallTime stamp);
Bytes Encode(const ScanSample& scan, WallTime stamp);
Bytes Encode(const MapSample& map, WallTime stamp);
Bytes Encode(const DriveSample& drive, WallTime stamp);
Bytes Encode(const BatterySample& battery, WallTime stamp);
Bytes Encode(const StateHashes& state, WallTime stamp);
/// The transforms that go with a pose: W (or M) to the robot, and for the true pose the robot to
/// its lidar.
Bytes EncodeTransforms(const PoseSample& pose, const Pose2& X_RL, WallTime stamp);
/// A turn's returns as points in frame L, at the height of the beams: what viewers without laser
/// scans draw.
Bytes EncodePoints(const ScanSample& scan, WallTime stamp);

/// Nothing where the bytes are no such message. Not for kTransforms and kPoints: the poses and the
/// scans say the same.
std::optional<RecordedMessage> Decode(ChannelId channel, SimTime time,
                                      std::span<const std::byte> cdr);

}  // namespace dustproof::internal
