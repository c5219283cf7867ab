#include "hil/run/message_text.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <span>

#include "sim/core/hash.h"

namespace dustproof {
namespace {

constexpr size_t kPreviewBytes = 64;

template <typename... Ts>
std::string Format(const char* format, Ts... values) {
  char text[256];
  std::snprintf(text, sizeof text, format, values...);
  return text;
}

template <typename T>
Bytes BytesOf(const T& value) {
  const auto bytes = std::as_bytes(std::span<const T, 1>(&value, 1));
  return {bytes.begin(), bytes.end()};
}

// The fields of a message in their order.
class FieldList {
 public:
  template <typename T>
  requires std::is_integral_v<T> FieldList& Add(const char* name, T value) {
    fields_.push_back({name, std::to_string(value), BytesOf(value), 0});
    return *this;
  }
  FieldList& Add(const char* name, double value) {
    fields_.push_back({name, Format("%.17g", value), BytesOf(value), 0});
    return *this;
  }
  FieldList& Add(const char* name, const std::string& value) {
    const auto bytes = std::as_bytes(std::span(value));
    fields_.push_back({name, value, Bytes(bytes.begin(), bytes.end()), 1});
    return *this;
  }
  template <typename T>
  FieldList& Add(const char* name, const std::vector<T>& values) {
    const auto bytes = std::as_bytes(std::span(values));
    fields_.push_back({name, Format("%zu %s", values.size(), sizeof(T) == 1 ? "bytes" : "values"),
                       Bytes(bytes.begin(), bytes.end()), sizeof(T)});
    return *this;
  }
  template <typename E>
  FieldList& Add(const char* name, const std::string& word, E value) {
    fields_.push_back({name, word, BytesOf(value), 0});
    return *this;
  }
  std::vector<MessageField> Take() { return std::move(fields_); }

 private:
  std::vector<MessageField> fields_;
};

template <size_t N>
std::string Word(const char* const (&words)[N], size_t index) {
  return index < N ? words[index] : "unknown (" + std::to_string(index) + ")";
}

std::string KindWord(EmissionKind kind) {
  static constexpr const char* kWords[] = {
      "none",      "ciphertext", "plaintext",  "datagram",       "broadcast",
      "DNS query", "DHCP",       "radio name", "serial console", "flash at rest"};
  return Word(kWords, static_cast<size_t>(kind));
}

std::string DirectionWord(Direction direction) {
  static constexpr const char* kWords[] = {"none", "robot →", "robot ←", "app →", "app ←"};
  return Word(kWords, static_cast<size_t>(direction));
}

std::string Address(uint32_t address, uint16_t port) {
  return Format("%u.%u.%u.%u:%u", address >> 24, (address >> 16) & 255, (address >> 8) & 255,
                address & 255, port);
}

std::string Preview(const Bytes& bytes) {
  const size_t count = std::min(bytes.size(), kPreviewBytes);
  return Printable(bytes.data(), bytes.data() + count) + (bytes.size() > count ? "…" : "");
}

std::string HashOf(std::span<const std::byte> bytes) {
  Hasher hasher;
  hasher.AddBytes(bytes);
  return HexDigest(hasher.Digest());
}

// A message's line and fields; the time is added by the caller.
struct Part {
  std::string summary;
  std::vector<MessageField> fields;
};

struct Describer {
  Part operator()(const Emission& e) const {
    std::string line = Format("#%llu ", static_cast<unsigned long long>(e.sequence)) +
                       KindWord(e.kind) + ' ' + DirectionWord(e.direction) + ' ' +
                       (e.party.host.empty() ? e.party.key : e.party.host);
    if (!e.protocol.empty()) line += ' ' + e.protocol;
    line += Format(", %zu bytes at %llu of connection %u: ", e.payload.size(),
                   static_cast<unsigned long long>(e.stream_offset), e.connection);
    return {line + Preview(e.payload),
            FieldList()
                .Add("sequence", e.sequence)
                .Add("emitter", e.emitter)
                .Add("kind", KindWord(e.kind), e.kind)
                .Add("direction", DirectionWord(e.direction), e.direction)
                .Add("connection", e.connection)
                .Add("stream_offset", e.stream_offset)
                .Add("source", Address(e.source_address, e.source_port),
                     uint64_t{e.source_address} << 16 | e.source_port)
                .Add("destination", Address(e.destination_address, e.destination_port),
                     uint64_t{e.destination_address} << 16 | e.destination_port)
                .Add("party", e.party.key)
                .Add("organisation", e.party.organisation)
                .Add("role", e.party.role)
                .Add("region", e.party.region)
                .Add("host", e.party.host)
                .Add("protocol", e.protocol)
                .Add("encrypted", e.encrypted)
                .Add("consents", e.consents)
                .Add("payload", e.payload)
                .Take()};
  }
  Part operator()(const ConsentChange& c) const {
    return {
        c.consent + " is " + c.state + " (" + c.cause + ")",
        FieldList().Add("consent", c.consent).Add("state", c.state).Add("cause", c.cause).Take()};
  }
  Part operator()(const RunEvent& e) const {
    return {e.source + ": " + e.name + (e.detail.empty() ? "" : " " + e.detail),
            FieldList().Add("source", e.source).Add("name", e.name).Add("detail", e.detail).Take()};
  }
  Part operator()(const LogLine& l) const {
    const char* level = l.level >= 40   ? "error"
                        : l.level >= 30 ? "warn"
                        : l.level >= 20 ? "info"
                                        : "debug";
    return {l.source + ' ' + level + ": " + l.text,
            FieldList().Add("level", l.level).Add("source", l.source).Add("text", l.text).Take()};
  }
  Part operator()(const PoseSample& p) const {
    return {
        Format("x %.6f m, y %.6f m, yaw %.6f rad in ", p.pose.x, p.pose.y, p.pose.yaw) + p.frame,
        FieldList()
            .Add("frame", p.frame)
            .Add("x", p.pose.x)
            .Add("y", p.pose.y)
            .Add("yaw", p.pose.yaw)
            .Take()};
  }
  Part operator()(const ScanSample& s) const {
    return {
        Format("%zu beams, hash ", s.range_m.size()) + HashOf(std::as_bytes(std::span(s.range_m))),
        FieldList()
            .Add("time_increment_s", s.time_increment_s)
            .Add("angle_min_rad", s.angle_min_rad)
            .Add("angle_increment_rad", s.angle_increment_rad)
            .Add("range_m_min", s.range_m_min)
            .Add("range_m_max", s.range_m_max)
            .Add("range_m", s.range_m)
            .Add("intensity", s.intensity)
            .Take()};
  }
  Part operator()(const MapSample& m) const {
    return {Format("%d × %d cells of %.3f m, hash ", m.width, m.height, m.resolution_m) +
                HashOf(std::as_bytes(std::span(m.cells))),
            FieldList()
                .Add("width", m.width)
                .Add("height", m.height)
                .Add("resolution_m", m.resolution_m)
                .Add("origin_x_m", m.origin_x_m)
                .Add("origin_y_m", m.origin_y_m)
                .Add("cells", m.cells)
                .Take()};
  }
  Part operator()(const DriveSample& d) const {
    return {Format("left %.6f m/s, right %.6f m/s", d.left_m_s, d.right_m_s),
            FieldList().Add("left_m_s", d.left_m_s).Add("right_m_s", d.right_m_s).Take()};
  }
  Part operator()(const BatterySample& b) const {
    return {Format("%.3f V, %.3f A, %.2f %%%s", b.voltage_v, b.current_a, b.charge_pct,
                   b.charging ? ", charging" : ""),
            FieldList()
                .Add("voltage_v", b.voltage_v)
                .Add("current_a", b.current_a)
                .Add("charge_pct", b.charge_pct)
                .Add("charging", b.charging)
                .Take()};
  }
  Part operator()(const StateHashes& s) const {
    FieldList fields;
    fields.Add("events_run", s.events_run);
    std::string line = Format("after %llu events:", static_cast<unsigned long long>(s.events_run));
    for (size_t i = 0; i < s.parts.size(); ++i) {
      line += ' ' + s.parts[i] + '=' + HexDigest(s.hashes[i]);
      fields.Add(s.parts[i].c_str(), HexDigest(s.hashes[i]), s.hashes[i]);
    }
    return {line, fields.Take()};
  }
};

}  // namespace

std::string Printable(const std::byte* begin, const std::byte* end) {
  std::string text;
  for (; begin != end; ++begin) {
    const char c = static_cast<char>(*begin);
    text += c >= 0x20 && c < 0x7F ? c : '.';
  }
  return text;
}

MessageText Describe(const RecordedMessage& message) {
  const SimTime time = std::visit([](const auto& m) { return m.time; }, message);
  Part part = std::visit(Describer(), message);
  MessageText text{time, TopicOf(message), std::move(part.summary), {}};
  text.fields.push_back({"time", Format("%.9f s", time.seconds()), BytesOf(time.nanoseconds()), 0});
  text.fields.insert(text.fields.end(), std::make_move_iterator(part.fields.begin()),
                     std::make_move_iterator(part.fields.end()));
  return text;
}

std::string OneLine(const MessageText& message) {
  std::string line =
      Format("%.6f s  ", message.time.seconds()) + message.topic + "  " + message.summary;
  // Firmware names things as it likes; a terminal must not obey it.
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = '.';
  }
  return line;
}

}  // namespace dustproof
