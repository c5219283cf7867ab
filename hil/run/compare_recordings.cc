#include "hil/run/compare_recordings.h"

#include <cstdio>

#include "hil/capture/recording_reader.h"
#include "sim/core/hash.h"

namespace dustproof {
namespace {

// One line that holds every field of a message: equal lines, equal messages. Numbers are printed so
// that every bit shows.
class Line {
 public:
  explicit Line(const char* kind) : text_(kind) {}
  Line& Add(const char* name, double value) {
    char digits[48];
    std::snprintf(digits, sizeof digits, " %s=%.17g", name, value);
    text_ += digits;
    return *this;
  }
  Line& Add(const char* name, uint64_t value) {
    text_ += std::string(" ") + name + "=" + std::to_string(value);
    return *this;
  }
  Line& Add(const char* name, const std::string& value) {
    text_ += std::string(" ") + name + "='" + value + "'";
    return *this;
  }
  template <typename T>
  Line& AddBytes(const char* name, const std::vector<T>& values) {
    Hasher hasher;
    hasher.AddBytes(std::as_bytes(std::span(values)));
    text_ += std::string(" ") + name + "=" + std::to_string(values.size()) + " values with hash " +
             HexDigest(hasher.Digest());
    return *this;
  }
  std::string text() const { return text_; }

 private:
  std::string text_;
};

struct Describe {
  std::string operator()(const Emission& e) const {
    return Line("emission")
        .Add("sequence", e.sequence)
        .Add("emitter", e.emitter)
        .Add("kind", static_cast<uint64_t>(e.kind))
        .Add("direction", static_cast<uint64_t>(e.direction))
        .Add("connection", uint64_t{e.connection})
        .Add("offset", e.stream_offset)
        .Add("from", uint64_t{e.source_address})
        .Add("port", uint64_t{e.source_port})
        .Add("to", uint64_t{e.destination_address})
        .Add("port", uint64_t{e.destination_port})
        .Add("party", e.party.key)
        .Add("host", e.party.host)
        .Add("protocol", e.protocol)
        .Add("encrypted", uint64_t{e.encrypted})
        .Add("consents", e.consents)
        .AddBytes("payload", e.payload)
        .text();
  }
  std::string operator()(const ConsentChange& c) const {
    return Line("consent")
        .Add("consent", c.consent)
        .Add("state", c.state)
        .Add("cause", c.cause)
        .text();
  }
  std::string operator()(const RunEvent& e) const {
    return Line("event").Add("source", e.source).Add("name", e.name).Add("detail", e.detail).text();
  }
  std::string operator()(const LogLine& l) const {
    return Line("log")
        .Add("level", static_cast<uint64_t>(l.level))
        .Add("source", l.source)
        .Add("text", l.text)
        .text();
  }
  std::string operator()(const PoseSample& p) const {
    return Line("pose")
        .Add("frame", p.frame)
        .Add("x", p.pose.x)
        .Add("y", p.pose.y)
        .Add("yaw", p.pose.yaw)
        .text();
  }
  std::string operator()(const ScanSample& s) const {
    return Line("scan")
        .Add("increment_s", s.time_increment_s)
        .AddBytes("ranges", s.range_m)
        .AddBytes("intensities", s.intensity)
        .text();
  }
  std::string operator()(const MapSample& m) const {
    return Line("map")
        .Add("width", static_cast<uint64_t>(m.width))
        .Add("height", static_cast<uint64_t>(m.height))
        .Add("origin_x", m.origin_x_m)
        .Add("origin_y", m.origin_y_m)
        .AddBytes("cells", m.cells)
        .text();
  }
  std::string operator()(const DriveSample& d) const {
    return Line("drive").Add("left", d.left_m_s).Add("right", d.right_m_s).text();
  }
  std::string operator()(const BatterySample& b) const {
    return Line("battery")
        .Add("voltage", b.voltage_v)
        .Add("current", b.current_a)
        .Add("charge", b.charge_pct)
        .Add("charging", uint64_t{b.charging})
        .text();
  }
};

struct Described {
  double time_s = 0;
  std::string text = "nothing more";
};

Described Next(RecordingReader& reader) {
  const std::optional<RecordedMessage> message = reader.Next();
  if (!message) return {};
  const double time_s = std::visit([](const auto& m) { return m.time.seconds(); }, *message);
  return {time_s, std::visit(Describe(), *message)};
}

}  // namespace

Result<std::optional<Difference>> CompareRecordings(const std::string& first,
                                                    const std::string& second) {
  Result<RecordingReader> a = RecordingReader::Open(first);
  if (!a) return a.error();
  Result<RecordingReader> b = RecordingReader::Open(second);
  if (!b) return b.error();
  for (uint64_t index = 1;; ++index) {
    const Described one = Next(*a), other = Next(*b);
    const bool both_ended = one.text == "nothing more" && other.text == "nothing more";
    if (both_ended) return std::optional<Difference>();
    if (one.text != other.text || one.time_s != other.time_s) {
      const double time_s = one.text == "nothing more" ? other.time_s : one.time_s;
      return std::optional<Difference>({index, time_s, one.text, other.text});
    }
  }
}

}  // namespace dustproof
