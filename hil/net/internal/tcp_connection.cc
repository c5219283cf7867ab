#include "hil/net/internal/tcp_connection.h"

#include <algorithm>

namespace dustproof::internal {
namespace {

constexpr size_t kSegmentBytesMax = 1460;  // Ethernet's 1500 less the IP and TCP headers.
const SimDuration kSynRetry = SimDuration::Seconds(1);
const SimDuration kRetry = SimDuration::Milliseconds(300);
const SimDuration kRetryMax = SimDuration::Seconds(8);

SimDuration Backoff(SimDuration first, int attempt) {
  return std::min(kRetryMax, first * (int64_t{1} << std::min(attempt, 8)));
}

}  // namespace

TcpConnection::TcpConnection(EventQueue& queue, RandomStream random, Options options)
    : queue_(queue), random_(random), options_(std::move(options)) {}

void TcpConnection::After(SimDuration delay, void (TcpConnection::*then)(Side), Side side) {
  queue_.ScheduleAfter(delay, EventSource::kNetwork,
                       [self = shared_from_this(), then, side] { ((*self).*then)(side); });
}

void TcpConnection::Notify(Side side) {
  // A copy: the handler may put another one in its place.
  const std::function<void()> on_event = end(side).on_event;
  if (on_event) on_event();
}

void TcpConnection::Break(Side side, NetStatus status) {
  End& broken = end(side);
  if (broken.status != NetStatus::kOk && broken.status != NetStatus::kNotYet) return;
  broken.status = status;
  broken.gone = true;
  flow_from(side).unsent.clear();
  Notify(side);
}

// --- opening
// -----------------------------------------------------------------------------------------------------

void TcpConnection::Connect(std::function<bool()> accept) {
  accept_ = std::move(accept);
  SendSyn(0, queue_.now());
}

void TcpConnection::SendSyn(int attempt, SimTime first_attempt) {
  if (status(Side::kClient) != NetStatus::kNotYet) return;
  if (queue_.now() - first_attempt > options_.give_up)
    return Break(Side::kClient, NetStatus::kUnreachable);
  if (RadioUp() && PathUp() && !random_.Chance(options_.link.loss)) {
    const SimDuration delay = options_.link.DrawDelay(random_);
    queue_.ScheduleAfter(delay, EventSource::kNetwork,
                         [self = shared_from_this()] { self->OnSynArrived(); });
    return;
  }
  queue_.ScheduleAfter(Backoff(kSynRetry, attempt), EventSource::kNetwork,
                       [self = shared_from_this(), attempt, first_attempt] {
                         self->SendSyn(attempt + 1, first_attempt);
                       });
}

void TcpConnection::OnSynArrived() {
  if (status(Side::kClient) != NetStatus::kNotYet) return;
  const SimDuration back = options_.link.DrawDelay(random_);
  if (!accept_ || !accept_()) return After(back, &TcpConnection::RefuseClient, Side::kClient);
  const SimDuration forth = options_.link.DrawDelay(random_);
  // The client's first data follows the ACK that opens the server's end.
  flow_from(Side::kClient).last_arrival = queue_.now() + back + forth;
  After(back, &TcpConnection::OpenClient, Side::kClient);
  After(back + forth, &TcpConnection::OpenServer, Side::kServer);
}

void TcpConnection::OpenClient(Side) {
  if (status(Side::kClient) != NetStatus::kNotYet) return;
  end(Side::kClient).status = NetStatus::kOk;
  Notify(Side::kClient);
}

void TcpConnection::OpenServer(Side) {
  if (status(Side::kServer) != NetStatus::kNotYet) return;
  end(Side::kServer).status = NetStatus::kOk;
  Notify(Side::kServer);
}

void TcpConnection::RefuseClient(Side) { Break(Side::kClient, NetStatus::kRefused); }

// --- what an end does
// --------------------------------------------------------------------------------------------

size_t TcpConnection::readable_bytes(Side side) const {
  const End& reader = ends_[Index(side)];
  return reader.received.size() - reader.read_position;
}

std::span<const std::byte> TcpConnection::Peek(Side side) const {
  const End& reader = ends_[Index(side)];
  return std::span(reader.received).subspan(reader.read_position);
}

size_t TcpConnection::Read(Side side, std::span<std::byte> out) {
  End& reader = end(side);
  const size_t count = std::min(out.size(), readable_bytes(side));
  if (count == 0) return 0;
  std::copy_n(reader.received.begin() + static_cast<ptrdiff_t>(reader.read_position), count,
              out.begin());
  reader.read_position += count;
  if (reader.read_position == reader.received.size()) {
    reader.received.clear();
    reader.read_position = 0;
  }
  Flow& flow = flow_from(Other(side));
  flow.unread_bytes -= count;
  if (!flow.unsent.empty() && !flow.departure_scheduled)
    After(options_.link.latency, &TcpConnection::Pump, Other(side));
  return count;
}

bool TcpConnection::at_end(Side side) const {
  return ends_[Index(side)].peer_finished && readable_bytes(side) == 0;
}

size_t TcpConnection::writable_bytes(Side side) const {
  const Flow& flow = flows_[Index(side)];
  if (status(side) != NetStatus::kOk || flow.finish_wanted) return 0;
  const size_t used =
      flow.unsent.size() + flow.in_flight_bytes + (flow.segment_on_air ? 0 : flow.segment.size());
  const size_t room = options_.send_buffer_bytes[Index(side)];
  return used >= room ? 0 : room - used;
}

size_t TcpConnection::Write(Side side, std::span<const std::byte> bytes) {
  const size_t count = std::min(bytes.size(), writable_bytes(side));
  if (count == 0) return 0;
  Flow& flow = flow_from(side);
  flow.unsent.insert(flow.unsent.end(), bytes.begin(),
                     bytes.begin() + static_cast<ptrdiff_t>(count));
  Pump(side);
  return count;
}

void TcpConnection::Finish(Side side) {
  Flow& flow = flow_from(side);
  if (flow.finish_wanted || end(side).gone) return;
  flow.finish_wanted = true;
  Pump(side);
}

void TcpConnection::Close(Side side) {
  if (status(side) == NetStatus::kNotYet) return Vanish(side);
  end(side).discards = true;
  flow_from(Other(side)).unread_bytes -= readable_bytes(side);
  end(side).received.clear();
  end(side).read_position = 0;
  Finish(side);
  Pump(Other(side));
}

void TcpConnection::Abort(Side side) {
  if (end(side).gone) return;
  if (RadioUp() && PathUp())
    After(options_.link.DrawDelay(random_), &TcpConnection::OnReset, Other(side));
  Vanish(side);
}

void TcpConnection::Vanish(Side side) {
  end(side).on_event = nullptr;
  Break(side, NetStatus::kClosed);
  end(side).gone = true;
}

// --- what the link does
// ------------------------------------------------------------------------------------------

void TcpConnection::Pump(Side from) {
  Flow& flow = flow_from(from);
  if (flow.departure_scheduled || end(from).gone || status(from) != NetStatus::kOk) return;
  const size_t window = options_.receive_window_bytes[Index(Other(from))];
  const size_t worthwhile = std::min(flow.unsent.size(), kSegmentBytesMax);  // No silly windows.
  const bool may_send_data = worthwhile > 0 && flow.unread_bytes + worthwhile <= window;
  const bool may_finish = flow.unsent.empty() && flow.finish_wanted && !flow.finish_sent;
  if (!flow.has_segment && !may_send_data && !may_finish) return;
  flow.departure_scheduled = true;
  // Even when the wire is free, in an event of its own: small writes at one instant leave as one
  // segment.
  After(std::max(SimDuration(), flow.wire_free_at - queue_.now()), &TcpConnection::Depart, from);
}

void TcpConnection::Depart(Side from) {
  Flow& flow = flow_from(from);
  flow.departure_scheduled = false;
  if (end(from).gone) return;
  if (flow.attempt == 0) flow.first_attempt = queue_.now();
  if (!RadioUp()) return Retry(from, flow);
  if (!flow.has_segment) {
    const size_t window = options_.receive_window_bytes[Index(Other(from))];
    CutSegment(flow, window - std::min(window, flow.unread_bytes));
    if (!flow.has_segment) return;
  }
  if (!flow.segment_on_air) PutOnAir(from, flow);
  if (!PathUp() || random_.Chance(options_.link.loss)) return Retry(from, flow);
  Deliver(from, flow);
}

void TcpConnection::CutSegment(Flow& flow, size_t window_left) {
  const size_t count = std::min({flow.unsent.size(), window_left, kSegmentBytesMax});
  flow.segment.assign(flow.unsent.begin(), flow.unsent.begin() + static_cast<ptrdiff_t>(count));
  flow.unsent.erase(flow.unsent.begin(), flow.unsent.begin() + static_cast<ptrdiff_t>(count));
  flow.segment_is_last = flow.unsent.empty() && flow.finish_wanted && !flow.finish_sent;
  flow.segment_on_air = false;
  flow.has_segment = count > 0 || flow.segment_is_last;
}

void TcpConnection::PutOnAir(Side from, Flow& flow) {
  flow.segment_on_air = true;
  flow.in_flight_bytes += flow.segment.size();
  flow.unread_bytes += flow.segment.size();
  flow.sent_bytes += flow.segment.size();
  if (flow.segment.empty()) return;
  Hasher hasher;
  hasher.Add(flow.content_hash);
  hasher.AddBytes(flow.segment);
  flow.content_hash = hasher.Digest();
  if (tap_) tap_(from, flow.segment);
}

void TcpConnection::Retry(Side from, Flow& flow) {
  if (queue_.now() - flow.first_attempt > options_.give_up) return Break(from, NetStatus::kClosed);
  flow.departure_scheduled = true;
  After(Backoff(kRetry, flow.attempt++), &TcpConnection::Depart, from);
}

void TcpConnection::Deliver(Side from, Flow& flow) {
  const SimDuration on_wire = options_.link.TransmissionTime(flow.segment.size() + 40);
  flow.wire_free_at = queue_.now() + on_wire;
  const SimTime arrival =
      std::max(flow.last_arrival, flow.wire_free_at + options_.link.DrawDelay(random_));
  flow.last_arrival = arrival;
  if (flow.segment_is_last) flow.finish_sent = true;
  queue_.Schedule(arrival, EventSource::kNetwork,
                  [self = shared_from_this(), from, segment = std::move(flow.segment),
                   last = flow.segment_is_last] { self->OnArrival(from, segment, last); });
  flow.segment.clear();
  flow.has_segment = false;
  flow.segment_on_air = false;
  flow.attempt = 0;
  Pump(from);
}

void TcpConnection::OnArrival(Side from, const std::vector<std::byte>& segment, bool last) {
  const Side to = Other(from);
  End& receiver = end(to);
  if (receiver.gone) {
    // Nobody there knows this connection any more: the host answers with a reset, if it can be
    // heard.
    if (RadioUp() && PathUp()) After(options_.link.latency, &TcpConnection::OnReset, from);
    return;
  }
  if (receiver.discards) {
    flow_from(from).unread_bytes -= segment.size();
  } else {
    receiver.received.insert(receiver.received.end(), segment.begin(), segment.end());
  }
  if (last) receiver.peer_finished = true;
  const size_t count = segment.size();
  queue_.ScheduleAfter(
      options_.link.latency, EventSource::kNetwork,
      [self = shared_from_this(), from, count] { self->OnAcknowledged(from, count); });
  Notify(to);
}

void TcpConnection::OnAcknowledged(Side from, size_t bytes) {
  flow_from(from).in_flight_bytes -= bytes;
  Pump(from);
  if (!end(from).gone) Notify(from);
}

void TcpConnection::OnReset(Side side) { Break(side, NetStatus::kClosed); }

void TcpConnection::AddToHash(Hasher& hasher) const {
  for (size_t i = 0; i < 2; ++i) {
    hasher.Add(ends_[i].status);
    hasher.Add(ends_[i].peer_finished);
    hasher.Add(static_cast<uint64_t>(ends_[i].received.size() - ends_[i].read_position));
    hasher.Add(flows_[i].sent_bytes);
    hasher.Add(flows_[i].content_hash);
  }
  for (const uint64_t word : random_.state()) hasher.Add(word);
}

}  // namespace dustproof::internal
