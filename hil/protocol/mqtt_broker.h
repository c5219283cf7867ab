#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "hil/protocol/mqtt_packet.h"
#include "hil/protocol/mqtt_session.h"
#include "hil/protocol/stream_core.h"
#include "sim/core/hash.h"
#include "sim/core/time.h"

namespace dustproof::mqtt {

class Connection;

/// Whom a broker asks, and whom it tells. Called on the simulation thread, from within the broker.
class Authority {
 public:
  virtual ~Authority() = default;

  struct Verdict {
    ConnectCode code = ConnectCode::kAccepted;
    std::string reason;  ///< Of a refusal, for people; it never goes over the wire.
  };
  virtual Verdict Authenticate(SimTime now, const StreamPeer& peer, const Connect& connect) = 0;
  /// A client that may not publish is disconnected: MQTT 3.1.1 knows no refusal of a message
  /// [MQTT-3.3.5-2].
  virtual bool MayPublish(SimTime now, const std::string& client_id, std::string_view topic) = 0;
  virtual bool MaySubscribe(SimTime now, const std::string& client_id, std::string_view filter) = 0;

  virtual void OnConnected(SimTime, const std::string& /*client_id*/) {}
  virtual void OnDisconnected(SimTime, const std::string& /*client_id*/,
                              const std::string& /*reason*/) {}
  /// After the SUBACK; filters that were refused are in `subscribe` too.
  virtual void OnSubscribed(SimTime, const std::string& /*client_id*/, const Subscribe&) {}
  /// A client's message, before it goes to the subscribers.
  virtual void OnPublished(SimTime, const std::string& /*client_id*/, const Publish&) {}
  /// A connection that ended before it had a session. `client_id` is empty where no CONNECT could
  /// be read.
  virtual void OnRefused(SimTime, const StreamPeer&, const std::string& /*client_id*/,
                         const std::string& /*reason*/) {}
};

/// An MQTT 3.1.1 broker without I/O or clock: QoS 0 to 2, retained messages, wills, wildcards,
/// sessions, keep-alive.
///
/// It gives messages to sessions in the order of their client ids, so that equal input gives equal
/// output. Clients of other protocol levels get CONNACK 1 (in MQTT 5's form, 0x84, where they ask
/// for level 5). Connections may outlive it; they are then dead.
class Broker final : public StreamService {
 public:
  struct Config {
    size_t packet_bytes_max = 256 * 1024;  ///< Of the remaining length.
    SimDuration connect_timeout =
        SimDuration::Seconds(10);  ///< From the connection to a complete CONNECT.
    Session::Limits session;
  };

  /// `authority` outlives the broker.
  Broker(const Config& config, Authority& authority) : config_(config), authority_(authority) {}
  ~Broker() override;
  Broker(const Broker&) = delete;
  Broker& operator=(const Broker&) = delete;

  std::unique_ptr<StreamCore> Accept(SimTime now, const StreamPeer& peer) override;

  /// The server's own message to whoever subscribes to its topic.
  void Publish(const mqtt::Publish& message);

  bool IsConnected(const std::string& client_id) const;
  /// Closes a client's connection and forgets its session. No will is sent: the server's side ended
  /// it.
  void Evict(SimTime now, const std::string& client_id, const std::string& reason);

  /// Closes every connection, as a server does that fails. Lasting sessions stay.
  void DropConnections(SimTime now, const std::string& reason);

  void AddToHash(Hasher& hasher) const;

 private:
  friend class Connection;
  struct Client {
    Session session;
    bool clean = true;
    Connection* connection = nullptr;
  };

  /// Makes `connection` the one of its client; whether an earlier session goes on.
  bool Attach(SimTime now, Connection& connection, bool clean);
  void Detach(Connection& connection);
  void Route(const mqtt::Publish& message);
  void SendRetained(Session& session, const Subscription& subscription) const;

  const Config config_;
  Authority& authority_;
  std::map<std::string, Client> clients_;
  std::map<std::string, mqtt::Publish> retained_;
  std::vector<Connection*> connections_;
  uint64_t assigned_ids_ = 0;
};

}  // namespace dustproof::mqtt
