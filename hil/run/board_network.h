#pragma once

#include <memory>
#include <string>

#include "hil/cloud/cloud.h"
#include "hil/gateway/board_gateway.h"
#include "hil/live/live_server.h"
#include "hil/net/live_network.h"
#include "hil/net/network.h"
#include "hil/run/run_request.h"
#include "sim/core/result.h"

namespace dustproof {

/// The run's cloud and all hosts of its internet on real sockets, for a board with a network stack of its own; the robot's HAL and
/// the phone meet the same ones in simulated time.
///
/// The scenario's delays, losses and outages are those of the simulated network: a real one has its own.
class BoardNetwork {
 public:
  /// As `request.gateway` or `request.servers` say; null where neither says anything. All that is given outlives it.
  [[nodiscard]] static Result<std::unique_ptr<BoardNetwork>> Open(const RunRequest& request, const std::string& cloud_host, EventQueue& queue, Network& network,
                                                                  Cloud& cloud);
  /// Hears what has come since; never waits.
  void Poll() { server_->Poll(); }
  /// Sockets made while the result lives are where a board behind the gateway reaches `endpoint`; null where
  /// that is somewhere else.
  [[nodiscard]] Result<std::unique_ptr<Gateway::Inside>> EnterFor(const std::string& endpoint);
  /// Whether nothing leaves the board unseen.
  bool is_gateway() const { return gateway_ != nullptr; }
  /// The run is over.
  void Finish();

 private:
  BoardNetwork() = default;

  std::unique_ptr<BoardGateway> gateway_;
  std::unique_ptr<LiveServer> server_;
  std::unique_ptr<LiveNetwork> network_;
};

/// Where the cloud's servers listen: "ADDRESS:MQTT,HTTPS,DNS", port 0 for any.
struct BoardServersAt {
  uint32_t address = 0;
  uint16_t mqtt_port = 0, https_port = 0, dns_port = 0;
};
[[nodiscard]] Result<BoardServersAt> ParseBoardServers(const std::string& text);

}  // namespace dustproof
