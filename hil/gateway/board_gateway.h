#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <utility>

#include "hil/gateway/gateway.h"
#include "hil/live/live_server.h"
#include "hil/net/live_network.h"

namespace dustproof {

namespace internal {
struct Frame;
}

/// What a board behind a gateway sends, brought to the network's cores: whatever host it dials answers, at whatever port, and what no
/// server of ours hears is recorded from the capture.
///
/// Each byte is recorded once. Streams are recorded where they end, with what was under their TLS; datagrams, and packets that
/// are neither, as they were captured. A port that nobody has dialled before is opened when its first SYN is seen; the board's kernel repeats it after a second.
class BoardGateway {
 public:
  explicit BoardGateway(std::unique_ptr<Gateway> gateway) : gateway_(std::move(gateway)) {}

  /// Opens `config`'s ports and the usual ones behind the gateway. The server has a lifetime of its own.
  [[nodiscard]] Result<std::unique_ptr<LiveServer>> OpenServer(const LiveServer::Config& config, EventQueue& queue);
  /// From now on the board is heard. All outlive the gateway's last frame.
  void Begin(LiveServer& server, LiveNetwork& network);
  /// Somebody else listens at this port of the router's address; what goes there is no emission.
  [[nodiscard]] Result<void> Reserve(uint16_t port);
  /// Hears the last frames, and says what the capture lost.
  void Finish();

  Gateway& gateway() { return *gateway_; }

 private:
  /// Client and server, each with its port.
  using Conversation = std::pair<NetEndpoint, NetEndpoint>;
  /// What the capture saw of a client's side.
  struct Captured {
    uint32_t next = 0;   ///< Sequence number behind the last byte, or behind the SYN.
    uint32_t first = 0;  ///< Of the SYN.
    uint64_t bytes = 0;  ///< Repetitions not counted.
  };

  bool Drain();
  void OnArp(const internal::Frame& frame);
  void OnFrame(std::span<const std::byte> bytes);
  void OnSegment(const internal::Frame& frame);
  void OnDatagram(NetEndpoint from, NetEndpoint to, std::span<const std::byte> payload);
  void OnRefused(const std::string& why);
  bool OpenPort(uint16_t port);
  /// Bytes that were captured on their way to a server of ours and never read.
  void NoteUnread();

  const std::unique_ptr<Gateway> gateway_;
  LiveServer* server_ = nullptr;
  LiveNetwork* network_ = nullptr;
  std::set<uint16_t> open_ports_, reserved_ports_;
  std::map<Conversation, Captured> conversations_;  // Those that began at an open port.
  std::set<MacAddress> stations_;  // Who sent frames.
  std::set<Bytes> arp_heard_;
  bool told_unwatched_ = false, ended_ = false;
};

}  // namespace dustproof
