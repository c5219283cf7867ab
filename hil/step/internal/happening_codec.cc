#include "hil/step/internal/happening_codec.h"

#include <cstring>
#include <type_traits>

namespace dustproof::internal {
namespace {

enum class Kind : uint8_t { kEmission = 1, kConsentChange, kRunEvent, kLogLine, kContact };

// One list of fields a struct, for both directions.
template <typename Coder, typename T>
void Fields(Coder& c, T& party) requires std::is_same_v<std::remove_const_t<T>, Party> {
  c(party.key), c(party.organisation), c(party.role), c(party.region), c(party.host);
}
template <typename Coder, typename T>
void Fields(Coder& c, T& e) requires std::is_same_v<std::remove_const_t<T>, Emission> {
  c(e.time), c(e.sequence), c(e.emitter), c(e.kind), c(e.direction), c(e.connection), c(e.stream_offset);
  c(e.source_address), c(e.destination_address), c(e.source_port), c(e.destination_port);
  Fields(c, e.party);
  c(e.protocol), c(e.encrypted), c(e.consents), c(e.payload);
}
template <typename Coder, typename T>
void Fields(Coder& c, T& change) requires std::is_same_v<std::remove_const_t<T>, ConsentChange> {
  c(change.time), c(change.consent), c(change.state), c(change.cause);
}
template <typename Coder, typename T>
void Fields(Coder& c, T& event) requires std::is_same_v<std::remove_const_t<T>, RunEvent> {
  c(event.time), c(event.source), c(event.name), c(event.detail);
}
template <typename Coder, typename T>
void Fields(Coder& c, T& line) requires std::is_same_v<std::remove_const_t<T>, LogLine> {
  c(line.time), c(line.level), c(line.source), c(line.text);
}
template <typename Coder, typename T>
void Fields(Coder& c, T& contact) requires std::is_same_v<std::remove_const_t<T>, Contact> {
  c(contact.time);
  for (int i = 0; i < 3; ++i) c(contact.p_WPt_W[i]), c(contact.normal_W[i]);
  c(contact.impulse_Ns), c(contact.prop);
}
template <typename Coder, typename T>
void Fields(Coder& c, T& d) requires std::is_same_v<std::remove_const_t<T>, Diagnostic> {
  c(d.where.file), c(d.where.line), c(d.where.column), c(d.field), c(d.message);
}

class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}

  template <typename T>
    requires std::is_arithmetic_v<T> || std::is_enum_v<T>
  void operator()(const T& value) {
    out_.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  void operator()(const SimTime& time) { (*this)(time.nanoseconds()); }
  void operator()(const std::string& text) {
    (*this)(uint64_t{text.size()});
    out_ += text;
  }
  void operator()(const Bytes& bytes) {
    (*this)(uint64_t{bytes.size()});
    out_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }

 private:
  std::string& out_;
};

class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  bool ok() const { return ok_; }
  bool at_end() const { return bytes_.empty(); }

  template <typename T>
    requires std::is_arithmetic_v<T> || std::is_enum_v<T>
  void operator()(T& value) {
    if constexpr (std::is_same_v<T, bool>) {
      uint8_t byte = 0;
      (*this)(byte);
      value = byte != 0;
    } else {
      const std::string_view taken = Take(sizeof value);
      if (ok_) std::memcpy(&value, taken.data(), sizeof value);
    }
  }
  void operator()(SimTime& time) {
    int64_t ns = 0;
    (*this)(ns);
    time = SimTime::FromNanoseconds(ns);
  }
  void operator()(std::string& text) { text = TakeSized(); }
  void operator()(Bytes& bytes) {
    const std::string_view taken = TakeSized();
    const auto* begin = reinterpret_cast<const std::byte*>(taken.data());
    bytes.assign(begin, begin + taken.size());
  }

 private:
  std::string_view Take(uint64_t count) {
    ok_ = ok_ && count <= bytes_.size();
    if (!ok_) return {};
    const std::string_view taken = bytes_.substr(0, count);
    bytes_.remove_prefix(count);
    return taken;
  }
  std::string_view TakeSized() {
    uint64_t count = 0;
    (*this)(count);
    return Take(count);
  }

  std::string_view bytes_;
  bool ok_ = true;
};

template <typename T>
void AppendAs(Kind kind, const T& message, std::string& out) {
  Writer writer(out);
  writer(kind);
  Fields(writer, message);
}

template <typename T>
void DecodeAs(Reader& reader, std::vector<Happening>& out) {
  T message{};
  Fields(reader, message);
  if (reader.ok()) out.emplace_back(std::move(message));
}

}  // namespace

void Append(const Emission& emission, std::string& out) { AppendAs(Kind::kEmission, emission, out); }
void Append(const ConsentChange& change, std::string& out) { AppendAs(Kind::kConsentChange, change, out); }
void Append(const RunEvent& event, std::string& out) { AppendAs(Kind::kRunEvent, event, out); }
void Append(const LogLine& line, std::string& out) { AppendAs(Kind::kLogLine, line, out); }
void Append(const Contact& contact, std::string& out) { AppendAs(Kind::kContact, contact, out); }

bool Decode(std::string_view bytes, std::vector<Happening>& out) {
  Reader reader(bytes);
  while (reader.ok() && !reader.at_end()) {
    Kind kind{};
    reader(kind);
    switch (kind) {
      case Kind::kEmission:
        DecodeAs<Emission>(reader, out);
        break;
      case Kind::kConsentChange:
        DecodeAs<ConsentChange>(reader, out);
        break;
      case Kind::kRunEvent:
        DecodeAs<RunEvent>(reader, out);
        break;
      case Kind::kLogLine:
        DecodeAs<LogLine>(reader, out);
        break;
      case Kind::kContact:
        DecodeAs<Contact>(reader, out);
        break;
      default:
        return false;
    }
  }
  return reader.ok();
}

std::string Encode(const Error& error) {
  std::string bytes;
  Writer writer(bytes);
  for (const Diagnostic& diagnostic : error.diagnostics) Fields(writer, diagnostic);
  return bytes;
}

Error DecodeError(std::string_view bytes, ErrorCode code) {
  Error error{.code = code, .diagnostics = {}};
  Reader reader(bytes);
  while (reader.ok() && !reader.at_end()) {
    Diagnostic diagnostic;
    Fields(reader, diagnostic);
    if (reader.ok()) error.diagnostics.push_back(std::move(diagnostic));
  }
  if (error.diagnostics.empty()) error.diagnostics.push_back({{}, "", "the run's process failed and did not say why"});
  return error;
}

}  // namespace dustproof::internal
