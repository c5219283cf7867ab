#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "hil/cloud/cloud.h"
#include "hil/live/pacer.h"
#include "sim/core/result.h"

namespace dustproof {

struct ServeCloudOptions {
  std::string scenario;
  std::optional<uint64_t> seed;
  std::string listen = "127.0.0.1";  ///< One IPv4 address of this machine.
  /// 0 takes any that is free; nothing, the usual one: 8883, 8443, 5300, without TLS 1883, 8080.
  std::optional<uint16_t> mqtt_port, https_port, dns_port;
  bool plain = false;      ///< No TLS.
  bool anonymous = false;  ///< MQTT clients need no credentials, and may say and hear everything.
  /// The interface that a board is behind, of which we are the gateway ("eth1", "eth1@192.168.7.1/24"); then `listen` is not
  /// used and the usual ports are those of the internet: 8883, 443, 53.
  std::string gateway;
  std::string record;      ///< New file; "" takes a fresh folder under runs/.
};

/// What a client must know.
struct ServedCloud {
  std::string address, host;  ///< Where it listens, and what the cloud is called.
  uint16_t mqtt_port = 0, https_port = 0, dns_port = 0;
  std::string ca_file;  ///< PEM; "" where there is no TLS.
  std::string recording;
  uint64_t seed = 0;
  std::string account, password;
  Cloud::RobotLogin robot;  ///< Bound to the account.
};

/// What became of it.
struct ServedOutcome {
  double served_s = 0;
  uint64_t emissions = 0;
  Pacer::Lateness lateness;
};

/// Serves a scenario's cloud and all the internet's other hosts on real sockets, in real time, and
/// records every byte as a run does, until SIGINT, SIGTERM or SIGHUP. `on_ready` hears once it
/// listens. Fails before that where an input is wrong or a port can't be had, and afterwards where
/// the recording can't be written.
Result<ServedOutcome> ServeCloud(const ServeCloudOptions& options,
                                 const std::function<void(const ServedCloud&)>& on_ready);

}  // namespace dustproof
