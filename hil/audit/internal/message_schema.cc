#include "hil/audit/internal/message_schema.h"

#include <algorithm>
#include <charconv>
#include <sstream>

#include "hil/audit/internal/json_scan.h"
#include "hil/audit/internal/number_text.h"
#include "hil/audit/internal/spellings.h"
#include "hil/audit/internal/unpack.h"
#include "sim/config/config.h"

namespace dustproof::internal {

using Tokens = std::set<std::string, std::less<>>;

void DeclaredField::Describe(Fields& f) {
  f.Text("path", &path, {.doc = "Where in the JSON text, e.g. $.state.", .required = true});
  f.Text("type", &type,
         {.doc = "What it holds.", .choices = {"word", "number", "bool", "token", "text"}});
  f.Texts("words", &words, {.doc = "Of type word: all it may be."});
  f.Text("category", &category,
         {.doc = "Category of the policy that it carries.", .may_be_empty = true});
  f.Text("purpose", &purpose,
         {.doc = "Purpose of the policy's rule that it is sent for.", .may_be_empty = true});
}

void DeclaredMessage::Describe(Fields& f) {
  f.Text("where", &where,
         {.doc = "http METHOD PATH or mqtt TOPIC; * is one token that the robot was given.",
          .required = true});
  f.List("json", &json, {.doc = "Every field of a JSON payload."});
  f.Texts("binary", &binary, {.doc = "The layout of a binary payload, item by item."});
  f.Texts("categories", &categories, {.doc = "What the message as a whole carries."});
  f.Text("purpose", &purpose,
         {.doc = "Purpose of the policy's rule that it is sent for.", .may_be_empty = true});
}

void MessageSchema::Describe(Fields& f) {
  f.Texts("user_agents", &user_agents, {.doc = "What the product calls itself in HTTP."});
  f.List("messages", &messages, {.doc = "All messages that the product sends."});
}

Result<MessageSchema> ParseMessageSchema(std::string_view text, const std::string& file_name) {
  return ParseConfig<MessageSchema>(text, file_name);
}

}  // namespace dustproof::internal

namespace dustproof {

Result<void> CheckDeclaredMessages(std::string_view text, const std::string& file_name) {
  const auto schema = internal::ParseMessageSchema(text, file_name);
  if (!schema) return schema.error();
  return {};
}

SchemaNode DeclaredMessagesSchema() { return DescribeConfig<internal::MessageSchema>(); }

}  // namespace dustproof

namespace dustproof::internal {

namespace {

std::vector<std::string> Split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  size_t begin = 0;
  while (true) {
    const size_t end = text.find(separator, begin);
    parts.emplace_back(text.substr(begin, end == std::string_view::npos ? end : end - begin));
    if (end == std::string_view::npos) return parts;
    begin = end + 1;
  }
}

bool MatchesRoute(std::string_view pattern, std::string_view where, const Tokens& received) {
  const auto wanted = Split(pattern, '/'), got = Split(where, '/');
  if (wanted.size() != got.size()) return false;
  for (size_t i = 0; i < wanted.size(); ++i) {
    const bool fits = wanted[i] == "*" ? received.contains(got[i]) : wanted[i] == got[i];
    if (!fits) return false;
  }
  return true;
}

bool FieldFits(const DeclaredField& field, const JsonScalar& scalar, std::string_view text,
               const Tokens& received) {
  const std::string_view value = text.substr(scalar.range.begin, scalar.range.size());
  if (field.type == "number") return !scalar.is_string && ParseNumber(value).has_value();
  if (field.type == "bool") return !scalar.is_string && (value == "true" || value == "false");
  if (!scalar.is_string) return false;
  if (field.type == "word")
    return std::find(field.words.begin(), field.words.end(), value) != field.words.end();
  if (field.type == "token") return received.contains(value);
  return true;
}

}  // namespace

const DeclaredMessage* MessageSchema::Find(std::string_view where, const Tokens& received) const {
  for (const DeclaredMessage& message : messages) {
    if (MatchesRoute(message.where, where, received)) return &message;
  }
  return nullptr;
}

SchemaMatch MatchPayload(const DeclaredMessage& message, std::span<const std::byte> payload,
                         const Tokens& received) {
  SchemaMatch match;
  if (payload.empty()) {
    match.whole = true;
    return match;
  }
  if (!message.binary.empty()) {
    match.whole = ReadBinary(message.binary, payload);
    if (match.whole) match.explained.push_back({0, payload.size()});
    return match;
  }
  const std::string_view text(reinterpret_cast<const char*>(payload.data()), payload.size());
  const auto json = message.json.empty() ? std::nullopt : ScanJson(text, 0);
  if (!json || json->range.end != text.size()) return match;
  // What is left of the text once the undeclared fields are taken out is explained.
  size_t explained_to = 0;
  match.whole = true;
  for (const JsonScalar& scalar : json->scalars) {
    const DeclaredField* declared = nullptr;
    for (const DeclaredField& field : message.json) {
      if (field.path == scalar.path && FieldFits(field, scalar, text, received)) declared = &field;
    }
    if (declared == nullptr) {
      // Its key is not declared either: from the end of the field before to the end of this one.
      match.explained.push_back({explained_to, explained_to});
      explained_to = scalar.range.end;
      match.whole = false;
      continue;
    }
    match.explained.push_back({explained_to, scalar.range.end});
    explained_to = scalar.range.end;
    if (!declared->category.empty()) match.sightings.push_back({declared, scalar.range});
  }
  match.explained.push_back({explained_to, text.size()});
  return match;
}

namespace {

class BinaryReader {
 public:
  explicit BinaryReader(std::span<const std::byte> in) : in_(in) {}

  bool Take(const std::string& item) {
    std::istringstream words(item);
    std::string type;
    words >> type;
    if (type.size() >= 2 && type.front() == '\'')
      return TakeLetters(type.substr(1, type.size() - 2));
    if (type == "zlib") return TakeZlib(words);
    if (type == "crc32") return TakeCrc();
    std::string rest;
    words >> rest;
    if (rest == "times") {
      std::string count;
      words >> count;
      const size_t bytes = SizeOf(type) * static_cast<size_t>(Evaluate(count));
      return SizeOf(type) > 0 && Skip(bytes);
    }
    const size_t equals = type.find('=');
    uint64_t value = 0;
    if (!TakeInteger(type.substr(0, equals), &value)) return false;
    if (equals != std::string::npos) return value == Evaluate(type.substr(equals + 1));
    if (!rest.empty()) names_[rest] = value;
    return true;
  }
  bool at_end() const { return at_ == in_.size(); }

 private:
  static size_t SizeOf(const std::string& type) {
    if (type == "u8" || type == "i8") return 1;
    if (type == "u16" || type == "i16") return 2;
    if (type == "u32" || type == "i32") return 4;
    return 0;
  }
  bool Skip(size_t bytes) {
    if (bytes > in_.size() - at_) return false;
    at_ += bytes;
    return true;
  }
  uint64_t Evaluate(const std::string& text) const {
    uint64_t product = 1;
    for (const std::string& factor : Split(text, '*')) {
      const auto named = names_.find(factor);
      uint64_t value = 0;
      if (named != names_.end()) {
        value = named->second;
      } else {
        std::from_chars(factor.data(), factor.data() + factor.size(), value);
      }
      product *= std::min<uint64_t>(value, UINT32_MAX);
    }
    return product;
  }
  bool TakeLetters(const std::string& letters) {
    if (letters.size() > in_.size() - at_) return false;
    const std::string_view got(reinterpret_cast<const char*>(in_.data() + at_), letters.size());
    at_ += letters.size();
    return got == letters;
  }
  bool TakeInteger(const std::string& type, uint64_t* value) {
    const size_t bytes = SizeOf(type);
    if (bytes == 0 || bytes > in_.size() - at_) return false;
    for (size_t i = bytes; i-- > 0;) *value = *value << 8 | static_cast<uint8_t>(in_[at_ + i]);
    at_ += bytes;
    return true;
  }
  bool TakeZlib(std::istringstream& words) {
    std::string length, cells, count, allowed;
    words >> length >> cells >> count >> allowed;
    const size_t bytes = static_cast<size_t>(Evaluate(length)),
                 wanted = static_cast<size_t>(Evaluate(count));
    if (bytes > in_.size() - at_ || wanted > (64u << 20)) return false;
    const auto unpacked = UnpackAt(in_.subspan(at_, bytes), wanted + 1);
    at_ += bytes;
    if (!unpacked || unpacked->consumed != bytes || unpacked->bytes.size() != wanted) return false;
    std::set<int> values;
    for (const std::string& value : Split(allowed, ',')) values.insert(std::atoi(value.c_str()));
    return std::all_of(unpacked->bytes.begin(), unpacked->bytes.end(),
                       [&](std::byte b) { return values.contains(static_cast<int>(b)); });
  }
  bool TakeCrc() {
    const std::string_view before(reinterpret_cast<const char*>(in_.data()), at_);
    uint64_t stated = 0;
    return TakeInteger("u32", &stated) && stated == Crc32Of(before);
  }

  std::span<const std::byte> in_;
  size_t at_ = 0;
  std::map<std::string, uint64_t> names_;
};

}  // namespace

bool ReadBinary(const std::vector<std::string>& layout, std::span<const std::byte> payload) {
  BinaryReader reader(payload);
  return std::all_of(layout.begin(), layout.end(),
                     [&](const std::string& item) { return reader.Take(item); }) &&
         reader.at_end();
}

}  // namespace dustproof::internal
