#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "hil/app/phone.h"
#include "hil/capture/capture_sink.h"
#include "sim/core/event_queue.h"
#include "sim/core/hash.h"
#include "sim/scenario/consent.h"

namespace dustproof {

/// The fake companion app, and the user's thumbs on it: pairs the robot, sets consents, sends
/// commands, shows state and map.
///
/// It meets robot and cloud on the wire only (hil/cloud/APP_API.md; chapter 1 of
/// robots/vacuum/firmware/PROTOCOL.md). What the user answers becomes a consent change in the
/// recording at that instant; what the user sees becomes a run event. While the policy is declined
/// it uses no network. Used on the simulation thread only; it outlives the queue's last event.
class App {
 public:
  struct Config {
    std::string account, password;
    std::string wifi_ssid,
        wifi_password;  ///< Of the home: handed to the robot, and the phone's own.
    std::string hotspot_ssid = "DustproofVac-Setup";
    std::string hotspot_passphrase;  ///< From the robot's label, by its QR code.
    std::string cloud_host;
    uint16_t api_port = 443, mqtt_port = 8883;
    std::string policy_version = "2023-01-30";  ///< That this build of the app shows.
    std::vector<std::string>
        consents;  ///< In the order of the consent screens; C_POLICY is asked first.
    ConsentConfiguration answers;  ///< What the user answers there, and changes later.
    SimDuration screen_time = SimDuration::Seconds(1);   ///< To read and answer one screen.
    SimDuration state_period = SimDuration::Seconds(5);  ///< Between two looks at the state, and at
    SimDuration map_period = SimDuration::Seconds(15);   ///< the map where its upload is granted.
    SimDuration online_timeout =
        SimDuration::Seconds(90);  ///< How long a robot may take from its hotspot to the cloud.
    int pairing_attempts = 3;
  };

  /// Everything borrowed outlives the app. Later changes of consents are scheduled at once.
  App(const Config& config, EventQueue& queue, Phone& phone, CaptureSink& sink);
  ~App();
  App(const App&) = delete;
  App& operator=(const App&) = delete;

  /// The user does something now: pair, clean, stop, dock, locate, delete_data, delete_account,
  /// factory_reset, open_app. What needs a paired robot waits while pairing is under way. False
  /// where the app can't: nothing is paired nor being paired.
  bool Perform(const std::string& action);

  /// From now on the user answers and changes consents as in `answers`. @pre what was answered and changed until now is
  /// the same in both.
  void SetAnswers(const ConsentConfiguration& answers);

  /// The user makes up their mind now: on the consent screen, where it has not been asked yet, else by the switch in the
  /// settings, as an event of this instant.
  void SetConsent(const std::string& consent, ConsentState state);

  /// The consents as they are now: "C_DEVID=denied,C_POLICY=granted,…", sorted.
  std::string ConsentsNow() const;
  const ConsentLedger& consents() const;

  /// What the user has seen so far: the facts behind "is it useful?".
  struct Seen {
    bool paired = false;
    int commands_sent = 0, commands_acked = 0, commands_failed = 0;
    int maps_shown = 0;
    bool cleaning_finished = false, docked = false;
    std::string state;  ///< The latest one shown.
  };
  const Seen& seen() const;

  void AddToHash(Hasher& hasher) const;

 private:
  class Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace dustproof
