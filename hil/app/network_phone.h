#pragma once

#include "hil/app/phone.h"
#include "hil/net/app_interface.h"

namespace dustproof {

/// The phone in a run's network.
class NetworkPhone final : public Phone {
 public:
  /// `network` outlives the phone.
  explicit NetworkPhone(AppInterface& network) : network_(network) {}

  void JoinWifi(const std::string& ssid, const std::string& password,
                std::function<void(const std::string&)> done) override;
  void Connect(const Dial& dial, std::unique_ptr<StreamCore> core,
               std::function<void(const std::string&)> failed) override;

 private:
  AppInterface& network_;
};

}  // namespace dustproof
