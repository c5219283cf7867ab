#include "hil/protocol/dns.h"

#include "hil/protocol/internal/byte_io.h"

namespace dustproof {
namespace {

using internal::ByteReader;
using internal::ByteWriter;

constexpr size_t kHeaderBytes = 12;
constexpr size_t kNameBytesMax = 255;
constexpr uint16_t kClassInternet = 1;

/// Reads a name at the reader's position. Fails on pointers that don't lead backwards and on names
/// above 255 bytes.
bool ReadName(std::span<const std::byte> message, ByteReader& reader, std::string& name) {
  name.clear();
  ByteReader at = reader;
  bool jumped = false;
  size_t lowest = reader.position();
  size_t total = 0;
  while (true) {
    const uint8_t length = at.U8();
    if (!at.ok()) return false;
    if (length == 0) break;
    if ((length & 0xc0) == 0xc0) {
      const size_t target = static_cast<size_t>(length & 0x3f) << 8 | at.U8();
      if (!at.ok() || target >= lowest) return false;
      if (!jumped) reader = at;
      jumped = true;
      lowest = target;
      at = ByteReader(message, target);
      continue;
    }
    if (length > 63) return false;
    const auto label = at.Take(length);
    total += length + 1u;
    if (!at.ok() || total > kNameBytesMax) return false;
    if (!name.empty()) name += '.';
    name += internal::ToText(label);
  }
  if (!jumped) reader = at;
  return true;
}

void WriteName(std::string_view name, ByteWriter& out) {
  while (!name.empty()) {
    const size_t dot = name.find('.');
    const std::string_view label = name.substr(0, dot);
    out.U8(static_cast<uint8_t>(label.size()));
    out.Append(label);
    name = dot == std::string_view::npos ? std::string_view() : name.substr(dot + 1);
  }
  out.U8(0);
}

bool ReadRecords(std::span<const std::byte> message, ByteReader& reader, size_t count,
                 std::vector<DnsRecord>& out) {
  for (size_t i = 0; i < count; ++i) {
    DnsRecord record;
    if (!ReadName(message, reader, record.name)) return false;
    record.type = reader.U16();
    record.record_class = reader.U16();
    record.ttl_s = reader.U32();
    const uint16_t length = reader.U16();
    const auto data = reader.Take(length);
    if (!reader.ok()) return false;
    record.data.assign(data.begin(), data.end());
    out.push_back(std::move(record));
  }
  return true;
}

void WriteRecords(const DnsMessage& message, const std::vector<DnsRecord>& records,
                  ByteWriter& out) {
  for (const DnsRecord& record : records) {
    if (!message.questions.empty() && record.name == message.questions[0].name &&
        !record.name.empty()) {
      out.U16(0xc000 | kHeaderBytes);  // The first question's name stands right behind the header.
    } else {
      WriteName(record.name, out);
    }
    out.U16(record.type);
    out.U16(record.record_class);
    out.U32(record.ttl_s);
    out.U16(static_cast<uint16_t>(record.data.size()));
    out.Append(record.data);
  }
}

Error Malformed(const char* what) { return Error::BadInput(std::string("DNS message: ") + what); }

}  // namespace

Result<DnsMessage> ParseDns(std::span<const std::byte> bytes) {
  ByteReader reader(bytes);
  DnsMessage message;
  message.id = reader.U16();
  const uint16_t flags = reader.U16();
  message.response = flags & 0x8000;
  message.opcode = flags >> 11 & 0xf;
  message.authoritative = flags & 0x0400;
  message.truncated = flags & 0x0200;
  message.recursion_desired = flags & 0x0100;
  message.recursion_available = flags & 0x0080;
  message.code = flags & 0xf;
  const uint16_t question_count = reader.U16();
  const uint16_t answer_count = reader.U16();
  const uint16_t authority_count = reader.U16();
  const uint16_t additional_count = reader.U16();
  if (!reader.ok()) return Malformed("shorter than its header of 12 bytes");
  for (size_t i = 0; i < question_count; ++i) {
    DnsQuestion question;
    if (!ReadName(bytes, reader, question.name)) return Malformed("a question's name is broken");
    question.type = reader.U16();
    question.record_class = reader.U16();
    if (!reader.ok()) return Malformed("ends within a question");
    message.questions.push_back(std::move(question));
  }
  if (!ReadRecords(bytes, reader, answer_count, message.answers) ||
      !ReadRecords(bytes, reader, authority_count, message.authorities) ||
      !ReadRecords(bytes, reader, additional_count, message.additionals)) {
    return Malformed("a record is broken");
  }
  return message;
}

Bytes SerializeDns(const DnsMessage& message) {
  ByteWriter out;
  out.U16(message.id);
  out.U16(static_cast<uint16_t>(message.response << 15 | (message.opcode & 0xf) << 11 |
                                message.authoritative << 10 | message.truncated << 9 |
                                message.recursion_desired << 8 | message.recursion_available << 7 |
                                (message.code & 0xf)));
  out.U16(static_cast<uint16_t>(message.questions.size()));
  out.U16(static_cast<uint16_t>(message.answers.size()));
  out.U16(static_cast<uint16_t>(message.authorities.size()));
  out.U16(static_cast<uint16_t>(message.additionals.size()));
  for (const DnsQuestion& question : message.questions) {
    WriteName(question.name, out);
    out.U16(question.type);
    out.U16(question.record_class);
  }
  WriteRecords(message, message.answers, out);
  WriteRecords(message, message.authorities, out);
  WriteRecords(message, message.additionals, out);
  return out.Finish();
}

bool IsDnsName(std::string_view name) {
  if (name.empty() || name.size() > 253) return false;
  while (true) {
    const size_t dot = name.find('.');
    const size_t length = dot == std::string_view::npos ? name.size() : dot;
    if (length < 1 || length > 63) return false;
    if (dot == std::string_view::npos) return true;
    name.remove_prefix(dot + 1);
  }
}

DnsMessage MakeDnsQuery(uint16_t id, std::string_view name) {
  DnsMessage query;
  query.id = id;
  query.recursion_desired = true;
  query.questions.push_back(
      {std::string(name), static_cast<uint16_t>(DnsType::kA), kClassInternet});
  return query;
}

DnsMessage MakeDnsAnswer(const DnsMessage& query, std::span<const uint32_t> addresses,
                         uint32_t ttl_s) {
  DnsMessage answer;
  answer.id = query.id;
  answer.response = true;
  answer.opcode = query.opcode;
  answer.recursion_desired = query.recursion_desired;
  answer.recursion_available = true;
  answer.questions = query.questions;
  if (query.questions.empty()) {
    answer.code = static_cast<uint8_t>(DnsCode::kFormatError);
    return answer;
  }
  for (const uint32_t address : addresses) {
    ByteWriter data;
    data.U32(address);
    answer.answers.push_back({query.questions[0].name, static_cast<uint16_t>(DnsType::kA),
                              kClassInternet, ttl_s, data.Finish()});
  }
  if (addresses.empty()) answer.code = static_cast<uint8_t>(DnsCode::kNoSuchName);
  return answer;
}

std::vector<uint32_t> DnsAddresses(const DnsMessage& message) {
  std::vector<uint32_t> addresses;
  for (const DnsRecord& record : message.answers) {
    if (record.type != static_cast<uint16_t>(DnsType::kA) || record.data.size() != 4) continue;
    addresses.push_back(ByteReader(record.data).U32());
  }
  return addresses;
}

}  // namespace dustproof
