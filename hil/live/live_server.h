#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "hil/live/pacer.h"
#include "hil/net/live_network.h"
#include "sim/core/event_queue.h"
#include "sim/core/result.h"

namespace dustproof {

/// The sockets of a `LiveNetwork`, and where nobody else has one, its clock: listens, hands on what
/// arrives, and moves the queue along the wall clock. One thread; the network's cores never see a
/// socket. Either `Run` or, in a loop of somebody else's, `Begin` and `Poll`.
class LiveServer {
 public:
  struct Port {
    std::string purpose;  ///< For people: "MQTT".
    std::string setting;  ///< Likewise: what names another number, e.g. "--mqtt-port".
    uint16_t number = 0;  ///< 0: any that is free.
  };
  struct Config {
    uint32_t address = 0x7f000001;  ///< IPv4, host byte order: loopback unless told otherwise; 0: all.
    std::vector<Port> stream_ports;
    std::optional<Port> dns_port;   ///< Nothing: somebody else answers for names.
    std::vector<int> stop_signals;  ///< Those that end `Run`; one that is ignored stays ignored.
  };

  /// Binds every port, or says which one can't be had and why. `queue` outlives the server; the
  /// server outlives the network that it runs.
  [[nodiscard]] static Result<std::unique_ptr<LiveServer>> Open(const Config& config,
                                                                EventQueue& queue);
  ~LiveServer();
  LiveServer(const LiveServer&) = delete;
  LiveServer& operator=(const LiveServer&) = delete;

  /// As they were bound, in the order of the configuration.
  const std::vector<uint16_t>& stream_ports() const;
  uint16_t dns_port() const;  ///< 0 where there is none.

  /// The client's bytes that were read so far, by all connections between these two.
  uint64_t heard(NetEndpoint client, NetEndpoint server) const;
  /// One more port, at the same address.
  [[nodiscard]] Result<void> Listen(const Port& port);
  /// Calls `on_readable` in turn with what else arrives, whenever there is something to read, until it returns false.
  void Watch(int fd, std::function<bool()> on_readable);

  /// Serves `network` until a stop signal comes or `goes_on`, asked after whatever happened,
  /// returns false.
  void Run(LiveNetwork& network, const std::function<bool()>& goes_on);
  const Pacer::Lateness& lateness() const;  ///< @pre it has run.

  /// Instead of `Run`: somebody else moves the queue, and polls. Never waits.
  void Begin(LiveNetwork& network);
  /// Returns how much it did: 0 where nothing had come.
  size_t Poll();

 private:
  struct Impl;
  explicit LiveServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace dustproof
