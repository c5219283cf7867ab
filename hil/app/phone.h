#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "hil/protocol/stream_core.h"

namespace dustproof {

/// What an app gets from the phone it runs on: Wi-Fi and connections. `NetworkPhone` is the one in
/// a run's network.
class Phone {
 public:
  virtual ~Phone() = default;

  /// Leaves the present network and joins another. `done` hears "" or what went wrong, once, later.
  virtual void JoinWifi(const std::string& ssid, const std::string& password,
                        std::function<void(const std::string&)> done) = 0;

  struct Dial {
    std::string host;
    uint16_t port = 443;
    bool tls = true;
  };
  /// Opens `core` on a connection and runs it until either side closes. Where there is none,
  /// `failed` hears why and the core is dropped unopened.
  virtual void Connect(const Dial& dial, std::unique_ptr<StreamCore> core,
                       std::function<void(const std::string&)> failed) = 0;
};

}  // namespace dustproof
