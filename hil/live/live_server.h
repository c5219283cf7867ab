#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "hil/live/pacer.h"
#include "hil/net/live_network.h"
#include "sim/core/event_queue.h"
#include "sim/core/result.h"

namespace dustproof {

/// The sockets and the clock of a `LiveNetwork`: listens, moves the queue along the wall clock, and
/// hands on what arrives. One thread; the network's cores never see a socket.
class LiveServer {
 public:
  struct Port {
    std::string purpose;  ///< For people: "MQTT".
    std::string setting;  ///< Likewise: what names another number, e.g. "--mqtt-port".
    uint16_t number = 0;  ///< 0: any that is free.
  };
  struct Config {
    uint32_t address = 0x7f000001;  ///< IPv4, host byte order: loopback unless told otherwise.
    std::vector<Port> stream_ports;
    Port dns_port;
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
  uint16_t dns_port() const;

  /// Serves `network` until a stop signal comes or `goes_on`, asked after whatever happened,
  /// returns false.
  void Run(LiveNetwork& network, const std::function<bool()>& goes_on);
  const Pacer::Lateness& lateness() const;

 private:
  struct Impl;
  explicit LiveServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace dustproof
