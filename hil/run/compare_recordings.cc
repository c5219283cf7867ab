#include "hil/run/compare_recordings.h"

#include <algorithm>
#include <cstdio>
#include <deque>
#include <map>
#include <set>

#include "hil/capture/recording_reader.h"
#include "hil/run/message_text.h"
#include "sim/core/hash.h"

namespace dustproof {
namespace {

constexpr const char* kNothingMore = "nothing more";
constexpr const char* kAbsent = "absent";
constexpr size_t kRowBytes = 16;
// Facts that belong to how a run went, as the messages do.
constexpr const char* kDecisiveFacts[] = {"result.end", "result.hash"};

bool IsDecisive(const std::string& fact) {
  return std::any_of(std::begin(kDecisiveFacts), std::end(kDecisiveFacts),
                     [&](const char* name) { return fact == name; });
}

// The rows of 16 bytes around `at`, with offsets: one before and one after where there are such.
std::string HexAround(const Bytes& bytes, size_t at) {
  if (bytes.empty()) return "(empty)";
  const size_t row = at / kRowBytes;
  const size_t begin = (row == 0 ? 0 : row - 1) * kRowBytes;
  const size_t end = std::min(bytes.size(), (row + 2) * kRowBytes);
  std::string text;
  for (size_t offset = begin; offset < end; offset += kRowBytes) {
    const size_t stop = std::min(end, offset + kRowBytes);
    char cell[24];
    std::snprintf(cell, sizeof cell, "%8zu ", offset);
    text += (text.empty() ? "" : "\n") + std::string(cell);
    for (size_t i = offset; i < offset + kRowBytes; ++i) {
      if (i < stop) std::snprintf(cell, sizeof cell, "%02x", static_cast<unsigned>(bytes[i]));
      text += (i == at ? '>' : ' ') + std::string(i < stop ? cell : "  ");
    }
    text += "  " + Printable(bytes.data() + offset, bytes.data() + stop);
  }
  return text;
}

FieldDifference DifferenceOf(const MessageField& a, const MessageField& b) {
  FieldDifference difference{a.name, a.text, b.text, {}, "", ""};
  if (a.element_bytes == 0) return difference;
  const auto [at, ignored] =
      std::mismatch(a.bytes.begin(), a.bytes.end(), b.bytes.begin(), b.bytes.end());
  const auto byte = static_cast<size_t>(at - a.bytes.begin());
  difference.byte = byte;
  difference.first_around = HexAround(a.bytes, byte);
  difference.second_around = HexAround(b.bytes, byte);
  return difference;
}

std::vector<FieldDifference> DifferingFields(const MessageText& a, const MessageText& b) {
  std::vector<FieldDifference> fields;
  const auto find = [](const MessageText& message, const std::string& name) {
    return std::find_if(message.fields.begin(), message.fields.end(),
                        [&](const MessageField& f) { return f.name == name; });
  };
  for (const MessageField& field : a.fields) {
    const auto other = find(b, field.name);
    if (other == b.fields.end()) {
      fields.push_back({field.name, field.text, kAbsent, {}, "", ""});
    } else if (field.bytes != other->bytes) {
      fields.push_back(DifferenceOf(field, *other));
    }
  }
  for (const MessageField& field : b.fields) {
    if (find(a, field.name) == a.fields.end())
      fields.push_back({field.name, kAbsent, field.text, {}, "", ""});
  }
  return fields;
}

bool Equal(const MessageText& a, const MessageText& b) {
  return a.topic == b.topic &&
         std::equal(a.fields.begin(), a.fields.end(), b.fields.begin(), b.fields.end(),
                    [](const MessageField& x, const MessageField& y) {
                      return x.name == y.name && x.bytes == y.bytes;
                    });
}

std::optional<MessageText> Next(RecordingReader& reader) {
  const std::optional<RecordedMessage> message = reader.Next();
  if (!message) return std::nullopt;
  return Describe(*message);
}

std::vector<std::string> NextLines(RecordingReader& reader, size_t count) {
  std::vector<std::string> lines;
  while (lines.size() < count) {
    const auto message = Next(reader);
    if (!message) break;
    lines.push_back(OneLine(*message));
  }
  return lines;
}

std::string Digest(const Bytes& data) {
  Hasher hasher;
  hasher.AddBytes(data);
  return std::to_string(data.size()) + " bytes with hash " + HexDigest(hasher.Digest());
}

// Everything that a recording says of its run beside messages, by a name that sorts well.
std::map<std::string, std::string> FactsOf(const RecordingReader& reader) {
  std::map<std::string, std::string> facts;
  for (const char* record : {"run", "result"}) {
    const auto found = reader.metadata().find(record);
    if (found == reader.metadata().end()) continue;
    for (const auto& [key, value] : found->second) facts[std::string(record) + '.' + key] = value;
  }
  for (const Attachment& attachment : reader.attachments())
    facts["attachment " + attachment.name] = Digest(attachment.data);
  return facts;
}

// The state counts calls and switches of the firmware's tasks, and a process makes fewer of them here.
bool AreStatesComparable(const RecordingReader& a, const RecordingReader& b) {
  const auto kind = [](const RecordingReader& reader) { return FactsOf(reader)["run.firmware_kind"]; };
  return kind(a) == kind(b);
}

std::optional<MessageText> NextCompared(RecordingReader& reader, bool with_states) {
  std::optional<MessageText> message = Next(reader);
  while (message && !with_states && message->topic == "/run/state") message = Next(reader);
  return message;
}

void CompareMessages(RecordingReader& a, RecordingReader& b, const CompareOptions& options,
                     RecordingComparison* out) {
  const bool with_states = AreStatesComparable(a, b);
  std::deque<std::string> before;
  while (true) {
    const auto one = NextCompared(a, with_states), other = NextCompared(b, with_states);
    if (!one && !other) return;
    if (!one || !other || !Equal(*one, *other)) {
      const MessageText& known = one ? *one : *other;
      MessageDifference difference{.index = out->message_count + 1,
                                   .time = known.time,
                                   .topic = known.topic,
                                   .first = one ? OneLine(*one) : kNothingMore,
                                   .second = other ? OneLine(*other) : kNothingMore,
                                   .fields = {},
                                   .before = {before.begin(), before.end()},
                                   .first_after = NextLines(a, options.neighbours),
                                   .second_after = NextLines(b, options.neighbours)};
      if (one && other && one->topic == other->topic)
        difference.fields = DifferingFields(*one, *other);
      out->message = std::move(difference);
      return;
    }
    ++out->message_count;
    before.push_back(OneLine(*one));
    if (before.size() > options.neighbours) before.pop_front();
  }
}

std::vector<FactDifference> CompareFacts(const RecordingReader& a, const RecordingReader& b) {
  const auto first = FactsOf(a), second = FactsOf(b);
  std::set<std::string> names;
  for (const auto* facts : {&first, &second}) {
    for (const auto& [name, value] : *facts) names.insert(name);
  }
  std::vector<FactDifference> differences;
  const auto value = [](const auto& facts, const std::string& name) {
    const auto found = facts.find(name);
    return found == facts.end() ? std::string(kAbsent) : found->second;
  };
  for (const std::string& name : names) {
    const std::string one = value(first, name), other = value(second, name);
    if (one != other) differences.push_back({name, one, other});
  }
  return differences;
}

struct NamedVerdict {
  std::string what, verdict, reason;
};

std::vector<NamedVerdict> VerdictsOf(const AuditReport& audit) {
  std::vector<NamedVerdict> rows;
  for (const VerdictRow& v : audit.verdicts) {
    rows.push_back({v.emitter + ": " + v.category + " to " + v.party +
                        (v.purpose.empty() ? "" : " (" + v.purpose + ")") + ", " + v.phase + ", " +
                        ToWord(v.reading),
                    ToWord(v.verdict), v.reason});
  }
  for (const UsefulnessCheck& check : audit.usefulness)
    rows.push_back({"usefulness: " + check.name, ToWord(check.verdict), check.detail});
  return rows;
}

}  // namespace

bool RecordingComparison::same() const {
  return !message && std::none_of(facts.begin(), facts.end(),
                                  [](const FactDifference& fact) { return IsDecisive(fact.name); });
}

Result<RecordingComparison> CompareRecordings(const std::string& first, const std::string& second,
                                              const CompareOptions& options) {
  Result<RecordingReader> a = RecordingReader::Open(first);
  if (!a) return a.error();
  Result<RecordingReader> b = RecordingReader::Open(second);
  if (!b) return b.error();
  RecordingComparison comparison;
  comparison.facts = CompareFacts(*a, *b);
  CompareMessages(*a, *b, options, &comparison);
  for (RecordingReader* reader : {&*a, &*b}) {
    while (reader->Next()) {  // What is damaged further on is found by reading it.
    }
    for (const Diagnostic& problem : reader->problems())
      comparison.problems.push_back(ToString(problem));
  }
  return comparison;
}

Result<std::string> HashRecording(const std::string& path) {
  Result<RecordingReader> reader = RecordingReader::Open(path);
  if (!reader) return reader.error();
  Hasher hasher;
  while (const auto message = Next(*reader)) {
    hasher.Add(message->topic);
    for (const MessageField& field : message->fields) {
      hasher.Add(field.name);
      hasher.Add(field.bytes.size());
      hasher.AddBytes(field.bytes);
    }
  }
  const auto facts = FactsOf(*reader);
  for (const char* name : kDecisiveFacts) {
    const auto found = facts.find(name);
    hasher.Add(found == facts.end() ? kAbsent : found->second);
  }
  return HexDigest(hasher.Digest());
}

std::vector<VerdictDifference> CompareVerdicts(const AuditReport& first,
                                               const AuditReport& second) {
  const std::vector<NamedVerdict> ours = VerdictsOf(first), theirs = VerdictsOf(second);
  const auto find = [](const std::vector<NamedVerdict>& rows, const std::string& what) {
    return std::find_if(rows.begin(), rows.end(),
                        [&](const NamedVerdict& row) { return row.what == what; });
  };
  std::vector<VerdictDifference> differences;
  for (const NamedVerdict& row : ours) {
    const auto other = find(theirs, row.what);
    if (other == theirs.end()) {
      differences.push_back({row.what, row.verdict, kAbsent, row.reason, ""});
    } else if (other->verdict != row.verdict) {
      differences.push_back({row.what, row.verdict, other->verdict, row.reason, other->reason});
    }
  }
  for (const NamedVerdict& row : theirs) {
    if (find(ours, row.what) == ours.end())
      differences.push_back({row.what, kAbsent, row.verdict, "", row.reason});
  }
  return differences;
}

}  // namespace dustproof
