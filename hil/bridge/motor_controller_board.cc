#include "hil/bridge/motor_controller_board.h"

#include <poll.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "hil/hal/dp_hal.h"
#include "hil/shim/lockstep/virtual_time.h"

namespace dustproof {
namespace {

constexpr int kPollMs = 200;
constexpr double kAnswerSecondsMax = 30;  // Real time, for a turn of it: over a slow line, with words lost.
constexpr int kTurnsAnInstantMax = 10'000;

wire::Result Value(int64_t value) {
  wire::Result result;
  result.set_task(1);
  result.set_value(value);
  return result;
}

bool SameHazard(const wire::HazardSample& a, const wire::HazardSample& b) {
  return a.bumper_left() == b.bumper_left() && a.bumper_right() == b.bumper_right() && a.cliff() == b.cliff() &&
         a.over_current_left() == b.over_current_left() && a.over_current_right() == b.over_current_right();
}

uint64_t IntegerOf(const wire::Call& call, int i) { return i < call.integers_size() ? call.integers(i) : 0; }
double RealOf(const wire::Call& call, int i) { return i < call.reals_size() ? std::clamp(call.reals(i), -1.0, 1.0) : 0; }

}  // namespace

MotorControllerBoard::MotorControllerBoard(const Surroundings& surroundings, std::unique_ptr<BoardLink> link, std::function<bool()> stop_requested)
    : world_(surroundings), link_(std::move(link)), stop_requested_(std::move(stop_requested)) {}

Result<std::unique_ptr<MotorControllerBoard>> MotorControllerBoard::Meet(const FirmwareElsewhere& elsewhere, const Surroundings& surroundings, uint64_t session) {
  Result<std::unique_ptr<BoardLink>> link = OpenBoardLink(elsewhere.endpoint, elsewhere.keys);
  if (!link) return link.error();
  std::unique_ptr<MotorControllerBoard> controller(new MotorControllerBoard(surroundings, std::move(*link), elsewhere.stop_requested));
  elsewhere.tell("waits for the motor controller at " + controller->link_->address() + ": reset it; Ctrl-C ends the run");
  controller->session_ = session;
  if (Result<void> met = controller->MeetAgain(elsewhere.wait); !met) return met.error();
  surroundings.robot->AddListener(controller.get());
  return controller;
}

Result<void> MotorControllerBoard::MeetAgain(std::optional<SimDuration> wait) {
  wire::Message message;
  if (Result<void> heard = Hear(wait, &message); !heard) return heard;
  if (message.hello().hal_version() != DP_HAL_VERSION)
    return Error::BadInput("the motor controller was compiled against version " + std::to_string(message.hello().hal_version()) + " of the HAL; this is " +
                           std::to_string(DP_HAL_VERSION));
  name_ = message.hello().firmware_name();
  link_->Begin(session_++);
  is_met_ = true;
  return {};
}

MotorControllerBoard::~MotorControllerBoard() {
  wire::Message goodbye;
  goodbye.mutable_goodbye();
  link_->End(goodbye, world_.queue->now());
}

void MotorControllerBoard::PowerOff() {
  if (std::exchange(waiting_.has_alarm, false)) world_.queue->Cancel(waiting_.alarm);
  waiting_ = {};
  to_controller_.clear(), to_main_.clear();
  world_.robot->SetWheelPwm(world_.queue->now(), 0, 0);
  if (!std::exchange(is_met_, false)) return;
  wire::Message goodbye;
  goodbye.mutable_goodbye()->set_reason("its power is cut");
  (void)link_->Send(goodbye, world_.queue->now());  // What it does not hear it learns when it is refused.
  link_->ForgetBoard();
}

Result<void> MotorControllerBoard::Hear(std::optional<SimDuration> wait, wire::Message* message) {
  const int64_t begin_ns = RealMonotonicNanoseconds();
  while (true) {
    switch (link_->Receive(*message)) {
      case BoardLink::Heard::kMessage:
        return {};
      case BoardLink::Heard::kHeartbeat:
        continue;
      case BoardLink::Heard::kRefused:
        return link_->refusal().for_gap ? Error::Environment("the motor controller sent " + link_->refusal().why)
                                        : Error::BadInput("the motor controller sent " + link_->refusal().why);
      case BoardLink::Heard::kGone:
        return Error::Environment("the line to the motor controller is gone");
      case BoardLink::Heard::kNothing:
        break;
    }
    pollfd ready{link_->fd(), POLLIN, 0};
    poll(&ready, 1, kPollMs);
    if (stop_requested_ && stop_requested_()) return Error::BadInput("the motor controller did not answer before the run was stopped");
    if (wait && static_cast<double>(RealMonotonicNanoseconds() - begin_ns) * 1e-9 > wait->seconds())
      return Error::Environment("the motor controller at " + link_->address() + " has said nothing for " + ToString(*wait));
  }
}

void MotorControllerBoard::PowerOn() {
  booted_ = world_.queue->now();
  if (!is_met_) {
    if (const Result<void> met = MeetAgain(SimDuration::FromSeconds(kAnswerSecondsMax)); !met) world_.bench(ToString(met.error()));
  }
  wire::Message message;
  wire::Welcome& welcome = *message.mutable_welcome();
  const DriveSpec& drive = world_.robot->config().drive;
  welcome.set_lockstep(true);
  welcome.set_booted_ns(static_cast<uint64_t>(booted_.nanoseconds()));
  welcome.mutable_odometry()->set_ticks_per_m(static_cast<float>(drive.ticks_per_m));
  welcome.mutable_odometry()->set_track_width_m(static_cast<float>(drive.track_width_m));
  welcome.set_velocity_m_s_max(static_cast<float>(drive.velocity_m_s_max));
  if (const Result<void> sent = link_->Send(message, booted_); !sent) world_.bench(ToString(sent.error()));
  GoOn(Value(DP_OK));
}

void MotorControllerBoard::GoOn(wire::Result result) {
  for (int turns = 0; turns < kTurnsAnInstantMax; ++turns) {
    wire::Message message;
    wire::Grant& grant = *message.mutable_grant();
    if (has_odometry_) *grant.mutable_latest()->add_odometry() = odometry_;
    if (has_hazard_) *grant.mutable_latest()->add_hazard() = hazard_;
    *grant.add_results() = std::move(result);
    if (const Result<void> sent = link_->Send(message, world_.queue->now()); !sent) world_.bench(ToString(sent.error()));
    if (const Result<void> heard = Hear(SimDuration::FromSeconds(kAnswerSecondsMax), &message); !heard)
      heard.error().code == ErrorCode::kBadInput ? world_.fail(ToString(heard.error())) : world_.bench(ToString(heard.error()));
    std::optional<wire::Result> answer;
    if (message.turn().calls_size() == 0) world_.fail("the motor controller sent a turn in which it asks for nothing");
    for (const wire::Call& call : message.turn().calls()) {
      if (call.function() == wire::TASK_EXIT) return;
      answer = Answer(call);
    }
    if (!answer) return;  // An event goes on with it.
    result = std::move(*answer);
  }
  world_.fail("the motor controller never waits: an endless loop of calls that are answered at once?");
}

std::optional<wire::Result> MotorControllerBoard::Answer(const wire::Call& call) {
  const SimTime now = world_.queue->now();
  switch (call.function()) {
    case wire::TASK_YIELD:
      return Value(DP_OK);
    case wire::SLEEP_UNTIL: {
      const auto left_us = static_cast<uint64_t>((SimTime::Max() - booted_).microseconds());
      const SimTime until = booted_ + SimDuration::Microseconds(static_cast<int64_t>(std::min(IntegerOf(call, 0), left_us)));
      if (until <= now) return Value(DP_OK);
      waiting_ = {.function = call.function(), .seen = {}};
      WaitUntil(until);
      return std::nullopt;
    }
    case wire::LOG_WRITE:
      world_.log(call.text());
      return Value(DP_OK);
    case wire::DRIVE_SET_PWM:
      world_.robot->SetWheelPwm(now, RealOf(call, 0), RealOf(call, 1));
      return Value(DP_OK);
    case wire::UART_WRITE:
      to_main_ += call.data();
      if (on_ready_) on_ready_();
      return Value(static_cast<int64_t>(call.data().size()));
    case wire::UART_READ:
      return AnswerRead(call);
    case wire::HAZARD_WAIT_CHANGE:
      waiting_ = {.function = call.function(), .seen = {}};
      waiting_.seen.set_bumper_left(IntegerOf(call, 0) != 0);
      waiting_.seen.set_bumper_right(IntegerOf(call, 1) != 0);
      waiting_.seen.set_cliff(static_cast<uint32_t>(IntegerOf(call, 2)));
      waiting_.seen.set_over_current_left(IntegerOf(call, 3) != 0);
      waiting_.seen.set_over_current_right(IntegerOf(call, 4) != 0);
      if (has_hazard_ && !SameHazard(waiting_.seen, hazard_)) return Value(DP_OK);
      if (IntegerOf(call, 5) == 0) return Value(DP_ERR_TIMEOUT);
      if (IntegerOf(call, 5) < 86400'000'000ULL) WaitUntil(now + SimDuration::Microseconds(static_cast<int64_t>(IntegerOf(call, 5))));
      return std::nullopt;
    default:
      return Value(DP_ERR_INVALID);  // A motor controller has no more than that.
  }
}

std::optional<wire::Result> MotorControllerBoard::AnswerRead(const wire::Call& call) {
  const size_t capacity = std::min<uint64_t>(IntegerOf(call, 0), 4096);
  if (!to_controller_.empty()) return Given(capacity);
  const uint64_t timeout_us = IntegerOf(call, 1);
  if (timeout_us == 0) return Value(DP_ERR_TIMEOUT);
  waiting_ = {.function = call.function(), .capacity = capacity, .seen = {}};
  if (timeout_us < 86400'000'000ULL) WaitUntil(world_.queue->now() + SimDuration::Microseconds(static_cast<int64_t>(timeout_us)));
  return std::nullopt;
}

wire::Result MotorControllerBoard::Given(size_t capacity) {
  wire::Result result = Value(static_cast<int64_t>(std::min(capacity, to_controller_.size())));
  result.set_data(to_controller_.substr(0, capacity));
  to_controller_.erase(0, capacity);
  return result;
}

void MotorControllerBoard::WaitUntil(SimTime time) {
  waiting_.has_alarm = true;
  waiting_.alarm = world_.queue->Schedule(time, EventSource::kFirmware, [this] {
    waiting_.has_alarm = false;
    EndWait(Value(waiting_.function == wire::SLEEP_UNTIL ? DP_OK : DP_ERR_TIMEOUT));
  });
}

void MotorControllerBoard::EndWait(wire::Result result) {
  if (std::exchange(waiting_.has_alarm, false)) world_.queue->Cancel(waiting_.alarm);
  waiting_ = {};
  GoOn(std::move(result));
}

// In an event of its own: the main firmware is in the middle of a call.
void MotorControllerBoard::Write(std::span<const std::byte> data) {
  to_controller_.append(reinterpret_cast<const char*>(data.data()), data.size());
  if (waiting_.function != wire::UART_READ) return;
  world_.queue->Schedule(world_.queue->now(), EventSource::kFirmware, [this] {
    if (waiting_.function == wire::UART_READ && !to_controller_.empty()) EndWait(Given(waiting_.capacity));
  });
}

size_t MotorControllerBoard::Read(std::span<std::byte> out) {
  const size_t count = std::min(out.size(), to_main_.size());
  std::memcpy(out.data(), to_main_.data(), count);
  to_main_.erase(0, count);
  return count;
}

void MotorControllerBoard::OnOdometry(const OdometryReading& reading) {
  odometry_.set_time_us(static_cast<uint64_t>((reading.time - booted_).microseconds()));
  odometry_.set_left_ticks(reading.ticks[0]);
  odometry_.set_right_ticks(reading.ticks[1]);
  odometry_.set_wheel_drop_left(reading.wheel_drop[0]);
  odometry_.set_wheel_drop_right(reading.wheel_drop[1]);
  has_odometry_ = true;
}

void MotorControllerBoard::OnHazard(const HazardReading& reading) {
  hazard_.set_time_us(static_cast<uint64_t>((reading.time - booted_).microseconds()));
  hazard_.set_bumper_left(reading.bumper[0]);
  hazard_.set_bumper_right(reading.bumper[1]);
  uint32_t cliff = 0;
  for (size_t i = 0; i < 4; ++i) cliff |= reading.cliff[i] ? 1u << i : 0;
  hazard_.set_cliff(cliff);
  hazard_.set_over_current_left(reading.over_current[0]);
  hazard_.set_over_current_right(reading.over_current[1]);
  has_hazard_ = true;
  if (waiting_.function == wire::HAZARD_WAIT_CHANGE && !SameHazard(waiting_.seen, hazard_)) EndWait(Value(DP_OK));
}

}  // namespace dustproof
