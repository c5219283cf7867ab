// The network's byte streams under any order of calls, losses and outages: what arrives is the
// beginning of what was sent, and nothing hangs for ever.
#include <array>
#include <vector>

#include "hil/net/internal/tcp_connection.h"
#include "tests/fuzz/fuzz_input.h"

namespace dustproof::internal {
namespace {

class Conversation {
 public:
  explicit Conversation(fuzz::Input& input) : input_(input) {
    const uint8_t how = input.Byte();
    TcpConnection::Options options;
    options.link.loss = how & 1 ? 0.3 : 0;
    options.link.bytes_per_s = how & 2 ? 1000 : 1e6;
    options.send_buffer_bytes = {64, 128};
    options.receive_window_bytes = {96, 32};
    options.give_up = SimDuration::Seconds(how & 4 ? 2 : 60);
    options.radio_up = [this] { return radio_up_; };
    options.path_up = [this] { return path_up_; };
    connection_ = std::make_shared<TcpConnection>(queue_, RandomStream(how), std::move(options));
    connection_->set_tap([this](Side from, std::span<const std::byte> bytes) {
      tapped_[static_cast<size_t>(from)] += bytes.size();
    });
    const bool reads_at_once = (how & 8) != 0, listens = (how & 0x70) != 0;
    for (const Side side : {Side::kClient, Side::kServer}) {
      connection_->set_on_event(side, [this, side, reads_at_once] {
        if (reads_at_once) Read(side, 1000);
      });
    }
    connection_->Connect([listens] { return listens; });
  }

  void Go() {
    while (!input_.empty()) {
      Step(input_.Byte());
      Check();
    }
    // With the ways open again and both ends read, everything comes to an end.
    radio_up_ = path_up_ = true;
    connection_->Close(Side::kClient);
    connection_->Close(Side::kServer);
    for (int i = 0; i < 2000 && !queue_.empty(); ++i) {
      queue_.RunNext();
      Check();
    }
    DP_CHECK(queue_.empty());
  }

 private:
  void Step(uint8_t what) {
    const Side side = what & 1 ? Side::kServer : Side::kClient;
    switch (what >> 1 & 15) {
      case 0:
        return connection_->Finish(side);
      case 1:
        return connection_->Close(side);
      case 2:
        return connection_->Abort(side);
      case 3:
        return connection_->Vanish(side);
      case 4:
        radio_up_ = !radio_up_;
        return;
      case 5:
        path_up_ = !path_up_;
        return;
      case 6:
      case 7:
        return Read(side, input_.Byte());
      case 8:
      case 9:
      case 10:
        return Write(side, input_.Byte());
      default:
        queue_.RunUntil(queue_.now() +
                        SimDuration::Milliseconds(1 + (what >> 5) * (what >> 5) * 20));
    }
  }

  void Write(Side side, size_t bytes) {
    std::vector<std::byte>& sent = sent_[static_cast<size_t>(side)];
    std::vector<std::byte> piece;
    for (size_t i = 0; i < bytes; ++i)
      piece.push_back(static_cast<std::byte>((sent.size() + i) * 7));
    const size_t room = connection_->writable_bytes(side);
    const size_t taken = connection_->Write(side, piece);
    DP_CHECK(taken <= bytes && taken <= room, taken, bytes, room);
    sent.insert(sent.end(), piece.begin(), piece.begin() + static_cast<std::ptrdiff_t>(taken));
  }

  void Read(Side side, size_t bytes) {
    std::vector<std::byte> out(bytes);
    const size_t readable = connection_->readable_bytes(side);
    const size_t count = connection_->Read(side, out);
    DP_CHECK(count == std::min(bytes, readable), count, bytes, readable);
    const std::vector<std::byte>& sent = sent_[static_cast<size_t>(Other(side))];
    size_t& at = received_[static_cast<size_t>(side)];
    DP_CHECK(at + count <= sent.size(), at, count, sent.size());
    for (size_t i = 0; i < count; ++i) DP_CHECK(out[i] == sent[at + i], at + i);
    at += count;
  }

  void Check() const {
    for (const size_t side : {0, 1}) DP_CHECK(tapped_[side] <= sent_[side].size());
  }

  fuzz::Input& input_;
  EventQueue queue_;
  bool radio_up_ = true, path_up_ = true;
  std::array<std::vector<std::byte>, 2> sent_;
  std::array<size_t, 2> received_{}, tapped_{};
  std::shared_ptr<TcpConnection> connection_;
};

}  // namespace
}  // namespace dustproof::internal

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  dustproof::fuzz::Input input(data, size);
  dustproof::internal::Conversation(input).Go();
  return 0;
}
