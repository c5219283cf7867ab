#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "sim/core/frames.h"
#include "sim/core/time.h"

/// What a recording holds: one plain struct for each kind of message. Those who emit fill them in;
/// the writer turns them into CDR, the reader back.
namespace dustproof {

using Bytes = std::vector<std::byte>;

/// What an emission crosses the boundary as.
enum class EmissionKind : uint8_t {
  kWire = 1,  ///< A piece of a TCP stream as it went over the air (under TLS: ciphertext).
  kPlaintext =
      2,  ///< The same conversation decrypted at our end of the TLS, or a stream without TLS.
  kDatagram = 3,   ///< UDP, unicast.
  kBroadcast = 4,  ///< UDP to a broadcast or multicast address: anyone on the LAN.
  kDns = 5,        ///< A query to the resolver.
  kDhcp = 6,
  kRadioName = 7,  ///< What the radio shows to everyone: hotspot name, station MAC, BLE name.
  kUart = 8,
  kFlashAtRest =
      9,  ///< An image of the flash (or a file store) at an instant that the policy judges.
};

enum class Direction : uint8_t { kFromRobot = 1, kToRobot = 2, kFromApp = 3, kToApp = 4 };

/// Who receives bytes.
struct Party {
  std::string key;  ///< As in the policy, e.g. `vendor_cloud_cn`, `bugly`, `other`.
  std::string organisation;
  std::string
      role;  ///< first_party, processor, sdk_vendor, third_party, lan, public, device, unknown.
  std::string region;  ///< ISO 3166 code, or "" where unknown or meaningless.
  std::string host;    ///< Name that was asked for, or the address in dotted form.
};

/// Bytes that crossed the boundary, as the network (never the cloud) saw them.
struct Emission {
  SimTime time;
  uint64_t sequence =
      0;  ///< Counts all emissions of a run from 1, set by the writer; findings refer to it.
  std::string emitter;  ///< "robot" or "app".
  EmissionKind kind{};
  Direction direction{};
  uint32_t connection =
      0;  ///< Same number for all pieces of one conversation, 0 where there is none.
  uint64_t stream_offset = 0;  ///< Offset of the first byte in its direction of that conversation.
  uint32_t source_address = 0, destination_address = 0;  ///< IPv4, host byte order.
  uint16_t source_port = 0, destination_port = 0;
  Party party;
  std::string protocol;  ///< "tls", "mqtt", "http", "dns", "dhcp", "ntp", "mdns", "" where unknown.
  bool encrypted =
      false;  ///< Whether the bytes travelled under TLS (link encryption does not count).
  std::string
      consents;  ///< State at `time`: "C_POLICY=granted,C_MAP_UPLOAD=denied,…", sorted by name.
  Bytes payload;
};

/// A consent changed state, as the robot's user answered in the app.
struct ConsentChange {
  SimTime time;
  std::string consent;  ///< e.g. `C_MAP_UPLOAD`.
  std::string state;    ///< unset, granted, denied, withdrawn.
  std::string cause;    ///< e.g. "app: consent screen", "app: settings".
};

/// Something that happened, for the timeline: a connection opened, a command given, a map shown, a
/// lifecycle event.
struct RunEvent {
  SimTime time;
  std::string source;  ///< "network", "cloud", "app", "robot", "script", "engine", "firmware".
  std::string name;    ///< snake_case: "tls_handshake_done", "command_sent", "map_shown",
                       ///< "factory_reset", "data_ready".
  std::string detail;  ///< Free text or a value. No personal data beyond planted values.
};

struct LogLine {
  SimTime time;
  int level = 20;      ///< 10 debug, 20 info, 30 warn, 40 error (rcl_interfaces/msg/Log).
  std::string source;  ///< Task or part.
  std::string text;
};

/// Poses in the plane. `frame` is "W" for the true pose, "M" for the believed one.
struct PoseSample {
  SimTime time;
  std::string frame;
  Pose2 pose;
};

/// One lidar turn in frame L, angles counter-clockwise from x.
struct ScanSample {
  SimTime time;  ///< Of the first beam.
  double time_increment_s = 0;
  double angle_min_rad = 0, angle_increment_rad = 0;
  double range_m_min = 0, range_m_max = 0;
  std::vector<float> range_m;  ///< 0 = no return.
  std::vector<float> intensity;
};

/// A map that the firmware believes in (frame M): row 0 at the bottom, -1 unknown, 0 free … 100
/// occupied.
struct MapSample {
  SimTime time;
  int32_t width = 0, height = 0;
  double resolution_m = 0;
  double origin_x_m = 0, origin_y_m = 0;
  std::vector<int8_t> cells;
};

struct DriveSample {
  SimTime time;
  double left_m_s = 0, right_m_s = 0;  ///< Commanded.
};

struct BatterySample {
  SimTime time;
  double voltage_v = 0, current_a = 0, charge_pct = 0;
  bool charging = false;
};

/// The run's state at an instant, a hash for each part of it: where two runs part, this says in
/// which part first.
struct StateHashes {
  SimTime time;
  uint64_t events_run = 0;  ///< Events of the run's queue so far.
  std::vector<std::string> parts;
  std::vector<uint64_t> hashes;  ///< As many as parts.
};

/// A file carried inside the recording.
struct Attachment {
  std::string name;  ///< e.g. "scenario.yaml", "plan.json", "policy.yaml", "planted.json",
                     ///< "tls_secrets.txt".
  std::string media_type;
  Bytes data;
};

}  // namespace dustproof
