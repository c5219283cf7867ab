#include "hil/capture/internal/ros_schemas.h"

#include <cstdint>

namespace dustproof::internal {

namespace {

std::string With(const std::string& definition,
                 const std::vector<std::pair<std::string, std::string>>& parts) {
  std::string text = definition;
  for (const auto& [name, part] : parts)
    text += std::string(80, '=') + "\nMSG: " + name + "\n" + part;
  return text;
}

const std::pair<std::string, std::string> kTime = {"builtin_interfaces/Time",
                                                   "int32 sec\nuint32 nanosec\n"};
const std::pair<std::string, std::string> kHeader = {
    "std_msgs/Header", "builtin_interfaces/Time stamp\nstring frame_id\n"};
const std::pair<std::string, std::string> kPoint = {"geometry_msgs/Point",
                                                    "float64 x\nfloat64 y\nfloat64 z\n"};
const std::pair<std::string, std::string> kVector3 = {"geometry_msgs/Vector3",
                                                      "float64 x\nfloat64 y\nfloat64 z\n"};
const std::pair<std::string, std::string> kQuaternion = {
    "geometry_msgs/Quaternion", "float64 x\nfloat64 y\nfloat64 z\nfloat64 w\n"};
const std::pair<std::string, std::string> kPose = {
    "geometry_msgs/Pose", "geometry_msgs/Point position\ngeometry_msgs/Quaternion orientation\n"};

const char* const kEmissionText =
    R"(# Bytes that crossed the robot's boundary, as the network saw them.
uint8 WIRE=1
uint8 PLAINTEXT=2
uint8 DATAGRAM=3
uint8 BROADCAST=4
uint8 DNS=5
uint8 DHCP=6
uint8 RADIO_NAME=7
uint8 UART=8
uint8 FLASH_AT_REST=9
uint8 FROM_ROBOT=1
uint8 TO_ROBOT=2
uint8 FROM_APP=3
uint8 TO_APP=4
builtin_interfaces/Time stamp
uint64 sequence
string emitter
uint8 kind
uint8 direction
uint32 connection
uint64 stream_offset
uint32 source_address
uint32 destination_address
uint16 source_port
uint16 destination_port
dustproof_msgs/Party party
string protocol
bool encrypted
string consents
uint8[] payload
)";

const char* const kPartyText = R"(# Who receives bytes.
string key
string organisation
string role
string region
string host
)";

const char* const kConsentText =
    R"(# A consent changed its state: unset, granted, denied, withdrawn.
builtin_interfaces/Time stamp
string consent
string state
string cause
)";

const char* const kEventText = R"(# Something that happened, for the timeline.
builtin_interfaces/Time stamp
string source
string name
string detail
)";

const char* const kDriveText = R"(# Commanded wheel speeds.
builtin_interfaces/Time stamp
float64 left_m_s
float64 right_m_s
)";

const char* const kStateText = R"(# A hash of each part of the run's state.
builtin_interfaces/Time stamp
uint64 events_run
string[] parts
uint64[] hashes
)";

const char* const kLogText = R"(byte DEBUG=10
byte INFO=20
byte WARN=30
byte ERROR=40
byte FATAL=50
builtin_interfaces/Time stamp
uint8 level
string name
string msg
string file
string function
uint32 line
)";

const char* const kScanText = R"(std_msgs/Header header
float32 angle_min
float32 angle_max
float32 angle_increment
float32 time_increment
float32 scan_time
float32 range_min
float32 range_max
float32[] ranges
float32[] intensities
)";

const char* const kPointFieldText = R"(uint8 INT8=1
uint8 UINT8=2
uint8 INT16=3
uint8 UINT16=4
uint8 INT32=5
uint8 UINT32=6
uint8 FLOAT32=7
uint8 FLOAT64=8
string name
uint32 offset
uint8 datatype
uint32 count
)";

const char* const kPointsText = R"(std_msgs/Header header
uint32 height
uint32 width
sensor_msgs/PointField[] fields
bool is_bigendian
uint32 point_step
uint32 row_step
uint8[] data
bool is_dense
)";

const char* const kBatteryText = R"(uint8 POWER_SUPPLY_STATUS_UNKNOWN=0
uint8 POWER_SUPPLY_STATUS_CHARGING=1
uint8 POWER_SUPPLY_STATUS_DISCHARGING=2
std_msgs/Header header
float32 voltage
float32 temperature
float32 current
float32 charge
float32 capacity
float32 design_capacity
float32 percentage
uint8 power_supply_status
uint8 power_supply_health
uint8 power_supply_technology
bool present
float32[] cell_voltage
float32[] cell_temperature
string location
string serial_number
)";

std::vector<ChannelInfo> MakeChannels() {
  const std::string pose_text = With("std_msgs/Header header\ngeometry_msgs/Pose pose\n",
                                     {kHeader, kTime, kPose, kPoint, kQuaternion});
  const std::string tf_text =
      With("geometry_msgs/TransformStamped[] transforms\n",
           {{"geometry_msgs/TransformStamped",
             "std_msgs/Header header\nstring child_frame_id\ngeometry_msgs/Transform transform\n"},
            kHeader,
            kTime,
            {"geometry_msgs/Transform",
             "geometry_msgs/Vector3 translation\ngeometry_msgs/Quaternion rotation\n"},
            kVector3,
            kQuaternion});
  const std::string map_text =
      With("std_msgs/Header header\nnav_msgs/MapMetaData info\nint8[] data\n",
           {kHeader,
            kTime,
            {"nav_msgs/MapMetaData",
             "builtin_interfaces/Time map_load_time\nfloat32 resolution\nuint32 width\n"
             "uint32 height\ngeometry_msgs/Pose origin\n"},
            kPose,
            kPoint,
            kQuaternion});
  return {
      {ChannelId::kEmission, "/emission", "dustproof_msgs/msg/Emission",
       With(kEmissionText, {kTime, {"dustproof_msgs/Party", kPartyText}})},
      {ChannelId::kConsentChange, "/consent", "dustproof_msgs/msg/ConsentChange",
       With(kConsentText, {kTime})},
      {ChannelId::kRunEvent, "/run/event", "dustproof_msgs/msg/RunEvent",
       With(kEventText, {kTime})},
      {ChannelId::kLog, "/firmware/log", "rcl_interfaces/msg/Log", With(kLogText, {kTime})},
      {ChannelId::kPoseTrue, "/robot/pose_true", "geometry_msgs/msg/PoseStamped", pose_text},
      {ChannelId::kPoseBelieved, "/robot/pose_believed", "geometry_msgs/msg/PoseStamped",
       pose_text},
      {ChannelId::kTransforms, "/tf", "tf2_msgs/msg/TFMessage", tf_text},
      {ChannelId::kScan, "/robot/scan", "sensor_msgs/msg/LaserScan",
       With(kScanText, {kHeader, kTime})},
      {ChannelId::kMap, "/robot/map", "nav_msgs/msg/OccupancyGrid", map_text},
      {ChannelId::kDrive, "/robot/drive", "dustproof_msgs/msg/DriveCommand",
       With(kDriveText, {kTime})},
      {ChannelId::kBattery, "/robot/battery", "sensor_msgs/msg/BatteryState",
       With(kBatteryText, {kHeader, kTime})},
      {ChannelId::kPoints, "/robot/points", "sensor_msgs/msg/PointCloud2",
       With(kPointsText, {kHeader, kTime, {"sensor_msgs/PointField", kPointFieldText}})},
      {ChannelId::kState, "/run/state", "dustproof_msgs/msg/StateHashes",
       With(kStateText, {kTime})},
  };
}

}  // namespace

const std::vector<ChannelInfo>& Channels() {
  static const std::vector<ChannelInfo> channels = MakeChannels();
  return channels;
}

}  // namespace dustproof::internal
