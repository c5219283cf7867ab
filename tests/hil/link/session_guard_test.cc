#include "hil/link/session_guard.h"

#include <gtest/gtest.h>

namespace dustproof {
namespace {

using Verdict = SessionGuard::Verdict;
constexpr uint64_t kSession = 77;
const LinkSender kBoard{"board", "KEY"}, kStranger{"other", ""};

wire::Message Hello() {
  wire::Message message;
  message.set_version(kProtocolVersion);
  message.set_step(1);
  message.mutable_hello()->set_firmware_name("mine");
  return message;
}

wire::Message Turn(uint64_t step, uint64_t session = kSession) {
  wire::Message message;
  message.set_version(kProtocolVersion);
  message.set_session(session);
  message.set_step(step);
  message.mutable_turn();
  return message;
}

class SessionGuardTest : public testing::Test {
 protected:
  Verdict Judge(const wire::Message& message, const LinkSender& sender = kBoard) {
    const std::string bytes = message.SerializeAsString();
    return guard_.Judge(sender, std::as_bytes(std::span(bytes)));
  }
  void Answer() {
    wire::Message message;
    message.mutable_grant();
    guard_.Seal(message, SimTime::FromNanoseconds(1000));
  }
  void Begin() {
    ASSERT_EQ(Judge(Hello()), Verdict::kTaken);
    guard_.Begin(kSession);
    wire::Message message;
    message.mutable_welcome()->set_lockstep(true);
    guard_.Seal(message, SimTime::FromNanoseconds(0));
    Answer();
  }
  void ExpectRefused(Verdict verdict, const std::string& reason) {
    EXPECT_EQ(verdict, Verdict::kRefused);
    EXPECT_NE(guard_.reason().find(reason), std::string::npos) << guard_.reason();
  }

  SessionGuard guard_;
};

TEST_F(SessionGuardTest, TakesMessagesInOrder) {
  Begin();
  for (uint64_t step = 1; step < 4; ++step) {
    EXPECT_EQ(Judge(Turn(step)), Verdict::kTaken);
    EXPECT_EQ(guard_.message().step(), step);
    Answer();
  }
}

TEST_F(SessionGuardTest, AnswersARepeatedTurnWithTheSameBytes) {
  Begin();
  ASSERT_EQ(Judge(Turn(1)), Verdict::kTaken);
  EXPECT_EQ(Judge(Turn(1)), Verdict::kRepeated);
  EXPECT_TRUE(guard_.Again().empty());  // Nothing was answered yet.
  wire::Message grant;
  grant.mutable_grant()->add_results()->set_value(5);
  const std::string sent = guard_.Seal(grant, SimTime::FromNanoseconds(2000));
  EXPECT_EQ(Judge(Turn(1)), Verdict::kRepeated);
  EXPECT_EQ(guard_.Again(), std::vector{sent});
  EXPECT_EQ(Judge(Turn(2)), Verdict::kTaken);
}

TEST_F(SessionGuardTest, AnswersARepeatedHelloWithWelcomeAndGrant) {
  Begin();
  EXPECT_EQ(Judge(Hello()), Verdict::kRepeated);
  const std::vector<std::string> again = guard_.Again();
  ASSERT_EQ(again.size(), 2u);
  wire::Message message;
  ASSERT_TRUE(message.ParseFromString(again[0]));
  EXPECT_TRUE(message.has_welcome());
  ASSERT_TRUE(message.ParseFromString(again[1]));
  EXPECT_TRUE(message.has_grant());
}

TEST_F(SessionGuardTest, RefusesLateAndMissingMessages) {
  Begin();
  for (uint64_t step = 1; step < 4; ++step) ASSERT_EQ(Judge(Turn(step)), Verdict::kTaken);
  ExpectRefused(Judge(Turn(1)), "message 1 again, after message 3");
  ExpectRefused(Judge(Turn(6)), "message 6 after message 3");
  EXPECT_EQ(Judge(Turn(4)), Verdict::kTaken);
}

TEST_F(SessionGuardTest, RefusesAnOldSession) {
  Begin();
  ExpectRefused(Judge(Turn(1, kSession - 1)), "another session");
  EXPECT_EQ(Judge(Turn(1)), Verdict::kTaken);
}

TEST_F(SessionGuardTest, RefusesAnotherVersion) {
  wire::Message hello = Hello();
  hello.set_version(9);
  ExpectRefused(Judge(hello), "version 9");
  EXPECT_FALSE(guard_.has_board());
  EXPECT_EQ(Judge(Hello()), Verdict::kTaken);
}

TEST_F(SessionGuardTest, RefusesGarbageAndLengthsThatLie) {
  Begin();
  const std::string garbage = "\xFF\xFF\xFFgarbage";
  ExpectRefused(guard_.Judge(kBoard, std::as_bytes(std::span(garbage))), "no message of this wire");
  // A turn (field 8) that claims to be 2 GB - 1 long.
  const std::string lie = "\x08\x01\x42\xFF\xFF\xFF\xFF\x07x";
  ExpectRefused(guard_.Judge(kBoard, std::as_bytes(std::span(lie))), "no message of this wire");
  ExpectRefused(guard_.Judge(kBoard, {}), "version 0");
}

// Only the length is looked at: nothing behind the address is read.
TEST_F(SessionGuardTest, RefusesTwoGigabytesUnread) {
  Begin();
  const std::byte one{};
  ExpectRefused(guard_.Judge(kBoard, {&one, size_t{2} << 30}), "2147483648 bytes");
}

TEST_F(SessionGuardTest, RefusesASecondBoard) {
  Begin();
  ExpectRefused(Judge(Hello(), kStranger), "a second board: this session has one");
  ExpectRefused(Judge(Hello(), {"other", "KEY"}), "a second board with the key KEY");
  ExpectRefused(Judge(Turn(1), kStranger), "not this session's board");
  EXPECT_EQ(Judge(Turn(1)), Verdict::kTaken);
}

TEST_F(SessionGuardTest, RefusesABoardThatBeginsAnew) {
  Begin();
  ASSERT_EQ(Judge(Turn(1)), Verdict::kTaken);
  ExpectRefused(Judge(Hello()), "rebooted");
}

TEST_F(SessionGuardTest, RefusesWhatOnlyTheRunSaysAndTheFuture) {
  Begin();
  wire::Message message = Turn(1);
  message.mutable_grant();
  ExpectRefused(Judge(message), "no board sends");
  message = Turn(1);
  message.set_time_ns(1001);  // The grant said 1000.
  ExpectRefused(Judge(message), "not come yet");
}

TEST_F(SessionGuardTest, HeartbeatsTakeNoNumber) {
  Begin();
  wire::Message message = Turn(0);
  message.mutable_heartbeat();
  EXPECT_EQ(Judge(message), Verdict::kHeartbeat);
  EXPECT_EQ(Judge(Turn(1)), Verdict::kTaken);
}

}  // namespace
}  // namespace dustproof
