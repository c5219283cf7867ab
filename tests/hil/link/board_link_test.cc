// The board's end, as firmware links it, against the run's.
#include <gtest/gtest.h>
#include <poll.h>
#include <zmq.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "hil/link/zmq_host.h"
#include "hil/link/zmq_on_demand.h"

extern "C" {
void board_link_open(const char* address);
void board_link_send(const void* data, size_t bytes);
size_t board_link_receive(uint8_t** data);
}

namespace dustproof {
namespace {

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
  wire::Message message;
  message.set_version(kProtocolVersion);
  message.mutable_hello()->set_firmware_name("mine");
  const std::string hello = message.SerializeAsString();
  board_link_send(hello.data(), hello.size());

  ZmqHost::Heard heard = ZmqHost::Heard::kNothing;
  for (int i = 0; i < 100 && heard == ZmqHost::Heard::kNothing; ++i) {
    pollfd waits[] = {{(*host)->fd(), POLLIN, 0}, {(*host)->key_fd(), POLLIN, 0}};
    poll(waits, 2, 100);
    heard = (*host)->Receive(message);
  }
  ASSERT_EQ(heard, ZmqHost::Heard::kMessage);
  EXPECT_EQ(message.hello().firmware_name(), "mine");
  message.mutable_welcome()->set_lockstep(true);
  (*host)->Send(message, SimTime::FromNanoseconds(0));
  uint8_t* data = nullptr;
  const size_t bytes = board_link_receive(&data);
  ASSERT_TRUE(message.ParseFromArray(data, static_cast<int>(bytes)));
  EXPECT_TRUE(message.welcome().lockstep());
  std::free(data);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace dustproof
