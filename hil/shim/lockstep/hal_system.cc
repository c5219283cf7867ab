// Clock, tasks, mailboxes, log, randomness, identity, reboot and the debug port:
// hil/hal/dp_system.h.

#include <cmath>
#include <string_view>

#include "hil/shim/lockstep/crash_reporter.h"
#include "hil/shim/lockstep/internal/hal_state.h"

namespace dustproof::internal {
namespace {

constexpr size_t kMailboxesMax = 256;
constexpr size_t kMailboxBytesMax = 64u << 20;  // Of all mailboxes together.
constexpr dp_handle kFirstMailbox =
    0x10000;  // Apart from task handles, so that neither passes for the other.
constexpr size_t kLogLineBytesMax = 1023;
constexpr size_t kRandomBytesMax = 64u << 20;  // A length beyond it is taken for a wild one.
constexpr int32_t kMapCellsMax = 16 << 20;

// Clock.

uint64_t ClockNow() {
  const HalCall call("clock.now_us");
  return call ? call->NowUs() : 0;
}

void ClockSleepUntil(uint64_t until_us) {
  const HalCall call("clock.sleep_until_us", until_us);
  if (!call) return;
  const uint64_t now_us = call->NowUs();
  if (until_us > now_us) call->scheduler.SleepUntil(call->Deadline(until_us - now_us));
}

void ClockSleep(uint64_t duration_us) {
  const HalCall call("clock.sleep_us", duration_us);
  if (call) call->scheduler.SleepUntil(call->Deadline(duration_us));
}

constexpr dp_clock_v1 kClock = {ClockNow, ClockSleepUntil, ClockSleep};

int64_t RtcUtc() {
  const HalCall call("rtc.utc_us");
  if (!call) return 0;
  return (call->start + (call->queue.now() - SimTime::Zero())).unix_nanoseconds() / 1000;
}

constexpr dp_rtc_v1 kRtc = {RtcUtc};

// Tasks and mailboxes.

int32_t TaskCreate(const char* name, void (*entry)(void*), void* argument, size_t stack_bytes) {
  const HalCall call("task.create", name, entry, argument, stack_bytes);
  if (!call) return DP_ERR_STATE;
  const auto name_bytes = TextLength(name, 31);
  if (!name_bytes || *name_bytes == 0) return call.Refuse("name must have 1 to 31 characters");
  if (entry == nullptr) return call.Refuse("entry is null");
  if (stack_bytes < 16384 || stack_bytes > 8388608)
    return call.Refuse("stack_bytes must be 16384 to 8388608");
  int32_t answer = DP_ERR_FULL;
  call->scheduler.OnHostStack([&] {
    const Task* task =
        call->scheduler.Spawn(std::string(name, *name_bytes), entry, argument, stack_bytes);
    if (task != nullptr) answer = static_cast<int32_t>(task->id);
  });
  return answer;
}

void TaskYield() {
  const HalCall call("task.yield");
  if (call) call->scheduler.Yield();
}

const char* TaskCurrentName() {
  const HalCall call("task.current_name");
  return call ? call->scheduler.running()->name.c_str() : "";
}

Mailbox* FindMailbox(HalState& hal, dp_handle handle) {
  const dp_handle index = handle - kFirstMailbox;
  return handle >= kFirstMailbox && index < hal.mailboxes.size() ? hal.mailboxes[index].get()
                                                                 : nullptr;
}

int32_t MailboxCreate(size_t message_bytes, size_t capacity) {
  const HalCall call("task.mailbox_create", message_bytes, capacity);
  if (!call) return DP_ERR_STATE;
  if (message_bytes < 1 || message_bytes > 65536 || capacity < 1 || capacity > 4096)
    return call.Refuse("message_bytes must be 1 to 65536, capacity 1 to 4096");
  HalState& hal = call.hal();
  if (hal.mailboxes.size() >= kMailboxesMax ||
      message_bytes * capacity > kMailboxBytesMax - hal.mailbox_bytes) {
    return DP_ERR_FULL;
  }
  auto mailbox = std::make_unique<Mailbox>();
  mailbox->message_bytes = message_bytes;
  mailbox->capacity = capacity;
  hal.mailbox_bytes += message_bytes * capacity;
  hal.mailboxes.push_back(std::move(mailbox));
  return static_cast<int32_t>(kFirstMailbox + hal.mailboxes.size() - 1);
}

dp_status MailboxSend(dp_handle handle, const void* message, uint64_t timeout_us) {
  const HalCall call("task.mailbox_send", handle, message, timeout_us);
  if (!call) return DP_ERR_STATE;
  HalState& hal = call.hal();
  Mailbox* mailbox = FindMailbox(hal, handle);
  if (mailbox == nullptr) return call.Refuse("there is no such mailbox");
  if (message == nullptr) return call.Refuse("message is null");
  const SimTime deadline = hal.Deadline(timeout_us);
  while (mailbox->messages.size() >= mailbox->capacity) {
    if (!hal.scheduler.Wait(mailbox->senders, deadline)) return DP_ERR_TIMEOUT;
  }
  const auto* bytes = static_cast<const std::byte*>(message);
  mailbox->messages.emplace_back(bytes, bytes + mailbox->message_bytes);
  hal.scheduler.NotifyOne(mailbox->receivers);
  return DP_OK;
}

dp_status MailboxReceive(dp_handle handle, void* message, uint64_t timeout_us) {
  const HalCall call("task.mailbox_receive", handle, message, timeout_us);
  if (!call) return DP_ERR_STATE;
  HalState& hal = call.hal();
  Mailbox* mailbox = FindMailbox(hal, handle);
  if (mailbox == nullptr) return call.Refuse("there is no such mailbox");
  if (message == nullptr) return call.Refuse("message is null");
  const SimTime deadline = hal.Deadline(timeout_us);
  while (mailbox->messages.empty()) {
    if (!hal.scheduler.Wait(mailbox->receivers, deadline)) return DP_ERR_TIMEOUT;
  }
  std::memcpy(message, mailbox->messages.front().data(), mailbox->message_bytes);
  mailbox->messages.pop_front();
  hal.scheduler.NotifyOne(mailbox->senders);
  return DP_OK;
}

constexpr dp_task_v1 kTask = {TaskCreate,    TaskYield,   TaskCurrentName,
                              MailboxCreate, MailboxSend, MailboxReceive};

// Log and randomness.

void LogWrite(dp_log_level level, const char* text) {
  const HalCall call("log.write", level, text);
  if (!call) return;
  if (text == nullptr) {
    call.Refuse("text is null");
    return;
  }
  // A level in between counts as the next lower one.
  const int32_t raw = RawValue(level);
  const dp_log_level known = raw >= DP_LOG_ERROR  ? DP_LOG_ERROR
                             : raw >= DP_LOG_WARN ? DP_LOG_WARN
                             : raw >= DP_LOG_INFO ? DP_LOG_INFO
                                                  : DP_LOG_DEBUG;
  const std::string_view line(text, strnlen(text, kLogLineBytesMax));
  HalState& hal = call.hal();
  if (!hal.MayLog()) {
    ReportFirmwareFault("endless_log",
                        "logged over a hundred thousand lines in a second of simulated time");
  }
  hal.scheduler.OnHostStack(
      [&] { hal.devices.listener->OnLog(known, hal.scheduler.current()->name, line); });
}

constexpr dp_log_v1 kLog = {LogWrite};

void RandomFill(void* out, size_t bytes) {
  const HalCall call("random.fill", out, bytes);
  if (!call) return;
  if ((out == nullptr && bytes > 0) || bytes > kRandomBytesMax) {
    call.Refuse("out is null, or bytes is beyond any buffer");
    return;
  }
  call->random.Fill({static_cast<std::byte*>(out), bytes});
}

constexpr dp_random_v1 kRandom = {RandomFill};

// Identity. It lives as long as the state, hence longer than the firmware's tasks.

template <std::string RobotIdentity::*field>
const char* IdentityText() {
  const HalCall call("identity");
  return call ? (call->devices.identity.*field).c_str() : "";
}

const uint8_t* IdentityMac() {
  const HalCall call("identity.mac");
  static constexpr uint8_t kNone[6] = {};
  return call ? call->devices.identity.mac.data() : kNone;
}

constexpr dp_identity_v1 kIdentity = {IdentityText<&RobotIdentity::robot_id>,
                                      IdentityText<&RobotIdentity::model>,
                                      IdentityMac,
                                      IdentityText<&RobotIdentity::trust_anchor_pem>,
                                      IdentityText<&RobotIdentity::device_cert_pem>,
                                      IdentityText<&RobotIdentity::device_key_pem>,
                                      IdentityText<&RobotIdentity::setup_passphrase>};

// Reset.

void SystemReboot() {
  const HalCall call("system.reboot");
  if (call) call->scheduler.OnHostStack([&] { call->on_reboot(); });
}

dp_reset_cause SystemResetCause() {
  const HalCall call("system.reset_cause");
  return call ? call->reset_cause : DP_RESET_POWER_ON;
}

constexpr dp_system_v1 kSystem = {SystemReboot, SystemResetCause};

// Debug port. What makes no sense is dropped: firmware may not depend on it.

void DiagnosticsPose(double x_m, double y_m, double yaw_rad) {
  const HalCall call("diagnostics.pose", x_m, y_m, yaw_rad);
  if (!call) return;
  if (!std::isfinite(x_m) || !std::isfinite(y_m) || !std::isfinite(yaw_rad)) {
    call.Refuse("a coordinate is not a number");
    return;
  }
  call->scheduler.OnHostStack([&] { call->devices.listener->OnPose(x_m, y_m, yaw_rad); });
}

void DiagnosticsMap(int32_t width, int32_t height, double resolution_m, double origin_x_m,
                    double origin_y_m, const int8_t* cells) {
  const HalCall call("diagnostics.map", width, height, resolution_m, origin_x_m, origin_y_m);
  if (!call) return;
  const bool has_size = width >= 1 && height >= 1 && width <= kMapCellsMax / height;
  const bool has_place = resolution_m > 0 && std::isfinite(resolution_m) &&
                         std::isfinite(origin_x_m) && std::isfinite(origin_y_m);
  if (cells == nullptr || !has_size || !has_place) {
    call.Refuse("cells is null, or the map's size or place makes no sense");
    return;
  }
  const BelievedMap map{
      width,      height,     resolution_m,
      origin_x_m, origin_y_m, {cells, static_cast<size_t>(width) * static_cast<size_t>(height)}};
  call->scheduler.OnHostStack([&] { call->devices.listener->OnMap(map); });
}

void TellListener(const HalCall& call, const char* word,
                  void (FirmwareListener::*tell)(std::string_view)) {
  if (!call) return;
  const auto bytes = TextLength(word, 63);
  if (!bytes) {
    call.Refuse("the word is null, or longer than 63 characters");
    return;
  }
  call->scheduler.OnHostStack([&] { (call->devices.listener->*tell)({word, *bytes}); });
}

void DiagnosticsState(const char* word) {
  TellListener(HalCall("diagnostics.state"), word, &FirmwareListener::OnState);
}

void DiagnosticsDataReady(const char* category) {
  TellListener(HalCall("diagnostics.data_ready"), category, &FirmwareListener::OnDataReady);
}

constexpr dp_diagnostics_v1 kDiagnostics = {DiagnosticsPose, DiagnosticsMap, DiagnosticsState,
                                            DiagnosticsDataReady};

}  // namespace

const void* FindSystemInterface(const HalState& hal, const char* name) {
  const std::string_view word(name);
  if (word == DP_CLOCK) return &kClock;
  if (word == DP_TASK) return &kTask;
  if (word == DP_LOG) return &kLog;
  if (word == DP_RANDOM) return &kRandom;
  if (word == DP_IDENTITY) return &kIdentity;
  if (word == DP_SYSTEM) return &kSystem;
  if (word == DP_DIAGNOSTICS) return &kDiagnostics;
  if (word == DP_RTC && hal.devices.rtc) return &kRtc;
  return nullptr;
}

}  // namespace dustproof::internal
