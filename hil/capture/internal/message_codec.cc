#include "hil/capture/internal/message_codec.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "hil/capture/internal/cdr.h"

namespace dustproof::internal {

namespace {

// One description of each of our own messages, for both directions: `Io` is a CdrWriter or a
// CdrReader.
template <typename Io, typename M>
void Fields(Io& io, M& m) requires std::is_same_v<std::remove_const_t<M>, Emission> {
  io(m.sequence), io(m.emitter), io(m.kind), io(m.direction), io(m.connection), io(m.stream_offset);
  io(m.source_address), io(m.destination_address), io(m.source_port), io(m.destination_port);
  io(m.party.key), io(m.party.organisation), io(m.party.role), io(m.party.region), io(m.party.host);
  io(m.protocol), io(m.encrypted), io(m.consents), io(m.payload);
}

template <typename Io, typename M>
void Fields(Io& io, M& m) requires std::is_same_v<std::remove_const_t<M>, ConsentChange> {
  io(m.consent), io(m.state), io(m.cause);
}

template <typename Io, typename M>
void Fields(Io& io, M& m) requires std::is_same_v<std::remove_const_t<M>, RunEvent> {
  io(m.source), io(m.name), io(m.detail);
}

template <typename Io, typename M>
void Fields(Io& io, M& m) requires std::is_same_v<std::remove_const_t<M>, DriveSample> {
  io(m.left_m_s), io(m.right_m_s);
}

template <typename Io, typename M>
void Fields(Io& io, M& m) requires std::is_same_v<std::remove_const_t<M>, StateHashes> {
  io(m.events_run), io(m.parts), io(m.hashes);
}

void PutStamp(CdrWriter& out, WallTime stamp) {
  const int64_t ns = stamp.unix_nanoseconds();
  out(static_cast<int32_t>(ns / 1'000'000'000));
  out(static_cast<uint32_t>(ns % 1'000'000'000));
}

void SkipStamp(CdrReader& in) {
  in.Skip<int32_t>();
  in.Skip<uint32_t>();
}

void PutHeader(CdrWriter& out, WallTime stamp, const std::string& frame) {
  PutStamp(out, stamp);
  out(frame);
}

std::string TakeHeader(CdrReader& in) {
  SkipStamp(in);
  return in.Skip<std::string>();
}

// Position, then a quaternion about z.
void PutPose(CdrWriter& out, const Pose2& pose) {
  out(pose.x), out(pose.y), out(0.0);
  out(0.0), out(0.0), out(std::sin(pose.yaw / 2)), out(std::cos(pose.yaw / 2));
}

Pose2 TakePose(CdrReader& in) {
  Pose2 pose;
  in(pose.x), in(pose.y), in.Skip<double>();
  in.Skip<double>(), in.Skip<double>();
  const double z = in.Skip<double>();
  const double w = in.Skip<double>();
  pose.yaw = WrapAngle(2 * std::atan2(z, w));
  return pose;
}

template <typename M>
Bytes EncodeOwn(const M& message, WallTime stamp) {
  Bytes bytes;
  CdrWriter out(bytes);
  PutStamp(out, stamp);
  Fields(out, message);
  return bytes;
}

template <typename M>
M DecodeOwn(CdrReader& in) {
  M message;
  SkipStamp(in);
  Fields(in, message);
  return message;
}

LogLine DecodeLog(CdrReader& in) {
  LogLine line;
  SkipStamp(in);
  line.level = in.Skip<uint8_t>();
  in(line.source), in(line.text);
  return line;
}

ScanSample DecodeScan(CdrReader& in) {
  ScanSample scan;
  TakeHeader(in);
  scan.angle_min_rad = in.Skip<float>();
  in.Skip<float>();
  scan.angle_increment_rad = in.Skip<float>();
  scan.time_increment_s = in.Skip<float>();
  in.Skip<float>();
  scan.range_m_min = in.Skip<float>();
  scan.range_m_max = in.Skip<float>();
  in(scan.range_m), in(scan.intensity);
  return scan;
}

MapSample DecodeMap(CdrReader& in) {
  MapSample map;
  TakeHeader(in);
  SkipStamp(in);
  map.resolution_m = in.Skip<float>();
  map.width = static_cast<int32_t>(in.Skip<uint32_t>());
  map.height = static_cast<int32_t>(in.Skip<uint32_t>());
  const Pose2 origin = TakePose(in);
  map.origin_x_m = origin.x;
  map.origin_y_m = origin.y;
  in(map.cells);
  return map;
}

BatterySample DecodeBattery(CdrReader& in) {
  BatterySample battery;
  TakeHeader(in);
  battery.voltage_v = in.Skip<float>();
  in.Skip<float>();
  battery.current_a = in.Skip<float>();
  in.Skip<float>(), in.Skip<float>(), in.Skip<float>();
  battery.charge_pct = 100.0 * in.Skip<float>();
  battery.charging = in.Skip<uint8_t>() == 1;
  return battery;
}

PoseSample DecodePose(CdrReader& in) {
  PoseSample pose;
  pose.frame = TakeHeader(in);
  pose.pose = TakePose(in);
  return pose;
}

RecordedMessage DecodeBody(ChannelId channel, CdrReader& in) {
  switch (channel) {
    case ChannelId::kEmission:
      return DecodeOwn<Emission>(in);
    case ChannelId::kConsentChange:
      return DecodeOwn<ConsentChange>(in);
    case ChannelId::kRunEvent:
      return DecodeOwn<RunEvent>(in);
    case ChannelId::kDrive:
      return DecodeOwn<DriveSample>(in);
    case ChannelId::kState:
      return DecodeOwn<StateHashes>(in);
    case ChannelId::kLog:
      return DecodeLog(in);
    case ChannelId::kScan:
      return DecodeScan(in);
    case ChannelId::kMap:
      return DecodeMap(in);
    case ChannelId::kBattery:
      return DecodeBattery(in);
    case ChannelId::kPoseTrue:
    case ChannelId::kPoseBelieved:
      return DecodePose(in);
    case ChannelId::kTransforms:
    case ChannelId::kPoints:
      break;
  }
  return RunEvent{};
}

}  // namespace

Bytes Encode(const Emission& emission, WallTime stamp) { return EncodeOwn(emission, stamp); }
Bytes Encode(const ConsentChange& change, WallTime stamp) { return EncodeOwn(change, stamp); }
Bytes Encode(const RunEvent& event, WallTime stamp) { return EncodeOwn(event, stamp); }
Bytes Encode(const DriveSample& drive, WallTime stamp) { return EncodeOwn(drive, stamp); }
Bytes Encode(const StateHashes& state, WallTime stamp) { return EncodeOwn(state, stamp); }

Bytes Encode(const LogLine& line, WallTime stamp) {
  Bytes bytes;
  CdrWriter out(bytes);
  PutStamp(out, stamp);
  out(static_cast<uint8_t>(line.level)), out(line.source), out(line.text);
  out(std::string()), out(std::string()), out(uint32_t{0});
  return bytes;
}

Bytes Encode(const PoseSample& pose, WallTime stamp) {
  Bytes bytes;
  CdrWriter out(bytes);
  PutHeader(out, stamp, pose.frame);
  PutPose(out, pose.pose);
  return bytes;
}

Bytes Encode(const ScanSample& scan, WallTime stamp) {
  Bytes bytes;
  CdrWriter out(bytes);
  PutHeader(out, stamp, "L");
  const auto beams = static_cast<double>(scan.range_m.size());
  out(static_cast<float>(scan.angle_min_rad));
  out(static_cast<float>(scan.angle_min_rad + scan.angle_increment_rad * std::max(0.0, beams - 1)));
  out(static_cast<float>(scan.angle_increment_rad));
  out(static_cast<float>(scan.time_increment_s));
  out(static_cast<float>(scan.time_increment_s * beams));
  out(static_cast<float>(scan.range_m_min)), out(static_cast<float>(scan.range_m_max));
  out(scan.range_m), out(scan.intensity);
  return bytes;
}

Bytes Encode(const MapSample& map, WallTime stamp) {
  Bytes bytes;
  CdrWriter out(bytes);
  PutHeader(out, stamp, "M");
  PutStamp(out, stamp);
  out(static_cast<float>(map.resolution_m));
  out(static_cast<uint32_t>(map.width)), out(static_cast<uint32_t>(map.height));
  PutPose(out, {map.origin_x_m, map.origin_y_m, 0});
  out(map.cells);
  return bytes;
}

Bytes Encode(const BatterySample& battery, WallTime stamp) {
  constexpr float kUnknown = std::numeric_limits<float>::quiet_NaN();
  Bytes bytes;
  CdrWriter out(bytes);
  PutHeader(out, stamp, "R");
  out(static_cast<float>(battery.voltage_v)), out(kUnknown),
      out(static_cast<float>(battery.current_a));
  out(kUnknown), out(kUnknown), out(kUnknown), out(static_cast<float>(battery.charge_pct / 100));
  out(static_cast<uint8_t>(battery.charging ? 1 : 2)), out(uint8_t{0}), out(uint8_t{0}), out(true);
  out(std::vector<float>()), out(std::vector<float>()), out(std::string()), out(std::string());
  return bytes;
}

Bytes EncodeTransforms(const PoseSample& pose, const Pose2& X_RL, WallTime stamp) {
  const bool is_true = pose.frame == "W";
  Bytes bytes;
  CdrWriter out(bytes);
  out(uint32_t{is_true ? 2u : 1u});
  PutHeader(out, stamp, pose.frame);
  out(std::string(is_true ? "R" : "R_believed"));
  PutPose(out, pose.pose);
  if (is_true) {
    PutHeader(out, stamp, "R");
    out(std::string("L"));
    PutPose(out, X_RL);
  }
  return bytes;
}

Bytes EncodePoints(const ScanSample& scan, WallTime stamp) {
  constexpr uint8_t kFloat32 = 7;  // sensor_msgs/PointField.
  std::vector<std::array<float, 3>> points;
  for (size_t i = 0; i < scan.range_m.size(); ++i) {
    if (scan.range_m[i] <= 0) continue;  // No return.
    const double angle = scan.angle_min_rad + scan.angle_increment_rad * static_cast<double>(i);
    points.push_back({static_cast<float>(scan.range_m[i] * std::cos(angle)),
                      static_cast<float>(scan.range_m[i] * std::sin(angle)), 0.0f});
  }
  const auto count = static_cast<uint32_t>(points.size());
  constexpr uint32_t kPointBytes = sizeof points[0];
  Bytes bytes;
  CdrWriter out(bytes);
  PutHeader(out, stamp, "L");
  out(uint32_t{1}), out(count);
  out(uint32_t{3});
  for (uint32_t axis = 0; axis < 3; ++axis) {
    out(std::string(1, static_cast<char>('x' + axis)));
    out(static_cast<uint32_t>(axis * sizeof(float))), out(kFloat32), out(uint32_t{1});
  }
  out(false), out(kPointBytes), out(count * kPointBytes);
  const auto data = std::as_bytes(std::span(points));
  out(Bytes(data.begin(), data.end()));
  out(true);
  return bytes;
}

std::optional<RecordedMessage> Decode(ChannelId channel, SimTime time,
                                      std::span<const std::byte> cdr) {
  CdrReader in(cdr);
  RecordedMessage message = DecodeBody(channel, in);
  if (!in.ok()) return std::nullopt;
  if (const auto* state = std::get_if<StateHashes>(&message)) {
    if (state->parts.size() != state->hashes.size()) return std::nullopt;
  }
  std::visit([time](auto& m) { m.time = time; }, message);
  return message;
}

}  // namespace dustproof::internal
