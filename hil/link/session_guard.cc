#include "hil/link/session_guard.h"

#include <utility>

namespace dustproof {
namespace {

bool IsFromBoards(const wire::Message& message) {
  return message.has_hello() || message.has_turn() || message.has_fault() || message.has_goodbye() || message.has_heartbeat();
}

}  // namespace

SessionGuard::Verdict SessionGuard::Refuse(std::string reason) {
  reason_ = std::move(reason);
  has_gap_ = false;
  return Verdict::kRefused;
}

bool SessionGuard::is_own(const LinkSender& sender) const {
  return board_.route == sender.route && board_.key == sender.key;
}

SessionGuard::Verdict SessionGuard::Judge(const LinkSender& sender, std::span<const std::byte> bytes) {
  if (bytes.size() > kMessageBytesMax)
    return Refuse("a message of " + std::to_string(bytes.size()) + " bytes: the longest that is taken has " +
                  std::to_string(kMessageBytesMax));
  if (!message_.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
    return Refuse(std::to_string(bytes.size()) + " bytes that are no message of this wire");
  if (message_.version() != kProtocolVersion)
    return Refuse("a message of version " + std::to_string(message_.version()) + " of the wire: this is version " +
                  std::to_string(kProtocolVersion) + "; build firmware and dustproof of one release");
  if (!IsFromBoards(message_)) return Refuse("a message that no board sends");
  if (message_.has_hello()) return JudgeHello(sender);
  if (!is_own(sender)) return Refuse("a message from somebody who is not this session's board");
  if (message_.session() != session_)
    return Refuse("a message of another session: it was under way when this one began, or the board did not hear the welcome");
  return JudgeStep();
}

SessionGuard::Verdict SessionGuard::JudgeHello(const LinkSender& sender) {
  if (!has_board()) {
    board_ = sender;
    return Verdict::kTaken;
  }
  if (!is_own(sender))
    return Refuse(sender.key.empty() || sender.key != board_.key
                      ? "a second board: this session has one"
                      : "a second board with the key " + sender.key + ": each needs a key of its own (`dustproof keys new`)");
  if (heard_step_ > 0) return Refuse("the board began anew in the middle of its session: it has rebooted");
  return Verdict::kRepeated;
}

SessionGuard::Verdict SessionGuard::JudgeStep() {
  if (in_lockstep_ && message_.time_ns() > sent_time_ns_) return Refuse("a message from a time that has not come yet");
  if (message_.has_heartbeat()) return Verdict::kHeartbeat;
  const uint64_t step = message_.step();
  if (step == heard_step_ + 1) {
    heard_step_ = step;
    last_sent_.clear();
    return Verdict::kTaken;
  }
  if (step == heard_step_ && step > 0) return Verdict::kRepeated;
  if (step <= heard_step_)
    return Refuse("message " + std::to_string(step) + " again, after message " + std::to_string(heard_step_) + ": it is late, or replayed");
  Refuse("message " + std::to_string(step) + " after message " + std::to_string(heard_step_) + ": those between are lost");
  has_gap_ = true;
  return Verdict::kRefused;
}

void SessionGuard::Begin(uint64_t session) {
  session_ = session;
  heard_step_ = sent_step_ = 0;
  welcome_.clear();
  last_sent_.clear();
}

const std::string& SessionGuard::Seal(wire::Message& message, SimTime now) {
  message.set_version(kProtocolVersion);
  message.set_session(session_);
  message.set_step(++sent_step_);
  sent_time_ns_ = static_cast<uint64_t>(now.nanoseconds());
  message.set_time_ns(sent_time_ns_);
  message.SerializeToString(&last_sent_);
  if (!message.has_welcome()) return last_sent_;
  welcome_ = last_sent_;
  in_lockstep_ = message.welcome().lockstep();
  return last_sent_;
}

std::vector<std::string> SessionGuard::Again() const {
  std::vector<std::string> bytes;
  if (heard_step_ == 0 && !welcome_.empty()) bytes.push_back(welcome_);
  if (!last_sent_.empty() && (bytes.empty() || last_sent_ != welcome_)) bytes.push_back(last_sent_);
  return bytes;
}

}  // namespace dustproof
