#include "hil/bridge/real_time_firmware.h"

#include <poll.h>
#include <time.h>

#include <algorithm>
#include <utility>

#include "hil/bridge/internal/remote_firmware.h"
#include "hil/shim/lockstep/virtual_time.h"

namespace dustproof {
namespace {

constexpr double kDriftSecondsMin = 60;
constexpr int64_t kMs = 1'000'000;
constexpr int64_t kHeartbeatNs = 100 * kMs;
constexpr int64_t kSilenceNsMax = 5000 * kMs;

float MillisecondsSince(int64_t begin_ns) {
  return static_cast<float>(RealMonotonicNanoseconds() - begin_ns) * 1e-6f;
}

// The slope of the board's clock over ours, by least squares. Differences first: nanoseconds since
// boot have more digits than a double.
class ClockDrift {
 public:
  void Add(int64_t host_ns, int64_t board_ns) {
    if (count_ == 0) host_begin_ns_ = host_ns, ahead_begin_ns_ = board_ns - host_ns;
    const double x = static_cast<double>(host_ns - host_begin_ns_) * 1e-9;
    const double y = static_cast<double>(board_ns - host_ns - ahead_begin_ns_) * 1e-9;
    last_s_ = x;
    count_ += 1, x_ += x, y_ += y, xx_ += x * x, xy_ += x * y;
  }
  /// Nothing before a minute: what a heartbeat's way differs by would be more than any crystal does.
  std::optional<double> ppm() const {
    const double spread = count_ * xx_ - x_ * x_;
    if (last_s_ < kDriftSecondsMin) return std::nullopt;
    return (count_ * xy_ - x_ * y_) / spread * 1e6;
  }

 private:
  int64_t host_begin_ns_ = 0, ahead_begin_ns_ = 0;
  double last_s_ = 0;
  double count_ = 0, x_ = 0, y_ = 0, xx_ = 0, xy_ = 0;
};

class RealTimeFirmware final : public internal::RemoteFirmware, public RealTimeBoard {
 public:
  using RemoteFirmware::RemoteFirmware;

  void Wait(SimDuration wait) override;
  void Pump() override;
  void PushSamples() override;
  BoardTiming timing() const override;
  void Restore() override;
  int64_t paused_ns() const override { return paused_ns_; }

 private:
  wire::Turn Exchange(Task& task, wire::Result result, bool awaited) override;
  wire::Welcome Welcome() const override;
  void Take(wire::Message& message);
  void TakeTurn(wire::Turn& turn);
  void Beat();
  [[noreturn]] void EndSilence();

  bool begun_ = false;  // There is a session: before it nothing is pushed.
  int64_t heard_ns_ = 0, beat_ns_ = 0, paused_ns_ = 0;
  bool beat_unanswered_ = false;
  BoardTiming timing_;
  ClockDrift drift_;
};

wire::Welcome RealTimeFirmware::Welcome() const {
  wire::Welcome welcome = calls_.Welcome();
  welcome.set_lockstep(false);
  welcome.set_own_network(config_.elsewhere && config_.elsewhere->own_network != OwnNetwork::kNone);
  return welcome;
}

void RealTimeFirmware::Restore() {
  begun_ = false;
  const int64_t begin_ns = RealMonotonicNanoseconds();
  RemoteFirmware::Restore();
  paused_ns_ += RealMonotonicNanoseconds() - begin_ns;
}

wire::Turn RealTimeFirmware::Exchange(Task& task, wire::Result result, bool awaited) {
  if (awaited) {
    host_.scheduler().OnHostStack([&] {
      if (!std::exchange(begun_, true)) heard_ns_ = RealMonotonicNanoseconds(), beat_unanswered_ = false;
      wire::Message message;
      calls_.AddLatest(*message.mutable_grant()->mutable_latest());
      calls_.MoveUnread(*message.mutable_grant()->mutable_unread());
      *message.mutable_grant()->add_results() = std::move(result);
      task.answered_ns = RealMonotonicNanoseconds();
      Send(message);
    });
  }
  while (task.turns.empty()) host_.scheduler().Wait(task.asked, SimTime::Max());
  wire::Turn turn = std::move(task.turns.front());
  task.turns.erase(task.turns.begin());
  return turn;
}

void RealTimeFirmware::Wait(SimDuration wait) {
  if (link_->has_message()) return;
  pollfd waits[] = {{link_->fd(), POLLIN, 0}, {process_->end_fd(), POLLIN, 0}};
  const int64_t ns = std::clamp<int64_t>(wait.nanoseconds(), 0, kHeartbeatNs);
  const timespec time{.tv_sec = 0, .tv_nsec = ns};
  ppoll(waits, 2, &time, nullptr);
}

void RealTimeFirmware::Pump() {
  wire::Message message;
  while (Hear(message)) Take(message);
  LogOutput();
  pollfd end{process_->end_fd(), POLLIN, 0};
  if (poll(&end, 1, 0) > 0) FailAsItSays("its process " + process_->WaitForEnd());
  if (begun_) Beat();
}

void RealTimeFirmware::Take(wire::Message& message) {
  if (!refusal_.empty()) Fail(refusal_kind_, "the board sent " + refusal_);
  heard_ns_ = RealMonotonicNanoseconds();
  if (message.has_heartbeat() && std::exchange(beat_unanswered_, false)) {
    timing_.round_trip_ms.push_back(MillisecondsSince(beat_ns_));
    drift_.Add(beat_ns_ + (heard_ns_ - beat_ns_) / 2, static_cast<int64_t>(message.time_ns()));
  } else if (message.has_turn() && message.turn().calls_size() > 0) {
    TakeTurn(*message.mutable_turn());
  } else if (!message.has_heartbeat()) {
    Fail("protocol", "the board sent a message that says nothing");
  }
}

void RealTimeFirmware::TakeTurn(wire::Turn& turn) {
  const uint32_t number = turn.calls(0).task();
  if (turn.calls(0).function() == wire::THREAD_START) return SpawnThread(number);
  const auto found = tasks_.find(number);
  if (found == tasks_.end()) Fail("protocol", "a task of the board spoke that had not begun");
  Task& task = *found->second;
  const bool rests = turn.calls(turn.calls_size() - 1).function() == wire::TASK_WAITS;
  if ((turn.waits() || rests) && task.answered_ns != 0)
    timing_.turnaround_ms[task.name].push_back(MillisecondsSince(std::exchange(task.answered_ns, 0)));
  if (rests) return;
  task.turns.push_back(std::move(turn));
  host_.scheduler().NotifyOne(task.asked);
}

void RealTimeFirmware::PushSamples() {
  if (!begun_) return;
  wire::Message message;
  wire::Grant& grant = *message.mutable_grant();
  calls_.AddLatest(*grant.mutable_latest());
  calls_.MoveUnread(*grant.mutable_unread());
  if (grant.latest().ByteSizeLong() + grant.unread().ByteSizeLong() > 0) Send(message);
}

void RealTimeFirmware::Beat() {
  const int64_t now_ns = RealMonotonicNanoseconds();
  if (now_ns - heard_ns_ > kSilenceNsMax) EndSilence();
  if (now_ns - beat_ns_ < kHeartbeatNs || beat_unanswered_) return;
  wire::Message message;
  message.mutable_heartbeat();
  beat_ns_ = now_ns;
  beat_unanswered_ = true;
  Send(message);
}

void RealTimeFirmware::EndSilence() {
  if (began_anew_) Fail("crash", "the board began anew in the middle of the run: it has rebooted by itself");
  Fail("bench", "the board has said nothing for five seconds, not even to a heartbeat: is it frozen, without power, or is the link cut?");
}

BoardTiming RealTimeFirmware::timing() const {
  BoardTiming timing = timing_;
  timing.drift_ppm = drift_.ppm();
  return timing;
}

}  // namespace

Result<std::unique_ptr<FirmwareProgram>> StartRealTimeFirmware(const ProcessFirmwareConfig& config,
                                                               Lockstep& host, RealTimeBoard** board) {
  auto firmware = std::make_unique<RealTimeFirmware>(config, host);
  if (const Result<void> started = firmware->Start(); !started) return started.error();
  *board = firmware.get();
  return std::unique_ptr<FirmwareProgram>(std::move(firmware));
}

}  // namespace dustproof
