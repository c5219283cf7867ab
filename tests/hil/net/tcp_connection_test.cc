#include "hil/net/internal/tcp_connection.h"

#include <gtest/gtest.h>

#include <string>

namespace dustproof::internal {
namespace {

const SimDuration kMs = SimDuration::Milliseconds(1);

/// A connection between two ends that read at once, unless told to leave it.
class TcpConnectionTest : public ::testing::Test {
 protected:
  void Open(TcpConnection::Options options, bool listens = true, uint64_t seed = 1) {
    options.radio_up = [this] { return radio_up_; };
    options.path_up = [this] { return path_up_; };
    connection_ = std::make_shared<TcpConnection>(queue_, RandomStream(seed), std::move(options));
    connection_->set_tap([this](Side from, std::span<const std::byte> bytes) {
      if (from == Side::kClient)
        tapped_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    });
    for (const Side side : {Side::kClient, Side::kServer}) {
      connection_->set_on_event(side, [this, side] {
        if (reads_) ReadAll(side);
      });
    }
    connection_->Connect([listens] { return listens; });
  }

  void ReadAll(Side side) {
    std::array<std::byte, 777> buffer;
    while (const size_t count = connection_->Read(side, buffer)) {
      received_[static_cast<size_t>(side)].append(reinterpret_cast<const char*>(buffer.data()),
                                                  count);
    }
  }

  /// Writes all of it, waiting for room.
  void WriteAll(Side side, const std::string& text) {
    size_t written = 0;
    while (written < text.size()) {
      written += connection_->Write(side, std::as_bytes(std::span(text)).subspan(written));
      if (written < text.size()) queue_.RunNext();
    }
  }

  void RunFor(SimDuration duration) { queue_.RunUntil(queue_.now() + duration); }

  static std::string Pattern(size_t bytes) {
    std::string text;
    for (size_t i = 0; text.size() < bytes; ++i) text += std::to_string(i) + ",";
    return text.substr(0, bytes);
  }

  static TcpConnection::Options Steady() {
    return {.link = {.latency = kMs * 10, .jitter = SimDuration(), .bytes_per_s = 1e6, .loss = 0},
            .radio_up = nullptr,
            .path_up = nullptr};
  }

  EventQueue queue_;
  std::shared_ptr<TcpConnection> connection_;
  std::array<std::string, 2> received_;
  std::string tapped_;
  bool radio_up_ = true, path_up_ = true, reads_ = true;
};

TEST_F(TcpConnectionTest, OpensAfterARoundTripAndTheServerHalfALater) {
  Open(Steady());
  RunFor(kMs * 19);
  EXPECT_EQ(connection_->status(Side::kClient), NetStatus::kNotYet);
  RunFor(kMs * 2);
  EXPECT_EQ(connection_->status(Side::kClient), NetStatus::kOk);
  EXPECT_EQ(connection_->status(Side::kServer), NetStatus::kNotYet);
  RunFor(kMs * 10);
  EXPECT_EQ(connection_->status(Side::kServer), NetStatus::kOk);
}

TEST_F(TcpConnectionTest, IsRefusedWhereNobodyListens) {
  Open(Steady(), false);
  RunFor(kMs * 21);
  EXPECT_EQ(connection_->status(Side::kClient), NetStatus::kRefused);
}

// 1000 bytes and 40 of headers at 1 MB/s take 1.04 ms to leave, then 10 ms to arrive.
TEST_F(TcpConnectionTest, TakesTheTimeOfBandwidthAndLatency) {
  Open(Steady());
  RunFor(kMs * 50);
  WriteAll(Side::kClient, Pattern(1000));
  RunFor(SimDuration::Microseconds(11'030));
  EXPECT_EQ(received_[1].size(), 0u);
  RunFor(SimDuration::Microseconds(20));
  EXPECT_EQ(received_[1].size(), 1000u);
}

TEST_F(TcpConnectionTest, LeavesSmallWritesOfOneInstantAsOneSegment) {
  Open(Steady());
  RunFor(kMs * 50);
  int segments = 0;
  connection_->set_tap([&](Side, std::span<const std::byte>) { ++segments; });
  for (int i = 0; i < 5; ++i) WriteAll(Side::kClient, "abc");
  RunFor(kMs * 50);
  EXPECT_EQ(segments, 1);
  EXPECT_EQ(received_[1], "abcabcabcabcabc");
}

TEST_F(TcpConnectionTest, DeliversInOrderAndExactlyOnceWhateverIsLost) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    received_ = {};
    tapped_.clear();
    TcpConnection::Options options = Steady();
    options.link.jitter = kMs * 8;
    options.link.loss = 0.2;
    options.give_up = SimDuration::Seconds(600);
    Open(options, true, seed);
    const std::string up = Pattern(60'000), down = Pattern(30'000);
    while (connection_->status(Side::kServer) != NetStatus::kOk) queue_.RunNext();
    WriteAll(Side::kServer, down);
    WriteAll(Side::kClient, up);
    RunFor(SimDuration::Seconds(300));
    EXPECT_EQ(received_[1], up) << seed;
    EXPECT_EQ(received_[0], down) << seed;
    EXPECT_EQ(tapped_, up) << seed;
  }
}

TEST_F(TcpConnectionTest, HasNoRoomForAFastSenderUntilTheReaderReads) {
  Open(Steady());
  RunFor(kMs * 50);
  reads_ = false;
  const std::string text = Pattern(200'000);
  size_t taken = 0;
  for (int i = 0; i < 1000; ++i) {
    taken += connection_->Write(Side::kClient, std::as_bytes(std::span(text)).subspan(taken));
    RunFor(kMs * 5);
  }
  // The server's window of 64 KiB is full but for less than a segment, and so is the client's
  // buffer of 16 KiB.
  EXPECT_LE(taken, 65536u + 16384u);
  EXPECT_GT(taken, 65536u + 16384u - 1460u);
  EXPECT_EQ(connection_->Write(Side::kClient, std::as_bytes(std::span(text)).subspan(taken)), 0u);
  reads_ = true;
  ReadAll(Side::kServer);
  WriteAll(Side::kClient, text.substr(taken));
  RunFor(SimDuration::Seconds(5));
  EXPECT_EQ(received_[1], text);
}

TEST_F(TcpConnectionTest, StallsInAShortOutageAndGoesOn) {
  Open(Steady());
  RunFor(kMs * 50);
  const std::string text = Pattern(10'000);
  WriteAll(Side::kClient, text);
  RunFor(kMs * 2);
  path_up_ = false;
  RunFor(SimDuration::Seconds(20));
  EXPECT_LT(received_[1].size(), text.size());
  path_up_ = true;
  RunFor(SimDuration::Seconds(20));
  EXPECT_EQ(received_[1], text);
  EXPECT_EQ(tapped_, text);  // What was sent again is written down once.
}

TEST_F(TcpConnectionTest, PutsNothingOnTheAirWithoutRadio) {
  Open(Steady());
  RunFor(kMs * 50);
  radio_up_ = false;
  WriteAll(Side::kClient, "secret");
  RunFor(SimDuration::Seconds(30));
  EXPECT_EQ(tapped_, "");
  EXPECT_EQ(connection_->status(Side::kClient), NetStatus::kOk);
}

TEST_F(TcpConnectionTest, GivesUpInALongOutage) {
  Open(Steady());
  RunFor(kMs * 50);
  path_up_ = false;
  WriteAll(Side::kClient, "anybody there");
  RunFor(SimDuration::Seconds(80));
  EXPECT_EQ(connection_->status(Side::kClient), NetStatus::kClosed);
  EXPECT_EQ(connection_->status(Side::kServer), NetStatus::kOk);  // Nobody told it.
  path_up_ = true;
  WriteAll(Side::kServer, "yes");
  RunFor(SimDuration::Seconds(1));
  EXPECT_EQ(connection_->status(Side::kServer), NetStatus::kClosed);  // The reset did.
}

TEST_F(TcpConnectionTest, CannotBeReachedWhileTheLinkIsDown) {
  path_up_ = false;
  Open(Steady());
  RunFor(SimDuration::Seconds(90));
  EXPECT_EQ(connection_->status(Side::kClient), NetStatus::kUnreachable);
}

TEST_F(TcpConnectionTest, DeliversEverythingBeforeTheEnd) {
  Open(Steady());
  RunFor(kMs * 50);
  const std::string text = Pattern(5000);
  WriteAll(Side::kClient, text);
  connection_->Finish(Side::kClient);
  RunFor(kMs * 5);
  EXPECT_FALSE(connection_->at_end(Side::kServer));
  RunFor(SimDuration::Seconds(1));
  EXPECT_TRUE(connection_->at_end(Side::kServer));
  EXPECT_EQ(received_[1], text);
  WriteAll(Side::kServer, "still open this way");
  RunFor(kMs * 50);
  EXPECT_EQ(received_[0], "still open this way");
}

TEST_F(TcpConnectionTest, TellsThePeerOfAnAbort) {
  Open(Steady());
  RunFor(kMs * 50);
  connection_->Abort(Side::kServer);
  RunFor(kMs * 11);
  EXPECT_EQ(connection_->status(Side::kClient), NetStatus::kClosed);
}

}  // namespace
}  // namespace dustproof::internal
