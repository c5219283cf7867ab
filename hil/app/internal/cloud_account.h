#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "hil/app/app.h"
#include "hil/app/internal/http_line.h"

namespace dustproof {

/// The user's account at the vendor's cloud, as the app reaches it: logged in once, asked again
/// while the way is broken.
class CloudAccount {
 public:
  /// Hears the status (0: no way to the cloud) and the answer's JSON object, empty where it is
  /// none.
  using Done = std::function<void(int status, const nlohmann::json& body)>;
  using RawDone = HttpLine::Done;

  /// Everything borrowed outlives it.
  CloudAccount(const App::Config& config, EventQueue& queue, Phone& phone);

  bool logged_in() const { return !token_.empty(); }
  /// Logs in unless it is; hears the status, 200 where all is well.
  void LogIn(std::function<void(int status)> done);
  void LogOut();
  /// Ends the connection; the next question makes another. For when the phone changes its network.
  void HangUp() { line_.HangUp(); }

  /// Asks once.
  void Ask(const std::string& method, const std::string& target, const std::string& body,
           Done done);
  void AskRaw(const std::string& target, HttpHeaders headers, RawDone done);
  /// Asks again every five seconds while there is no way, or the cloud itself fails, up to `tries`
  /// in all.
  void AskUntilAnswered(const std::string& method, const std::string& target,
                        const std::string& body, int tries, Done done);

 private:
  const App::Config& config_;
  EventQueue& queue_;
  HttpLine line_;
  std::string token_;
};

}  // namespace dustproof
