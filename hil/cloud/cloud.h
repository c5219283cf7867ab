#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "hil/capture/capture_sink.h"
#include "hil/protocol/stream_core.h"
#include "sim/core/event_queue.h"
#include "sim/core/hash.h"
#include "sim/core/random.h"
#include "sim/core/time.h"

namespace dustproof {

/// The fake vendor cloud: accounts, robots, an MQTT broker and an HTTPS server, in its queue's time.
///
/// It speaks the `generic` dialect (robots/vacuum/firmware/PROTOCOL.md) with robots and
/// hil/cloud/APP_API.md with the app, and is as strict as a real one: who is unknown, late or
/// forged is refused, and a run event says why. What it stores it takes from whoever may write,
/// wanted or not: whether that was allowed is for the audit to judge, from the wire. Everything
/// secret it hands out comes from named streams of its seed. Used on the simulation thread only.
class Cloud {
 public:
  struct Account {
    std::string id;
    std::string password;
    std::string session_token =
        "";  ///< What the first login gets; "" draws one. Later logins draw theirs.
  };

  /// The cloud itself misbehaves for a while.
  struct Fault {
    enum class Kind { kError, kSlow, kDropConnection };
    Kind kind = Kind::kError;
    SimTime from;
    SimTime until = SimTime::Max();
    std::string path_prefix =
        "/";           ///< Which HTTPS paths; "" none. Dropping takes MQTT along where this is "/".
    int status = 503;  ///< Of kError.
    SimDuration delay = SimDuration::Seconds(5);  ///< Of kSlow.
  };

  struct Config {
    Seed seed{1};
    std::vector<Account> accounts;
    std::string policy_version = "2023-01-30";
    /// The newest firmware for each model: what a robot that asks is told.
    struct Release {
      std::string version, url, sha256;
    };
    std::map<std::string, Release> releases = {
        {"DP-V1",
         {.version = "1.0.0",  // What the reference firmware is: nothing newer. The hash is that of
                               // an empty file.
          .url = "https://cloud.example/firmware/dp-v1-1.0.0.bin",
          .sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}}};
    SimDuration pairing_lifetime = SimDuration::Seconds(600);
    SimDuration command_lifetime =
        SimDuration::Seconds(120);  ///< A command that wasn't acknowledged by then has failed.
    SimDuration farewell_time =
        SimDuration::Seconds(10);  ///< How long a deleted robot's session may last.
    std::vector<Fault> faults;
    // For trying clients; a real cloud grants neither.
    bool mqtt_without_tls = false;
    bool anonymous_mqtt = false;  ///< Lets in whoever is no robot, and to all topics.
  };

  /// What a robot of an account signs in with.
  struct RobotLogin {
    std::string credential;  ///< Bearer of its HTTPS requests.
    std::string client_id, user_name, password;
    std::string publish_prefix, subscribe_prefix;  ///< Of the topics that are its own.
  };

  /// Everything borrowed outlives the cloud; the cloud outlives the connections that it accepted.
  Cloud(const Config& config, EventQueue& queue, CaptureSink& sink);
  ~Cloud();
  Cloud(const Cloud&) = delete;
  Cloud& operator=(const Cloud&) = delete;

  /// Robots' and apps' HTTPS, to be served behind TLS.
  StreamService& api();
  /// Robots' MQTT, to be served behind TLS: clear text is refused, unless the configuration says
  /// otherwise.
  StreamService& mqtt();

  /// A robot that is bound to an account and has its session, as if it had been paired before.
  RobotLogin AddRobot(SimTime now, const std::string& account);

  /// The cloud's operator restores it from a backup: every robot that has confirmed the newest
  /// change of its consents is told the ones before it from now on. A robot that has kept the
  /// newest ones, and their version, must not follow where these are wider. False where there is no
  /// such robot.
  bool RestoreEarlierConsents(SimTime now);

  /// Objects that belong to anybody (maps, logs, identities): what deletion must bring to zero.
  size_t stored_objects() const;

  void AddToHash(Hasher& hasher) const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace dustproof
