#include "hil/link/serial_host.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

namespace dustproof {
namespace {

using Heard = SerialHost::Heard;
using Line = std::vector<uint8_t>;

Line Framed(const wire::Message& message) {
  const std::string bytes = message.SerializeAsString();
  Line line(DP_FRAME_BYTES_MAX(bytes.size()));
  line.resize(dp_frame_encode(bytes.data(), bytes.size(), line.data(), line.size()));
  return line;
}

wire::Message FromBoard(uint64_t step, uint64_t session) {
  wire::Message message;
  message.set_version(kProtocolVersion);
  message.set_session(session);
  message.set_step(step);
  if (session == 0)
    message.mutable_hello()->set_firmware_name("mcu");
  else
    message.mutable_turn();
  return message;
}

// A pty: the test is the board at its other end.
class SerialHostTest : public testing::Test {
 protected:
  void SetUp() override {
    board_ = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    ASSERT_GE(board_, 0);
    ASSERT_EQ(grantpt(board_), 0);
    ASSERT_EQ(unlockpt(board_), 0);
    Result<std::unique_ptr<SerialHost>> host = SerialHost::Open(ptsname(board_), 115200);
    ASSERT_TRUE(host.ok()) << ToString(host.error());
    host_ = std::move(*host);
  }
  void TearDown() override {
    if (board_ >= 0) close(board_);
  }

  void Say(const Line& line) { ASSERT_EQ(write(board_, line.data(), line.size()), static_cast<ssize_t>(line.size())); }
  Heard Wait() {
    for (int i = 0; i < 100; ++i) {
      if (const Heard heard = host_->Receive(message_); heard != Heard::kNothing) return heard;
      pollfd wait{host_->fd(), POLLIN, 0};
      poll(&wait, 1, 100);
    }
    return Heard::kNothing;
  }
  wire::Message Hear() {
    Line room(4096);
    dp_frame_decoder decoder;
    dp_frame_decoder_init(&decoder, room.data(), room.size());
    wire::Message message;
    for (uint8_t byte = 0; read(board_, &byte, 1) == 1;) {
      const size_t bytes = dp_frame_decode(&decoder, byte);
      if (bytes == 0) continue;
      EXPECT_TRUE(message.ParseFromArray(room.data(), static_cast<int>(bytes)));
      break;
    }
    return message;
  }
  void SendGrant() {
    wire::Message grant;
    grant.mutable_grant()->add_results()->set_data(std::string(300, '\0'));
    ASSERT_TRUE(host_->Send(grant, SimTime::FromNanoseconds(5)).ok());
  }
  void Begin() {
    Say(Framed(FromBoard(1, 0)));
    ASSERT_EQ(Wait(), Heard::kMessage);
    host_->Begin(9);
    SendGrant();
    ASSERT_TRUE(Hear().has_grant());
  }

  int board_ = -1;
  std::unique_ptr<SerialHost> host_;
  wire::Message message_;
};

TEST_F(SerialHostTest, AnswersWhatWasSaidAgainAfterADamagedFrame) {
  Begin();
  Line damaged = Framed(FromBoard(1, 9));
  damaged.erase(damaged.begin() + 4);
  Say(damaged);
  Say(Framed(FromBoard(1, 9)));
  ASSERT_EQ(Wait(), Heard::kMessage);
  EXPECT_EQ(message_.step(), 1u);
  EXPECT_EQ(host_->damaged_frames(), 1u);
  SendGrant();
  const std::string first = Hear().SerializeAsString();
  Say(Framed(FromBoard(1, 9)));
  Say(Framed(FromBoard(2, 9)));
  ASSERT_EQ(Wait(), Heard::kMessage);
  EXPECT_EQ(message_.step(), 2u);
  EXPECT_EQ(Hear().SerializeAsString(), first);
}

TEST_F(SerialHostTest, RefusesAnOldSession) {
  Begin();
  Say(Framed(FromBoard(1, 8)));
  ASSERT_EQ(Wait(), Heard::kRefused);
  EXPECT_NE(host_->refusal().why.find("another session"), std::string::npos);
}

TEST_F(SerialHostTest, SaysThatTheLineIsGone) {
  close(std::exchange(board_, -1));
  EXPECT_EQ(Wait(), Heard::kGone);
}

TEST(SerialHostOpenTest, SaysWhatCannotBeOpened) {
  EXPECT_NE(ToString(SerialHost::Open("/dev/no-such-line", 115200).error()).find("/dev/no-such-line"), std::string::npos);
  EXPECT_NE(ToString(SerialHost::Open("/dev/null", 115200).error()).find("no serial line"), std::string::npos);
}

}  // namespace
}  // namespace dustproof
