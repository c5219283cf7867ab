#pragma once

#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <set>
#include <string>

#include "hil/app/internal/cloud_account.h"
#include "hil/app/internal/consent_screens.h"
#include "hil/app/internal/http_line.h"
#include "hil/app/internal/user_view.h"

namespace dustproof {

/// Brings a robot out of its box into the account: log in, get a pairing token, join the robot's
/// hotspot, hand everything over, go home, wait until the robot is online.
class Pairing {
 public:
  /// Hears the robot's number, or 0 where all attempts failed.
  using Done = std::function<void(uint32_t robot_number)>;

  /// Everything borrowed outlives it.
  Pairing(const App::Config& config, EventQueue& queue, Phone& phone, CloudAccount& cloud,
          const ConsentScreens& screens, UserView& view)
      : config_(config),
        queue_(queue),
        phone_(phone),
        cloud_(cloud),
        screens_(screens),
        view_(view) {}

  /// @pre The policy is accepted, and no pairing is under way.
  void Start(Done done);

 private:
  void Attempt();
  void NoteRobotsThereAre();
  void AskForToken();
  void JoinHotspot(int tries_left);
  void GreetRobot(int tries_left);
  void Provision(int tries_left);
  void GoHome(int tries_left);
  void WaitForRobot(SimTime until, const std::string& why_not);
  bool TakeNewRobot(const nlohmann::json& robots);
  void Fail(const std::string& why);
  void After(SimDuration delay, std::function<void()> action);

  const App::Config& config_;
  EventQueue& queue_;
  Phone& phone_;
  CloudAccount& cloud_;
  const ConsentScreens& screens_;
  UserView& view_;
  Done done_;
  int attempts_left_ = 0;
  std::string pairing_token_;
  std::optional<std::set<uint32_t>> known_robots_;  // Before the first attempt; nothing until that is asked.
  std::unique_ptr<HttpLine> robot_;
};

}  // namespace dustproof
