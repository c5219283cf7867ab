#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "hil/net/internal/recorder.h"
#include "hil/net/internal/servers.h"
#include "hil/net/internal/station.h"
#include "hil/net/internal/tcp_connection.h"
#include "hil/net/network.h"

namespace dustproof::internal {

/// A UDP datagram on its way.
struct Datagram {
  NetEndpoint from, to;
  Bytes payload;
};

/// What an attached device (robot or phone) takes from the network.
struct Attachee {
  /// A connection asks for `port`: true when somebody listens; the device then keeps the
  /// connection.
  std::function<bool(uint16_t port, std::shared_ptr<TcpConnection> connection, NetEndpoint peer)>
      offer;
  std::function<void(const Datagram&)> deliver;
};

/// The ground that everything of `Network` stands on: who reaches whom, which party that is, our
/// ends of the streams.
class Fabric {
 public:
  Fabric(EventQueue& queue, Seed seed, NetworkConfig config, CertificateAuthority authority,
         CaptureSink& sink);

  struct Dialled {
    NetStatus status = NetStatus::kOk;  ///< kOk, or why there is no connection.
    std::shared_ptr<TcpConnection> connection;
    std::shared_ptr<ConversationTap> tap;
  };
  /// Begins a connection from a station.
  Dialled Dial(Station& from, uint16_t source_port, NetEndpoint to);

  /// Sends, records and routes a datagram; answers come back through `deliver`.
  void SendDatagram(Station& from, Datagram datagram);
  /// Looks a name up with real DNS messages. `done` hears the addresses, once; none when nobody
  /// answers.
  void Lookup(Station& from, const std::string& host,
              std::function<void(std::vector<uint32_t>)> done);

  void OpenHotspot(std::string ssid, std::string passphrase);
  void CloseHotspot();
  void ScheduleOutage(OutageKind kind, SimTime from, SimDuration duration);

  /// The robot's address on the network that it shares with the phone, or 0.
  uint32_t RobotAddressForPhone() const;
  /// The station's address now, on mobile data too; 0 where it has none.
  uint32_t AddressOf(const Station& station) const;
  uint16_t NextPort(const Station& station);
  uint32_t NextConnection() { return next_connection_++; }
  WallTime wall_now() const { return servers.wall_now(); }
  void AddToHash(Hasher& hasher) const;

  EventQueue& queue;
  const Seed seed;
  const NetworkConfig config;
  Recorder recorder;
  Servers servers;
  Air air;
  Station robot_station, phone_station;
  Attachee robot_device, phone_device;

 private:
  /// The way from a station to an address, if there is one now.
  struct Route {
    LinkProfile link;
    std::function<bool()> radio_up, path_up;
    Attachee* peer = nullptr;  ///< The device at the other end,
    Host* host = nullptr;      ///< or the host of the internet; neither: the home's router.
  };
  std::optional<Route> RouteTo(Station& from, uint32_t address);
  Route InternetRoute(Station& from, uint32_t address, const LinkProfile& link,
                      std::function<bool()> radio_up);
  Party PartyOf(const Route& route) const;
  ConversationInfo DescribeConversation(const Station& from, NetEndpoint source, NetEndpoint to,
                                        const Route& route);

  struct PendingLookup;
  void SendLookup(const std::shared_ptr<PendingLookup>& lookup);
  void SendLocally(Station& from, const Datagram& datagram);
  void EmitDatagram(const Station& station, const Datagram& datagram, bool from_station,
                    EmissionKind kind, const Party& party);
  void Answer(Station& to, const Datagram& request, Bytes payload, SimDuration delay,
              EmissionKind kind, const Party& party);
  void Deliver(Station& to, const Datagram& datagram);
  std::optional<Bytes> AnswerDns(const Station& from, std::span<const std::byte> bytes);
  void SetOutage(OutageKind kind, int change);

  std::map<std::string, std::string> resolved_;  // By station and address: the name asked for last.
  std::map<std::string, uint64_t> conversation_counts_;  // By emitter, host and port.
  std::map<uint32_t, std::weak_ptr<TcpConnection>> connections_;
  std::map<const Station*, uint16_t> next_port_;
  std::map<std::pair<const Station*, uint16_t>, std::shared_ptr<PendingLookup>>
      lookups_;  // By the port that waits.
  std::map<const Station*, RandomStream> datagram_random_;
  std::map<const Station*, RandomStream> lookup_random_;
  uint32_t next_connection_ = 1;
};

}  // namespace dustproof::internal
