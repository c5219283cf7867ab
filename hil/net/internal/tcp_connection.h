#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "hil/net/byte_stream.h"
#include "hil/net/link_profile.h"
#include "hil/net/net_types.h"
#include "sim/core/event_queue.h"
#include "sim/core/hash.h"
#include "sim/core/random.h"

namespace dustproof::internal {

/// A reliable byte stream between two hosts in virtual time: TCP as its users see it. Segments are
/// serialised, delayed, lost and sent again with growing pauses; nothing arrives twice or out of
/// order; buffers and windows are finite.
///
/// A lost segment holds up those behind it until it got through, and there is no congestion window:
/// simpler than TCP, and no faster. Shared by its two ends and by the events that are under way,
/// hence the shared_ptr.
class TcpConnection final : public ByteStream, public std::enable_shared_from_this<TcpConnection> {
 public:
  struct Options {
    LinkProfile link;
    std::array<size_t, 2> send_buffer_bytes = {
        16384, 65536};  ///< By side: unsent and not yet acknowledged.
    std::array<size_t, 2> receive_window_bytes = {16384,
                                                  65536};  ///< By side: arrived and not yet read.
    SimDuration give_up = SimDuration::Seconds(60);  ///< After so long without getting through.
    std::function<bool()>
        radio_up;  ///< Whether the client can put anything on the air. May be empty: always.
    std::function<bool()>
        path_up;  ///< Whether what is on the air reaches the other end. May be empty: always.
  };
  TcpConnection(EventQueue& queue, RandomStream random, Options options);

  /// Begins the handshake. `accept` is asked when the client's SYN arrives: whether somebody
  /// listens.
  void Connect(std::function<bool()> accept);
  /// The tap hears every segment when it is first put on the air.
  void set_tap(Tap tap) override { tap_ = std::move(tap); }
  /// `on_event` is called from queue events.
  void set_on_event(Side side, std::function<void()> on_event) override {
    end(side).on_event = std::move(on_event);
  }

  NetStatus status(Side side) const override { return ends_[Index(side)].status; }
  size_t readable_bytes(Side side) const;
  std::span<const std::byte> Peek(Side side) const override;
  size_t Read(Side side, std::span<std::byte> out) override;
  bool at_end(Side side) const override;
  size_t writable_bytes(Side side) const;
  size_t Write(Side side, std::span<const std::byte> bytes) override;
  /// Sends what is buffered, then says that no more comes.
  void Finish(Side side);
  void Close(Side side) override;
  void Abort(Side side) override;
  void Vanish(Side side) override;
  bool gone(Side side) const { return ends_[Index(side)].gone; }

  uint64_t bytes_sent(Side side) const { return flows_[Index(side)].sent_bytes; }
  void AddToHash(Hasher& hasher) const;

 private:
  /// What one host holds of the connection.
  struct End {
    NetStatus status = NetStatus::kNotYet;
    bool gone = false;
    bool discards = false;  // Closed: nobody reads.
    bool peer_finished = false;
    std::vector<std::byte> received;
    size_t read_position = 0;
    std::function<void()> on_event;
  };
  /// Bytes on their way from one end to the other.
  struct Flow {
    std::vector<std::byte> unsent;
    size_t in_flight_bytes = 0;      // Put on the air and not acknowledged.
    size_t unread_bytes = 0;         // Put on the air and not read at the other end.
    std::vector<std::byte> segment;  // The one being sent.
    bool has_segment = false;
    bool segment_is_last = false;
    bool segment_on_air = false;
    bool finish_wanted = false;
    bool finish_sent = false;
    bool departure_scheduled = false;
    int attempt = 0;
    SimTime first_attempt;
    SimTime wire_free_at;
    SimTime last_arrival;
    uint64_t sent_bytes = 0;
    uint64_t content_hash = 0;
  };

  static size_t Index(Side side) { return static_cast<size_t>(side); }
  End& end(Side side) { return ends_[Index(side)]; }
  Flow& flow_from(Side side) { return flows_[Index(side)]; }
  bool RadioUp() const { return !options_.radio_up || options_.radio_up(); }
  bool PathUp() const { return !options_.path_up || options_.path_up(); }
  void After(SimDuration delay, void (TcpConnection::*then)(Side), Side side);
  void Notify(Side side);
  void Break(Side side, NetStatus status);

  void SendSyn(int attempt, SimTime first_attempt);
  void OnSynArrived();
  void OpenClient(Side);
  void OpenServer(Side);
  void RefuseClient(Side);

  void Pump(Side from);
  void Depart(Side from);
  void CutSegment(Flow& flow, size_t window_left);
  void PutOnAir(Side from, Flow& flow);
  void Retry(Side from, Flow& flow);
  void Deliver(Side from, Flow& flow);
  void OnArrival(Side from, const std::vector<std::byte>& segment, bool last);
  void OnAcknowledged(Side from, size_t bytes);
  void OnReset(Side side);

  EventQueue& queue_;
  RandomStream random_;
  const Options options_;
  std::function<bool()> accept_;
  Tap tap_;
  std::array<End, 2> ends_;
  std::array<Flow, 2> flows_;
};

}  // namespace dustproof::internal
