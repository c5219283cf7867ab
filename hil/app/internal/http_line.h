#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "hil/app/phone.h"
#include "hil/protocol/http_client.h"
#include "sim/core/event_queue.h"

namespace dustproof {

/// Requests to one host, over one connection that is made when there is something to ask and made
/// anew when it was lost.
class HttpLine {
 public:
  /// Hears each answer once; status 0: there was none, and the body says why.
  using Done = std::function<void(const HttpResponse& response)>;

  /// Both outlive the line; the line outlives its connections' last event.
  HttpLine(Phone& phone, EventQueue& queue, Phone::Dial dial)
      : phone_(phone), queue_(queue), dial_(std::move(dial)) {}

  /// `token`: shown as `Authorization: Bearer`, unless empty. A body that isn't empty is JSON.
  void Ask(const std::string& method, const std::string& target, const std::string& body,
           const std::string& token, Done done, HttpHeaders headers = {});
  /// Ends the connection after what is under way.
  void HangUp();

 private:
  struct Call;
  struct Connection;

  Phone& phone_;
  EventQueue& queue_;
  const Phone::Dial dial_;
  std::shared_ptr<Connection> connection_;
};

}  // namespace dustproof
