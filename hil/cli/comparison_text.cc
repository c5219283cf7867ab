#include "hil/cli/comparison_text.h"

#include <algorithm>
#include <cstdio>

namespace dustproof {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kLineBytesMax = 220;  // Of a message in a list; its fields are told in full below.

// Cut where it is long, never inside a character.
std::string Short(const std::string& line) {
  if (line.size() <= kLineBytesMax) return line;
  size_t end = kLineBytesMax;
  while (end > 0 && (static_cast<unsigned char>(line[end]) & 0xC0) == 0x80) --end;
  return line.substr(0, end) + "…";
}

std::string Indented(const std::string& text, const std::string& by) {
  std::string out = by;
  for (const char c : text) {
    out += c;
    if (c == '\n') out += by;
  }
  return out;
}

std::string Named(const std::string& name, size_t width, const std::string& text) {
  return "  " + name + std::string(width - name.size(), ' ') + "  " + text + "\n";
}

size_t WidthOf(const RecordingNames& names) {
  return std::max(names.first.size(), names.second.size());
}

std::string FieldText(const FieldDifference& f, const RecordingNames& names) {
  const size_t width = WidthOf(names);
  if (!f.byte)
    return "  " + f.field + ":\n  " + Named(names.first, width, f.first) + "  " +
           Named(names.second, width, f.second);
  return "  " + f.field + ", from byte " + std::to_string(*f.byte) + " on:\n    " + names.first +
         "\n" + Indented(f.first_around, "    ") + "\n    " + names.second + "\n" +
         Indented(f.second_around, "    ") + "\n";
}

Json OrNull(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

}  // namespace

std::string ToText(const MessageDifference& d, const RecordingNames& names) {
  const size_t width = WidthOf(names);
  char head[96];
  std::snprintf(head, sizeof head, "first difference: message %llu at %.6f s, ",
                static_cast<unsigned long long>(d.index), d.time.seconds());
  std::string text = head + d.topic + "\n";
  for (const std::string& line : d.before) text += Named("both", width, Short(line));
  text += Named(names.first, width, Short(d.first));
  for (const std::string& line : d.first_after) text += Named("", width, Short(line));
  text += Named(names.second, width, Short(d.second));
  for (const std::string& line : d.second_after) text += Named("", width, Short(line));
  if (!d.fields.empty()) text += "what differs in it:\n";
  for (const FieldDifference& field : d.fields) text += FieldText(field, names);
  return text;
}

std::string ToText(const std::vector<FactDifference>& facts, const RecordingNames& names) {
  const size_t width = WidthOf(names);
  std::string text;
  for (const FactDifference& fact : facts) {
    text += fact.name + ":\n" + Named(names.first, width, Short(fact.first)) +
            Named(names.second, width, Short(fact.second));
  }
  return text;
}

std::string ToText(const std::vector<VerdictDifference>& verdicts, const RecordingNames& names) {
  const size_t width = WidthOf(names);
  std::string text;
  const auto side = [](const std::string& verdict, const std::string& reason) {
    return verdict + (reason.empty() ? "" : ": " + reason);
  };
  for (const VerdictDifference& v : verdicts) {
    text += v.what + ":\n" + Named(names.first, width, side(v.first, v.first_reason)) +
            Named(names.second, width, side(v.second, v.second_reason));
  }
  return text;
}

Json ToJsonObject(const MessageDifference& d) {
  Json fields = Json::array();
  for (const FieldDifference& f : d.fields) {
    fields.push_back({{"field", f.field},
                      {"first", f.first},
                      {"second", f.second},
                      {"byte", f.byte ? Json(*f.byte) : Json(nullptr)},
                      {"first_around", OrNull(f.first_around)},
                      {"second_around", OrNull(f.second_around)}});
  }
  return {{"index", d.index},   {"time_s", d.time.seconds()},   {"topic", d.topic},
          {"first", d.first},   {"second", d.second},           {"fields", fields},
          {"before", d.before}, {"first_after", d.first_after}, {"second_after", d.second_after}};
}

Json ToJsonObject(const FactDifference& fact) {
  return {{"name", fact.name}, {"first", fact.first}, {"second", fact.second}};
}

Json ToJsonObject(const VerdictDifference& v) {
  return {{"what", v.what},
          {"first", v.first},
          {"second", v.second},
          {"first_reason", v.first_reason},
          {"second_reason", v.second_reason}};
}

std::string ToJsonText(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace);
}

}  // namespace dustproof
