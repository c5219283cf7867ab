#include "tests/hil/audit/synthetic_run.h"

#include <gtest/gtest.h>
#include <unistd.h>
#include <zlib.h>

#include <cmath>
#include <fstream>
#include <span>
#include <sstream>

#include "sim/plan/json.h"
#include "sim/plan/load_home.h"
#include "sim/plan/raster.h"

namespace dustproof::test {

Bytes ToBytes(const std::string& text) {
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

std::string ToText(const Bytes& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

SimTime At(double seconds) { return SimTime::Zero() + SimDuration::FromSeconds(seconds); }

namespace {

std::string Deflate(const std::string& text, int window_bits) {
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, text.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string MqttString(const std::string& text) {
  return std::string{static_cast<char>(text.size() >> 8), static_cast<char>(text.size())} + text;
}

std::string MqttPacket(int type_and_flags, const std::string& body) {
  std::string out(1, static_cast<char>(type_and_flags));
  size_t length = body.size();
  do {
    out += static_cast<char>(length % 128 | (length >= 128 ? 128 : 0));
    length /= 128;
  } while (length > 0);
  return out + body;
}

constexpr const char* kClientId = "c9f3b2771aa04e55";
constexpr const char* kCredential = "K8mQ2vXc71LpZr";
constexpr const char* kPlanted =
    R"({"wifi_ssid":["Juniper-7kQ2mXw9P"],"wifi_password":["tR8vYq3NwZk5JmHd"],"robot_mac":["a4:c1:38:0b:5e:99"],)"
    R"("robot_id":["DP1-4K7Q9XW3HJ8MTP"],"account_id":["u482915773016"],"nickname":["Heron4fGh2kLp"],)"
    R"("email":["9f3ac27b10de54@mail.example"],"precise_location":["30.1234567,104.7654321"],)"
    R"("wifi_scan":["Maple_8hT3kWq2","5c:02:14:99:ab:3d"],"robot_status":["Iris-Wx4Rt7Yp2"]})";

}  // namespace

std::string Gzip(const std::string& text) { return Deflate(text, 31); }
std::string Zlib(const std::string& text) { return Deflate(text, 15); }

std::string Base64(const std::string& text, bool url_safe) {
  const std::string digits =
      std::string("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789") +
      (url_safe ? "-_" : "+/");
  std::string out;
  uint32_t buffer = 0;
  int held = 0;
  for (const char c : text) {
    buffer = buffer << 8 | static_cast<uint8_t>(c);
    for (held += 8; held >= 6; held -= 6) out += digits[buffer >> (held - 6) & 63];
  }
  if (held > 0) out += digits[buffer << (6 - held) & 63];
  while (out.size() % 4 != 0) out += '=';
  return out;
}

std::string Hex(const std::string& text) {
  std::string out;
  for (const char c : text) {
    out += "0123456789abcdef"[static_cast<uint8_t>(c) >> 4];
    out += "0123456789abcdef"[static_cast<uint8_t>(c) & 15];
  }
  return out;
}

GridMap MapOf(const FloorPlan& plan, double yaw_rad, double resolution_m) {
  const Bounds bounds = BoundsOf(plan);
  const Vec2 middle = (bounds.min + bounds.max) / 2;
  const Grid blocked = OccupancyOf(plan, 0.025, 0.1);
  const double radius = (bounds.max - bounds.min).norm() / 2 + 0.5;
  GridMap map;
  map.resolution_m = resolution_m;
  map.width = map.height = static_cast<int>(2 * radius / resolution_m);
  const double c = std::cos(yaw_rad), s = std::sin(yaw_rad);
  for (int y = 0; y < map.height; ++y) {
    for (int x = 0; x < map.width; ++x) {
      const double mx = (x + 0.5) * resolution_m - radius, my = (y + 0.5) * resolution_m - radius;
      const Vec2 p(middle.x() + c * mx - s * my, middle.y() + s * mx + c * my);
      const Eigen::Vector2i cell = blocked.CellOf(p);
      const bool inside = plan.RoomAt(p) >= 0;
      const bool wall = blocked.Has(cell.x(), cell.y()) && blocked.At(cell.x(), cell.y()) != 0;
      map.cells += static_cast<char>(wall ? 1 : inside ? 0 : 255);
    }
  }
  return map;
}

std::vector<PoseSample> LanesThrough(const FloorPlan& plan) {
  const Grid blocked = OccupancyOf(plan, 0.05, 0.1);
  std::vector<PoseSample> path;
  double time = 0;
  bool forward = true;
  for (int room = 0; room < static_cast<int>(plan.rooms.size()); ++room)
    for (int y = 6; y < blocked.height; y += 6) {
      std::vector<Vec2> row;
      for (int x = 0; x < blocked.width; ++x) {
        const Vec2 p = blocked.CenterOf(x, y);
        if (plan.RoomAt(p) == room && blocked.At(x, y) == 0) row.push_back(p);
      }
      if (!forward) std::reverse(row.begin(), row.end());
      forward = !forward;
      for (const Vec2& p : row) {
        // Straight on to where the lane goes on: no leaps.
        const Vec2 from = path.empty() ? p : path.back().pose.position();
        const int steps = std::max(1, static_cast<int>((p - from).norm() / 0.05 + 0.5));
        for (int i = 1; i <= steps; ++i) {
          const Vec2 at = from + (p - from) * (static_cast<double>(i) / steps);
          path.push_back({At(time), "W", {at.x(), at.y(), 0}});
          time += 0.25;
        }
      }
    }
  return path;
}

std::string MapFile(const GridMap& map, const std::vector<PoseSample>& path) {
  const std::string packed = Zlib(map.cells);
  std::string out = "DPMP";
  out += Raw<uint8_t>(1) + Raw<uint8_t>(0) + Raw<uint16_t>(static_cast<uint16_t>(map.width)) +
         Raw<uint16_t>(static_cast<uint16_t>(map.height)) +
         Raw<uint16_t>(static_cast<uint16_t>(map.resolution_m * 1000)) + Raw<int32_t>(-1000) +
         Raw<int32_t>(-2000) + Raw<uint32_t>(static_cast<uint32_t>(packed.size())) + packed +
         Raw<uint32_t>(static_cast<uint32_t>(path.size()));
  double x = path.empty() ? 0 : path[0].pose.x, y = path.empty() ? 0 : path[0].pose.y;
  for (const PoseSample& pose : path) {
    const auto dx = static_cast<int16_t>(std::lround((pose.pose.x - x) * 1000)),
               dy = static_cast<int16_t>(std::lround((pose.pose.y - y) * 1000));
    out += Raw(dx) + Raw(dy);
    x += dx * 0.001, y += dy * 0.001;
  }
  return out + Raw<uint32_t>(static_cast<uint32_t>(
                   crc32_z(0, reinterpret_cast<const Bytef*>(out.data()), out.size())));
}

Party SyntheticRun::Cloud() {
  return {"vendor_cloud_cn", "JT-Innovation", "first_party", "CN", "iot.jt-innovation.example"};
}

SyntheticRun::SyntheticRun(const std::string& name, const Options& options) {
  const auto folder =
      std::filesystem::temp_directory_path() / ("dustproof-audit-" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  file_ = folder / (name + ".mcap");
  std::filesystem::remove(file_);
  auto writer = RecordingWriter::Create(file_, {.start = WallTime::FromUnixSeconds(1'772'442'000)});
  EXPECT_TRUE(writer.ok());
  writer_ = std::move(*writer);
  auto plan = LoadHome(std::string(DUSTPROOF_SOURCE_DIR) + "/scenarios/homes/two_bedroom.yaml");
  EXPECT_TRUE(plan.ok());
  plan_ = std::move(*plan);
  path_ = LanesThrough(plan_);
  writer_->Write(Attachment{"planted.json", "application/json", ToBytes(kPlanted)});
  writer_->Write(Attachment{"plan.json", "application/json", ToBytes(ToJson(plan_))});
  if (options.with_schema) {
    std::ifstream schema(std::string(DUSTPROOF_SOURCE_DIR) + "/robots/vacuum/messages.yaml");
    std::stringstream text;
    text << schema.rdbuf();
    writer_->Write(Attachment{"schema.yaml", "application/yaml", ToBytes(text.str())});
  }
  for (const char* consent : {"C_POLICY", "C_MAP_UPLOAD", "C_IMPROVE", "C_DEVID", "C_LOCATION"})
    consents_[consent] = "unset";

  // Pairing: the app hands over the network and the consents.
  if (options.policy != "unset") SetConsent(10, "C_POLICY", options.policy);
  for (const char* consent : {"C_MAP_UPLOAD", "C_IMPROVE", "C_DEVID", "C_LOCATION"}) {
    if (options.others != "unset") SetConsent(10, consent, options.others);
  }
  Emission provision = Base(11);
  provision.direction = Direction::kToRobot;
  provision.party = {"app_lan", "the paired app", "lan", "", "192.168.4.2"};
  provision.encrypted = false;
  provision.protocol = "http";
  provision.source_address = 0xC0A80402;
  provision.payload = ToBytes(
      std::string("POST /provision HTTP/1.1\r\nHost: 192.168.4.1\r\nContent-Length: "
                  "300\r\n\r\n{\"ssid\":\"") +
      kSsid + "\",\"password\":\"" + kPassword + "\",\"host\":\"iot.jt-innovation.example\"}");
  Write(provision);
  if (!options.online) return;
  Emission session = Base(20);
  session.direction = Direction::kToRobot;
  session.protocol = "http";
  session.connection = 2;
  session.payload = ToBytes(std::string("HTTP/1.1 200 OK\r\n\r\n{\"credential\":\"") + kCredential +
                            "\",\"client_id\":\"" + kClientId +
                            "\",\"username\":\"u-77219f0c2b\",\"password\":\"pw-5512ac7790\"}");
  Write(session);
  Emission connect = Base(21);
  connect.payload = ToBytes(MqttPacket(
      0x10, MqttString("MQTT") + std::string("\x04\xC2\x00\x3C", 4) + MqttString(kClientId) +
                MqttString("u-77219f0c2b") + MqttString("pw-5512ac7790")));
  mqtt_offset_ = connect.payload.size();
  Write(connect);
  Publish(22, "up/state", R"({"state":"idle"})");
  Publish(60, "up/state", R"({"state":"exploring"})");
  Event(60, "firmware", "data_ready", "home_map");
}

SyntheticRun::~SyntheticRun() { std::filesystem::remove(file_); }

std::string SyntheticRun::Consents() const {
  std::string text;
  for (const auto& [consent, state] : consents_)
    text += (text.empty() ? "" : ",") + consent + "=" + state;
  return text;
}

Emission SyntheticRun::Base(double seconds) {
  Emission emission;
  emission.time = At(seconds);
  emission.emitter = "robot";
  emission.kind = EmissionKind::kPlaintext;
  emission.direction = Direction::kFromRobot;
  emission.connection = 1;
  emission.source_address = 0xC0A80157;
  emission.destination_address = 0x0A000001;
  emission.source_port = 49152;
  emission.destination_port = 8883;
  emission.party = Cloud();
  emission.protocol = "mqtt";
  emission.encrypted = true;
  emission.consents = Consents();
  return emission;
}

void SyntheticRun::AdvanceTo(double seconds) {
  while (next_pose_ < path_.size() &&
         path_[next_pose_].time + SimDuration::FromSeconds(begin_s_) <= At(seconds)) {
    PoseSample pose = path_[next_pose_];
    pose.time = pose.time + SimDuration::FromSeconds(begin_s_);
    writer_->Write(pose);
    if (next_pose_ % 40 == 0)
      writer_->Write(BatterySample{pose.time, 14.8 - 0.0005 * next_pose_, -1.2,
                                   96.0 - 0.012 * static_cast<double>(next_pose_), false});
    ++next_pose_;
  }
}

void SyntheticRun::Write(const Emission& emission) {
  AdvanceTo(emission.time.seconds());
  writer_->Write(emission);
}

uint64_t SyntheticRun::Publish(double seconds, const std::string& topic,
                               const std::string& payload) {
  const std::string full =
      topic.starts_with("/") ? topic.substr(1) : std::string("s/") + kClientId + "/" + topic;
  Emission emission = Base(seconds);
  emission.stream_offset = mqtt_offset_;
  emission.payload =
      ToBytes(MqttPacket(0x32, MqttString(full) + std::string("\x00\x07", 2) + payload));
  mqtt_offset_ += emission.payload.size();
  Write(emission);
  return writer_->emission_count();
}

uint64_t SyntheticRun::Put(double seconds, const std::string& path, const std::string& body,
                           const std::string& headers) {
  Emission emission = Base(seconds);
  emission.connection = next_connection_++;
  emission.protocol = "http";
  emission.destination_port = 443;
  emission.payload = ToBytes("PUT " + path +
                             " HTTP/1.1\r\nHost: iot.jt-innovation.example\r\nUser-Agent: "
                             "dustproof-vac\r\nAuthorization: Bearer " +
                             kCredential + "\r\n" + headers +
                             "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
  Write(emission);
  return writer_->emission_count();
}

uint64_t SyntheticRun::Send(double seconds, Emission emission) {
  emission.time = At(seconds);
  emission.consents = Consents();
  Write(emission);
  return writer_->emission_count();
}

void SyntheticRun::SetConsent(double seconds, const std::string& consent,
                              const std::string& state) {
  consents_[consent] = state;
  writer_->Write(ConsentChange{At(seconds), consent, state, "app: consent screen"});
}

void SyntheticRun::Event(double seconds, const std::string& source, const std::string& name,
                         const std::string& detail) {
  writer_->Write(RunEvent{At(seconds), source, name, detail});
}

void SyntheticRun::Log(double seconds, const std::string& text) {
  writer_->Write(LogLine{At(seconds), 20, "cloud", text});
}

AuditReport SyntheticRun::Audit(const AuditReport* control) {
  AdvanceTo(1e6);
  EXPECT_TRUE(writer_->Close().ok());
  auto report = AuditRecording(file_, TestPolicy(), {.control = control});
  EXPECT_TRUE(report.ok()) << ToString(report.error());
  return std::move(*report);
}

const Policy& TestPolicy() {
  static const Policy policy = [] {
    auto loaded =
        LoadPolicy(std::string(DUSTPROOF_SOURCE_DIR) + "/scenarios/policies/jt_innovation.yaml");
    EXPECT_TRUE(loaded.ok()) << ToString(loaded.error());
    return std::move(*loaded);
  }();
  return policy;
}

Verdict WorstFor(const AuditReport& report, const std::string& category, const std::string& party,
                 Reading reading) {
  const Verdict order[] = {Verdict::kFail, Verdict::kUndetermined, Verdict::kPass};
  for (const Verdict verdict : order) {
    for (const VerdictRow& row : report.verdicts) {
      if (row.category == category && row.party == party && row.reading == reading &&
          row.verdict == verdict)
        return verdict;
    }
  }
  return Verdict::kNotExercised;
}

VerdictRow RowFor(const AuditReport& report, const std::string& category, const std::string& party,
                  const std::string& phase, Reading reading) {
  for (const VerdictRow& row : report.verdicts) {
    if (row.category == category && row.party == party && row.phase == phase &&
        row.reading == reading)
      return row;
  }
  ADD_FAILURE() << "no row for " << category << " to " << party << ", " << phase;
  return {};
}

std::vector<const Finding*> FindingsOf(const AuditReport& report, const std::string& category) {
  std::vector<const Finding*> found;
  for (const Finding& finding : report.findings) {
    if (finding.category == category) found.push_back(&finding);
  }
  return found;
}

std::string Describe(const AuditReport& report) {
  std::string text;
  for (const Finding& f : report.findings) {
    text += f.id + " " + f.category + " " + ToWord(f.method) + " seq " +
            std::to_string(f.sequence) + " byte " + std::to_string(f.first_byte) + "+" +
            std::to_string(f.byte_count) + " [";
    for (const std::string& decoder : f.decoders) text += decoder + "; ";
    text += "] " + f.what + " z/score " + std::to_string(f.score) + "\n";
  }
  for (const Diagnostic& warning : report.warnings) text += "warning: " + ToString(warning) + "\n";
  return text;
}

}  // namespace dustproof::test
