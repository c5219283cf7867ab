#pragma once

#include <optional>
#include <string>

#include "hil/protocol/mqtt_broker.h"
#include "hil/protocol/mqtt_packet.h"
#include "hil/protocol/stream_core.h"

namespace dustproof::mqtt {

/// The broker's end of one connection: from CONNECT to whatever ends it.
class Connection final : public StreamCore {
 public:
  Connection(SimTime now, Broker& broker, StreamPeer peer);
  ~Connection() override;

  void OnBytes(SimTime now, std::span<const std::byte> bytes) override;
  void OnClose(SimTime now) override { End(now, "the connection was lost", WillFate::kSent); }
  void OnTimer(SimTime now) override;
  std::optional<SimTime> next_timer() const override;

  enum class WillFate { kSent, kDiscarded };
  /// Ends the session's use of this connection and closes it. Does nothing a second time.
  void End(SimTime now, const std::string& reason, WillFate fate);
  /// The broker is going away.
  void Orphan() { broker_ = nullptr; }

  const std::string& client_id() const { return client_id_; }

 private:
  void Handle(SimTime now, Packet& packet);
  void Handle(SimTime now, Connect& connect);
  void Handle(SimTime now, Publish& publish);
  void Handle(SimTime now, const Ack& ack);
  void Handle(SimTime now, const Subscribe& subscribe);
  void Handle(SimTime now, const Unsubscribe& unsubscribe);
  void Handle(SimTime now, const Bare& bare);
  void Handle(SimTime now, const Connack&) { End(now, "CONNACK from a client", WillFate::kSent); }
  void Handle(SimTime now, const Suback&) { End(now, "SUBACK from a client", WillFate::kSent); }

  void Refuse(SimTime now, ConnectCode code, const std::string& reason);
  void SendPacket(const Packet& packet);

  Broker* broker_;
  const StreamPeer peer_;
  PacketReader reader_;
  std::string client_id_;
  std::optional<Will> will_;
  Session* session_ = nullptr;  // Set from CONNECT to End; owned by the broker.
  bool ended_ = false;
  SimDuration silence_max_;  // 0: the client need never speak.
  SimTime deadline_;
};

}  // namespace dustproof::mqtt
