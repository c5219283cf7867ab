#include "hil/protocol/dhcp.h"

#include "hil/protocol/internal/byte_io.h"

namespace dustproof {
namespace {

using internal::ByteReader;
using internal::ByteWriter;

constexpr uint32_t kMagicCookie = 0x63825363;
constexpr uint8_t kPad = 0, kEnd = 255;
constexpr size_t kBootpBytesMin = 300;

Error Malformed(const char* what) { return Error::BadInput(std::string("DHCP message: ") + what); }

Bytes ToBytes(std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text.data(), text.size()));
  return Bytes(bytes.begin(), bytes.end());
}

}  // namespace

void DhcpMessage::AddOption(DhcpOption code, Bytes data) {
  options.push_back({static_cast<uint8_t>(code), std::move(data)});
}

void DhcpMessage::AddOption(DhcpOption code, uint32_t value) {
  ByteWriter data;
  data.U32(value);
  AddOption(code, data.Finish());
}

void DhcpMessage::AddOption(DhcpOption code, std::string_view text) {
  AddOption(code, ToBytes(text));
}

void DhcpMessage::SetType(DhcpType type) {
  AddOption(DhcpOption::kMessageType, Bytes{static_cast<std::byte>(type)});
}

std::optional<DhcpType> DhcpMessage::type() const {
  const Bytes* data = Find(DhcpOption::kMessageType);
  if (data == nullptr || data->size() != 1) return std::nullopt;
  const uint8_t value = std::to_integer<uint8_t>((*data)[0]);
  if (value < 1 || value > 7) return std::nullopt;
  return static_cast<DhcpType>(value);
}

const Bytes* DhcpMessage::Find(DhcpOption code) const {
  for (const Option& option : options) {
    if (option.code == static_cast<uint8_t>(code)) return &option.data;
  }
  return nullptr;
}

std::optional<uint32_t> DhcpMessage::FindU32(DhcpOption code) const {
  const Bytes* data = Find(code);
  if (data == nullptr || data->size() < 4) return std::nullopt;
  return ByteReader(*data).U32();
}

Result<DhcpMessage> ParseDhcp(std::span<const std::byte> bytes) {
  ByteReader reader(bytes);
  DhcpMessage message;
  const uint8_t operation = reader.U8();
  const uint8_t hardware = reader.U8();
  const uint8_t address_bytes = reader.U8();
  reader.U8();  // Hops.
  message.transaction = reader.U32();
  message.seconds = reader.U16();
  message.broadcast = reader.U16() & 0x8000;
  message.client_address = reader.U32();
  message.your_address = reader.U32();
  message.server_address = reader.U32();
  message.relay_address = reader.U32();
  const auto hardware_address = reader.Take(16);
  reader.Take(64 + 128);  // Server name and boot file, unused here.
  const uint32_t cookie = reader.U32();
  if (!reader.ok()) return Malformed("shorter than its fixed part of 240 bytes");
  if (operation != 1 && operation != 2) return Malformed("operation must be 1 or 2");
  if (hardware != 1 || address_bytes != 6) return Malformed("hardware address must be Ethernet's");
  if (cookie != kMagicCookie) return Malformed("the magic cookie is missing");
  message.reply = operation == 2;
  for (size_t i = 0; i < 6; ++i)
    message.client_mac[i] = std::to_integer<uint8_t>(hardware_address[i]);
  while (reader.left() > 0) {
    const uint8_t code = reader.U8();
    if (code == kEnd) break;
    if (code == kPad) continue;
    const uint8_t length = reader.U8();
    const auto data = reader.Take(length);
    if (!reader.ok()) return Malformed("ends within an option");
    message.options.push_back({code, Bytes(data.begin(), data.end())});
  }
  return message;
}

Bytes SerializeDhcp(const DhcpMessage& message) {
  ByteWriter out;
  out.U8(message.reply ? 2 : 1);
  out.U8(1);  // Ethernet.
  out.U8(6);
  out.U8(0);
  out.U32(message.transaction);
  out.U16(message.seconds);
  out.U16(message.broadcast ? 0x8000 : 0);
  out.U32(message.client_address);
  out.U32(message.your_address);
  out.U32(message.server_address);
  out.U32(message.relay_address);
  for (const uint8_t byte : message.client_mac) out.U8(byte);
  out.Zeros(10 + 64 + 128);
  out.U32(kMagicCookie);
  for (const DhcpMessage::Option& option : message.options) {
    out.U8(option.code);
    out.U8(static_cast<uint8_t>(option.data.size()));
    out.Append(option.data);
  }
  out.U8(kEnd);
  if (out.size() < kBootpBytesMin) out.Zeros(kBootpBytesMin - out.size());
  return out.Finish();
}

DhcpMessage MakeDhcpDiscover(uint32_t transaction, const MacAddress& mac,
                             std::string_view host_name) {
  DhcpMessage message;
  message.transaction = transaction;
  message.broadcast = true;
  message.client_mac = mac;
  message.SetType(DhcpType::kDiscover);
  if (!host_name.empty()) message.AddOption(DhcpOption::kHostName, host_name.substr(0, 63));
  message.AddOption(DhcpOption::kParameterList,
                    Bytes{std::byte{1}, std::byte{3}, std::byte{6}, std::byte{51}});
  return message;
}

DhcpMessage MakeDhcpRequest(const DhcpMessage& offer, std::string_view host_name) {
  DhcpMessage message = MakeDhcpDiscover(offer.transaction, offer.client_mac, "");
  message.options.clear();
  message.SetType(DhcpType::kRequest);
  message.AddOption(DhcpOption::kRequestedAddress, offer.your_address);
  message.AddOption(DhcpOption::kServerId,
                    offer.FindU32(DhcpOption::kServerId).value_or(offer.server_address));
  if (!host_name.empty()) message.AddOption(DhcpOption::kHostName, host_name.substr(0, 63));
  return message;
}

DhcpMessage MakeDhcpReply(const DhcpMessage& request, DhcpType type, const DhcpLease& lease) {
  DhcpMessage reply;
  reply.reply = true;
  reply.transaction = request.transaction;
  reply.broadcast = request.broadcast;
  reply.your_address = lease.address;
  reply.server_address = lease.server;
  reply.client_mac = request.client_mac;
  reply.SetType(type);
  reply.AddOption(DhcpOption::kServerId, lease.server);
  reply.AddOption(DhcpOption::kLeaseTime, lease.seconds);
  reply.AddOption(DhcpOption::kSubnetMask, lease.mask);
  reply.AddOption(DhcpOption::kRouter, lease.server);
  reply.AddOption(DhcpOption::kDnsServer, lease.server);
  return reply;
}

}  // namespace dustproof
