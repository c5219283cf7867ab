#include "hil/link/zmq_host.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <zmq.hpp>

#include "hil/link/zmq_on_demand.h"

namespace dustproof {
namespace {

using Heard = ZmqHost::Heard;

// A board's end of the link that says what a test wants.
class Dealer {
 public:
  explicit Dealer(const std::string& address) {
    socket_.set(zmq::sockopt::linger, 0);
    socket_.set(zmq::sockopt::rcvtimeo, 10'000);
    socket_.connect(address);
  }
  Dealer(const std::string& address, const LinkKeyPair& own, const std::string& host_key) {
    socket_.set(zmq::sockopt::linger, 0);
    socket_.set(zmq::sockopt::rcvtimeo, 10'000);
    socket_.set(zmq::sockopt::curve_serverkey, host_key);
    socket_.set(zmq::sockopt::curve_publickey, own.public_key);
    socket_.set(zmq::sockopt::curve_secretkey, own.secret_key);
    socket_.connect(address);
  }
  void SendBytes(const std::string& bytes) { socket_.send(zmq::buffer(bytes)); }
  void Send(uint64_t step, uint64_t session) {
    wire::Message message;
    message.set_version(kProtocolVersion);
    message.set_session(session);
    message.set_step(step);
    if (session == 0)
      message.mutable_hello();
    else
      message.mutable_turn();
    SendBytes(message.SerializeAsString());
  }
  wire::Message Receive() {
    zmq::message_t frame;
    wire::Message message;
    EXPECT_TRUE(socket_.recv(frame));
    EXPECT_TRUE(message.ParseFromArray(frame.data(), static_cast<int>(frame.size())));
    return message;
  }

 private:
  zmq::context_t context_{1};
  zmq::socket_t socket_{context_, zmq::socket_type::dealer};
};

// What comes next, within ten seconds.
Heard Wait(ZmqHost& host, wire::Message& message) {
  for (int i = 0; i < 100; ++i) {
    if (const Heard heard = host.Receive(message); heard != Heard::kNothing) return heard;
    pollfd waits[] = {{host.fd(), POLLIN, 0}, {host.key_fd(), POLLIN, 0}};
    poll(waits, 2, 100);
  }
  return Heard::kNothing;
}

void SendGrant(ZmqHost& host) {
  wire::Message grant;
  grant.mutable_grant();
  ASSERT_TRUE(host.Send(grant, SimTime::FromNanoseconds(5)).ok());
}

class ZmqHostTest : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    Result<std::unique_ptr<ZmqHost>> host = ZmqHost::Listen(GetParam());
    ASSERT_TRUE(host.ok()) << ToString(host.error());
    host_ = std::move(*host);
  }
  void Begin(Dealer& board) {
    board.Send(1, 0);
    ASSERT_EQ(Wait(*host_, message_), Heard::kMessage);
    ASSERT_TRUE(message_.has_hello());
    host_->Begin(9);
    SendGrant(*host_);
    ASSERT_TRUE(board.Receive().has_grant());
  }

  std::unique_ptr<ZmqHost> host_;
  wire::Message message_;
};

TEST_P(ZmqHostTest, CarriesASession) {
  Dealer board(host_->address());
  Begin(board);
  board.Send(1, 9);
  ASSERT_EQ(Wait(*host_, message_), Heard::kMessage);
  EXPECT_TRUE(message_.has_turn());
}

TEST_P(ZmqHostTest, AnswersARepeatedTurnByItself) {
  Dealer board(host_->address());
  Begin(board);
  board.Send(1, 9);
  ASSERT_EQ(Wait(*host_, message_), Heard::kMessage);
  SendGrant(*host_);
  const wire::Message first = board.Receive();
  board.Send(1, 9);
  board.Send(2, 9);
  ASSERT_EQ(Wait(*host_, message_), Heard::kMessage);
  EXPECT_EQ(message_.step(), 2u);
  EXPECT_EQ(board.Receive().SerializeAsString(), first.SerializeAsString());
}

TEST_P(ZmqHostTest, TellsASecondBoardThatItIsRefusedAndGoesOn) {
  Dealer board(host_->address());
  Begin(board);
  Dealer second(host_->address());
  second.Send(1, 0);
  ASSERT_EQ(Wait(*host_, message_), Heard::kRefused);
  EXPECT_FALSE(host_->refusal().of_board);
  EXPECT_NE(second.Receive().refusal().reason().find("second board"), std::string::npos);
  board.Send(1, 9);
  EXPECT_EQ(Wait(*host_, message_), Heard::kMessage);
}

TEST_P(ZmqHostTest, RefusesGarbageOfItsOwnBoard) {
  Dealer board(host_->address());
  Begin(board);
  board.SendBytes("\xFF\xFFnonsense");
  ASSERT_EQ(Wait(*host_, message_), Heard::kRefused);
  EXPECT_TRUE(host_->refusal().of_board);
}

INSTANTIATE_TEST_SUITE_P(Endpoints, ZmqHostTest, testing::Values("", "tcp://127.0.0.1:*"));

LinkKeyPair MakePair() {
  char public_key[41], secret_key[41];
  EXPECT_TRUE(LoadZmq().ok());
  EXPECT_EQ(zmq_curve_keypair(public_key, secret_key), 0);
  return {.public_key = public_key, .secret_key = secret_key};
}

class ZmqHostKeysTest : public testing::Test {
 protected:
  void SetUp() override {
    Result<std::unique_ptr<ZmqHost>> host = ZmqHost::Listen(
        "tcp://127.0.0.1:*", LinkKeys{.host = host_keys_, .allowed = {{board_keys_.public_key, "mine"}}});
    ASSERT_TRUE(host.ok()) << ToString(host.error());
    host_ = std::move(*host);
  }

  const LinkKeyPair host_keys_ = MakePair(), board_keys_ = MakePair(), other_keys_ = MakePair();
  std::unique_ptr<ZmqHost> host_;
  wire::Message message_;
};

TEST_F(ZmqHostKeysTest, HearsAnAllowedBoard) {
  Dealer board(host_->address(), board_keys_, host_keys_.public_key);
  board.Send(1, 0);
  ASSERT_EQ(Wait(*host_, message_), Heard::kMessage);
  SendGrant(*host_);
  EXPECT_TRUE(board.Receive().has_grant());
}

TEST_F(ZmqHostKeysTest, RefusesAStrangersKeyAndSaysWhich) {
  Dealer stranger(host_->address(), other_keys_, host_keys_.public_key);
  stranger.Send(1, 0);
  ASSERT_EQ(Wait(*host_, message_), Heard::kRefused);
  EXPECT_FALSE(host_->refusal().of_board);
  EXPECT_NE(host_->refusal().why.find(other_keys_.public_key), std::string::npos) << host_->refusal().why;
}

TEST_F(ZmqHostKeysTest, RefusesASecondBoardWithTheSameKey) {
  Dealer board(host_->address(), board_keys_, host_keys_.public_key);
  board.Send(1, 0);
  ASSERT_EQ(Wait(*host_, message_), Heard::kMessage);
  Dealer twin(host_->address(), board_keys_, host_keys_.public_key);
  twin.Send(1, 0);
  ASSERT_EQ(Wait(*host_, message_), Heard::kRefused);
  EXPECT_NE(host_->refusal().why.find("a second board with the key " + board_keys_.public_key), std::string::npos);
  EXPECT_TRUE(twin.Receive().has_refusal());
}

TEST_F(ZmqHostKeysTest, HearsNothingOfABoardWithoutAKey) {
  Dealer open(host_->address());
  open.Send(1, 0);
  Dealer board(host_->address(), board_keys_, host_keys_.public_key);
  board.Send(1, 0);
  ASSERT_EQ(Wait(*host_, message_), Heard::kMessage);
  SendGrant(*host_);
  EXPECT_TRUE(board.Receive().has_grant());
}

TEST(ZmqHostEndpointTest, RefusesAnAddressThatOthersReach) {
  const auto host = ZmqHost::Listen("tcp://0.0.0.0:*");
  ASSERT_FALSE(host.ok());
  EXPECT_NE(ToString(host.error()).find("others could reach it"), std::string::npos);
}

TEST(ZmqHostEndpointTest, SaysWhichPortIsInUse) {
  const auto first = ZmqHost::Listen("tcp://127.0.0.1:*");
  ASSERT_TRUE(first.ok());
  const auto second = ZmqHost::Listen((*first)->address());
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, ErrorCode::kEnvironment);
  EXPECT_NE(ToString(second.error()).find((*first)->address()), std::string::npos);
}

}  // namespace
}  // namespace dustproof
