// The board's end, as firmware links it, against the run's.
#include <gtest/gtest.h>
#include <poll.h>
#include <zmq.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>

#include "hil/link/zmq_host.h"
#include "hil/link/zmq_on_demand.h"

extern "C" {
void board_link_open(const char* address);
void board_link_send(const void* data, size_t bytes);
size_t board_link_receive(uint8_t** data);
}

namespace dustproof {
namespace {

std::string Hello() {
  wire::Message message;
  message.set_version(kProtocolVersion);
  message.mutable_hello()->set_firmware_name("mine");
  return message.SerializeAsString();
}

/// The next word that `host` hears, within ten seconds.
ZmqHost::Heard Await(ZmqHost& host, wire::Message& message) {
  ZmqHost::Heard heard = ZmqHost::Heard::kNothing;
  for (int i = 0; i < 100 && heard == ZmqHost::Heard::kNothing; ++i) {
    pollfd waits[] = {{host.fd(), POLLIN, 0}, {host.key_fd(), POLLIN, 0}};
    poll(waits, 2, 100);
    heard = host.Receive(message);
  }
  return heard;
}

/// What the board hears next.
wire::Message BoardHears() {
  uint8_t* data = nullptr;
  const size_t bytes = board_link_receive(&data);
  wire::Message message;
  EXPECT_TRUE(message.ParseFromArray(data, static_cast<int>(bytes)));
  std::free(data);
  return message;
}

TEST(BoardLinkTest, SaysItsWordAgainWhereTheRunLostIt) {
  unsetenv("DUSTPROOF_LINK_RUN_KEY");
  unsetenv("DUSTPROOF_LINK_KEY_FILE");
  auto lost = ZmqHost::Listen("tcp://127.0.0.1:*");
  ASSERT_TRUE(lost.ok()) << ToString(lost.error());
  const std::string address = (*lost)->address();
  board_link_open(address.c_str());
  const std::string hello = Hello();
  board_link_send(hello.data(), hello.size());
  wire::Message message;
  ASSERT_EQ(Await(**lost, message), ZmqHost::Heard::kMessage);
  lost->reset();

  ZmqHost::Heard heard = ZmqHost::Heard::kNothing;
  std::atomic<bool> answered = false;
  std::thread run([&] {
    auto host = ZmqHost::Listen(address);
    ASSERT_TRUE(host.ok()) << ToString(host.error());
    heard = Await(**host, message);
    message.mutable_welcome()->set_lockstep(true);
    ASSERT_TRUE((*host)->Send(message, SimTime::FromNanoseconds(0)).ok());
    answered.wait(false);  // The answer is on its way as long as the socket is there.
  });
  EXPECT_TRUE(BoardHears().welcome().lockstep());
  answered = true;
  answered.notify_one();
  run.join();
  EXPECT_EQ(heard, ZmqHost::Heard::kMessage);
}

TEST(BoardLinkTest, TalksOverTcpWithItsKey) {
  const std::filesystem::path folder = testing::TempDir() + "/board_link_" + std::to_string(getpid());
  Result<KeyFolder> keys = KeyFolder::At(folder);
  ASSERT_TRUE(keys.ok());
  const Result<std::string> host_key = keys->New("host");
  ASSERT_TRUE(host_key.ok()) << ToString(host_key.error());
  ASSERT_TRUE(keys->New("mine").ok());
  ASSERT_TRUE(keys->Allow("mine", "").ok());
  const Result<LinkKeys> loaded = keys->Load();
  ASSERT_TRUE(loaded.ok()) << ToString(loaded.error());
  const auto host = ZmqHost::Listen("tcp://127.0.0.1:*", *loaded);
  ASSERT_TRUE(host.ok()) << ToString(host.error());

  setenv("DUSTPROOF_LINK_RUN_KEY", host_key->c_str(), 1);
  setenv("DUSTPROOF_LINK_KEY_FILE", (folder / "mine.secret").c_str(), 1);
  board_link_open((*host)->address().c_str());
  const std::string hello = Hello();
  board_link_send(hello.data(), hello.size());
  wire::Message message;
  ASSERT_EQ(Await(**host, message), ZmqHost::Heard::kMessage);
  EXPECT_EQ(message.hello().firmware_name(), "mine");
  message.mutable_welcome()->set_lockstep(true);
  ASSERT_TRUE((*host)->Send(message, SimTime::FromNanoseconds(0)).ok());
  EXPECT_TRUE(BoardHears().welcome().lockstep());
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace dustproof
