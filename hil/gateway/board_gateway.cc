#include "hil/gateway/board_gateway.h"

#include <poll.h>

#include <ctime>
#include <utility>

#include "hil/gateway/internal/frame.h"

namespace dustproof {

using internal::Frame;

namespace {

/// Open before anybody dials them: no SYN has to be repeated.
constexpr uint16_t kUsualPorts[] = {80, 443, 1883, 8080, 8443, 8883};
/// More ports than any firmware dials: beyond, it scans.
constexpr size_t kPortsMax = 512;
constexpr size_t kStationsMax = 16, kArpHeardMax = 1000;
constexpr int kLastTurnsMax = 1000;
constexpr size_t kConversationsMax = 1 << 16;
constexpr uint16_t kDhcpServer = 67, kDhcpClient = 68;

OtherPacket PacketOf(const Frame& frame) {
  OtherPacket packet{.protocol = internal::ProtocolOf(frame), .from = {}, .to = {}, .to_name = internal::DestinationOf(frame), .to_group = frame.to_group, .bytes = frame.network};
  if (!frame.ipv4) return packet;
  packet.from = frame.ipv4->source;
  packet.to = frame.ipv4->destination;
  packet.to_name.clear();
  return packet;
}

}  // namespace

Result<std::unique_ptr<LiveServer>> BoardGateway::OpenServer(const LiveServer::Config& config, EventQueue& queue) {
  LiveServer::Config behind = config;
  behind.address = 0;
  behind.dns_port.reset();  // Names are asked for by datagrams.
  std::set<uint16_t> wanted;
  for (const LiveServer::Port& port : config.stream_ports) wanted.insert(port.number);
  for (const uint16_t port : kUsualPorts) {
    if (!wanted.contains(port)) behind.stream_ports.push_back({"whoever dials it", "other ports", port});
  }
  const Gateway::Inside inside(*gateway_);
  Result<std::unique_ptr<LiveServer>> server = LiveServer::Open(behind, queue);
  if (!server) return server;
  for (const uint16_t port : (*server)->stream_ports()) {
    if (const Result<void> let = gateway_->LetIn(port); !let) return let.error();
    open_ports_.insert(port);
  }
  return server;
}

void BoardGateway::Begin(LiveServer& server, LiveNetwork& network) {
  server_ = &server;
  network_ = &network;
  server.Watch(gateway_->capture_fd(), [this] { return Drain(); });
}

Result<void> BoardGateway::Reserve(uint16_t port) {
  reserved_ports_.insert(port);
  return gateway_->LetIn(port);
}

void BoardGateway::Finish() {
  if (network_ == nullptr) return;
  const timespec delay{.tv_sec = 0, .tv_nsec = 4'000'000L * Gateway::kCaptureDelayMs};
  ppoll(nullptr, 0, &delay, nullptr);
  while (gateway_->Drain([this](std::span<const std::byte> frame) { OnFrame(frame); }) == Gateway::Capture::kMore) {
  }
  ended_ = true;  // What is captured now can also be read: the kernel hands on both at once.
  for (int turn = 0; turn < kLastTurnsMax && server_->Poll() > 0; ++turn) {
  }
  NoteUnread();
  if (const uint64_t lost = gateway_->lost_frames(); lost > 0)
    OnRefused("the gateway's capture lost " + std::to_string(lost) + " frames: the machine was too slow for them");
}

bool BoardGateway::Drain() {
  if (ended_) return false;
  if (gateway_->Drain([this](std::span<const std::byte> frame) { OnFrame(frame); }) != Gateway::Capture::kOver) return true;
  OnRefused("the gateway's interface is gone, or was switched off");
  return false;
}

void BoardGateway::OnFrame(std::span<const std::byte> bytes) {
  const std::optional<Frame> frame = internal::ParseFrame(bytes);
  if (!frame) return;  // Shorter than Ethernet's header: no card hands it on.
  if (frame->padding_speaks) {
    OtherPacket whole = PacketOf(*frame);
    whole.protocol = "ethernet", whole.bytes = bytes;
    network_->HearPacket(whole);
  }
  if (stations_.size() < kStationsMax && stations_.insert(frame->source).second) network_->NoteStation(frame->source);
  if (IsPlainArp(*frame)) return OnArp(*frame);
  const auto& packet = frame->ipv4;
  if (packet && packet->protocol == internal::kIpUdp) return OnDatagram(packet->source, packet->destination, packet->payload);
  if (!packet || packet->protocol != internal::kIpTcp) return network_->HearPacket(PacketOf(*frame));
  OnSegment(*frame);
}

// Each question once: who asks the same again says nothing new. Without the sender's own MAC, which any frame has.
void BoardGateway::OnArp(const Frame& frame) {
  const std::span<const std::byte> said = frame.network.subspan(internal::kArpSenderAddress, internal::kArpSaidBytes);
  if (arp_heard_.size() < kArpHeardMax && !arp_heard_.emplace(said.begin(), said.end()).second) return;
  OtherPacket packet = PacketOf(frame);
  packet.bytes = said;
  network_->HearPacket(packet);
}

void BoardGateway::OnSegment(const Frame& frame) {
  const internal::Ipv4Packet& packet = *frame.ipv4;
  const uint16_t port = packet.destination.port;
  if (reserved_ports_.contains(port) && packet.destination.address == gateway_->config().lan.router) return;
  const Conversation conversation(packet.source, packet.destination);
  const bool begins = (packet.tcp_flags & (internal::kTcpSyn | internal::kTcpAck)) == internal::kTcpSyn;
  if (begins && OpenPort(port)) {
    if (conversations_.size() >= kConversationsMax) NoteUnread(), conversations_.clear();  // From here on some may be recorded twice.
    const auto [known, is_new] = conversations_.try_emplace(conversation);
    if (is_new || known->second.first != packet.tcp_sequence) known->second.first = packet.tcp_sequence, known->second.next = packet.tcp_sequence + 1;
  }
  if (packet.payload.empty()) return;
  const auto known = conversations_.find(conversation);
  if (begins || known == conversations_.end()) return network_->HearPacket(PacketOf(frame));
  Captured& captured = known->second;
  const uint32_t end = packet.tcp_sequence + static_cast<uint32_t>(packet.payload.size());
  const auto more = static_cast<int32_t>(end - captured.next);  // The numbers wrap.
  if (more > 0) captured.next = end, captured.bytes += static_cast<uint32_t>(more);
}

void BoardGateway::NoteUnread() {
  for (const auto& [conversation, captured] : conversations_) {
    const auto& [client, server] = conversation;
    const uint64_t heard = server_->heard(client, server);
    if (captured.bytes <= heard) continue;
    OnRefused(std::to_string(captured.bytes - heard) + " bytes that it sent to " + FormatAddress(server.address) + ":" + std::to_string(server.port) +
              " were captured as packets, and never read from the connection");
  }
}

void BoardGateway::OnDatagram(NetEndpoint from, NetEndpoint to, std::span<const std::byte> payload) {
  const std::optional<Bytes> answer = network_->HearDatagram(from, to, payload);
  if (!answer) return;
  // Who asks for an address has none to be answered at.
  if (to.port == kDhcpServer) return gateway_->SendDatagram({gateway_->config().lan.router, kDhcpServer}, {kBroadcastAddress, kDhcpClient}, *answer);
  gateway_->SendDatagram(to, from, *answer);
}

bool BoardGateway::OpenPort(uint16_t port) {
  if (open_ports_.contains(port)) return true;
  if (open_ports_.size() >= kPortsMax) {
    OnRefused("it dialled more than " + std::to_string(kPortsMax) + " ports; what it would have said at the others is not known");
    return false;
  }
  Result<void> opened = [&] {
    const Gateway::Inside inside(*gateway_);
    return server_->Listen({"whoever dials it", "other ports", port});
  }();
  if (opened) opened = gateway_->LetIn(port);
  if (!opened) OnRefused("it dialled port " + std::to_string(port) + ", which could not be opened: " + opened.error().diagnostics.front().message);
  if (opened) open_ports_.insert(port);
  return opened.ok();
}

void BoardGateway::OnRefused(const std::string& why) {
  if (!std::exchange(told_unwatched_, true)) network_->NoteUnwatched(why);
}

}  // namespace dustproof
