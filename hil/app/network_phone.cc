#include "hil/app/network_phone.h"

#include <utility>

namespace dustproof {

void NetworkPhone::JoinWifi(const std::string& ssid, const std::string& password,
                            std::function<void(const std::string&)> done) {
  network_.Join(ssid, password, [done = std::move(done)](NetStatus status) {
    done(status == NetStatus::kOk        ? ""
         : status == NetStatus::kRefused ? "wrong password"
                                         : "out of range");
  });
}

void NetworkPhone::Connect(const Dial& dial, std::unique_ptr<StreamCore> core,
                           std::function<void(const std::string&)> failed) {
  AppInterface::Dial to;
  to.host = dial.host;
  to.port = dial.port;
  to.tls = dial.tls;
  network_.Connect(std::move(to), std::move(core), std::move(failed));
}

}  // namespace dustproof
