#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "hil/net/live_network.h"
#include "sim/core/result.h"

namespace dustproof {

struct GatewayConfig {
  std::string interface;  ///< Behind which only the board is: "eth1".
  GatewayLan lan;
};

/// "eth1" or "eth1@192.168.7.1/24", our address there.
[[nodiscard]] Result<GatewayConfig> ParseGateway(const std::string& text);

/// A network interface as a board's only way out, and ours to watch.
///
/// The interface is moved into an empty network namespace of this object's own, where it has the router's address and nothing is
/// forwarded: there is no other interface. Every address beyond is delivered here, so that a socket that listens in the
/// namespace hears whoever dials any host at its port. TCP to ports that were not let in and all UDP are dropped without a word by
/// the kernel: who wants to answer reads them from the capture. The interface is given back at the end; if the
/// process dies, the kernel gives a real one back by itself.
///
/// Needs CAP_NET_ADMIN and CAP_NET_RAW over the interface's namespace: root's, or those of `unshare -Urn`.
class Gateway {
 public:
  [[nodiscard]] static Result<std::unique_ptr<Gateway>> Open(const GatewayConfig& config);
  ~Gateway();
  Gateway(const Gateway&) = delete;
  Gateway& operator=(const Gateway&) = delete;

  const GatewayConfig& config() const;

  /// Sockets that this thread makes while one of these lives are behind the gateway.
  class Inside {
   public:
    explicit Inside(const Gateway& gateway);
    ~Inside();
    Inside(const Inside&) = delete;
    Inside& operator=(const Inside&) = delete;

   private:
    const Gateway& gateway_;
  };

  /// Lets TCP to this port pass, whatever the host.
  [[nodiscard]] Result<void> LetIn(uint16_t port);
  /// From a host that need not exist, to a board: only from the ports of DNS (53), DHCP (67) and NTP (123).
  void SendDatagram(NetEndpoint from, NetEndpoint to, std::span<const std::byte> payload);

  /// Readable when frames wait.
  int capture_fd() const;
  enum class Capture { kEmpty, kMore, kOver };
  /// Hands on Ethernet frames that came in since; kMore where there may be others. They come up to `kCaptureDelayMs` late. kOver: the interface
  /// is gone or was switched off, and nothing is captured any more.
  static constexpr int kCaptureDelayMs = 5;
  [[nodiscard]] Capture Drain(const std::function<void(std::span<const std::byte> frame)>& on_frame);
  /// Frames that came and were not captured, so far; at most 2^32.
  uint64_t lost_frames() const;

 private:
  struct Impl;
  explicit Gateway(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace dustproof
