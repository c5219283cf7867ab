#include "hil/net/internal/stream_driver.h"

#include <algorithm>
#include <array>

namespace dustproof::internal {
namespace {

/// A peer that leaves so much of what we said unread is not heard until it reads on.
constexpr size_t kUnsentBytesMax = 1 << 20;

}  // namespace

StreamDriver::StreamDriver(EventQueue& queue, std::shared_ptr<ByteStream> connection, Side side,
                           Wrapping wrapping, Hooks hooks)
    : queue_(queue),
      connection_(std::move(connection)),
      side_(side),
      wrapping_(wrapping),
      hooks_(std::move(hooks)) {
  connection_->set_on_event(side_, [self = self_] {
    if (*self != nullptr) (*self)->OnEvent();
  });
  if (connection_->status(side_) == NetStatus::kNotYet) return;
  // It was open before: nobody will tell.
  queue_.Schedule(queue_.now(), EventSource::kNetwork, [self = self_] {
    if (*self != nullptr) (*self)->OnEvent();
  });
}

StreamDriver::~StreamDriver() {
  *self_ = nullptr;
  if (timer_at_) queue_.Cancel(timer_);
}

void StreamDriver::Close() {
  if (over_) return;
  if (!begun_) {
    connection_->Abort(side_);
    return End("closed by the application");
  }
  closing_ = true;
  busy_ = true;
  Drain();
  busy_ = false;
}

void StreamDriver::Break() {
  if (over_) return;
  connection_->Vanish(side_);
  End("broken");
}

void StreamDriver::OnEvent() {
  if (over_) return;
  busy_ = true;
  const NetStatus status = connection_->status(side_);
  if (status == NetStatus::kOk) {
    if (!begun_) Begin();
    Exchange();
  } else if (status != NetStatus::kNotYet) {
    End(status == NetStatus::kRefused       ? "refused"
        : status == NetStatus::kUnreachable ? "unreachable"
                                            : "broken");
  }
  busy_ = false;
}

void StreamDriver::Begin() {
  begun_ = true;
  if (wrapping_ == Wrapping::kTls) StartTls();
  if (wrapping_ == Wrapping::kPlain) StartCore();
}

// Once more where the peer had to wait: nobody else tells us that it has said more.
void StreamDriver::Exchange() {
  bool was_held_back = false;
  do {
    ReadAll();
    was_held_back = !HasRoom();
    if (!over_ && connection_->at_end(side_)) {
      TellClosed();
      closing_ = true;
    }
    if (!over_) Drain();
  } while (was_held_back && !over_ && HasRoom());
}

bool StreamDriver::HasRoom() const {
  return core_ == nullptr || core_->unsent_bytes() < kUnsentBytesMax;
}

void StreamDriver::ReadAll() {
  std::array<std::byte, 4096> buffer;
  while (!over_ && HasRoom()) {
    const size_t count = connection_->Read(side_, buffer);
    if (count == 0) return;
    OnStreamBytes(std::span(buffer).first(count));
  }
}

void StreamDriver::OnStreamBytes(std::span<const std::byte> bytes) {
  if (wrapping_ == Wrapping::kSniff) {
    // A TLS record of type handshake: nothing in plain text begins like this.
    wrapping_ = std::to_integer<int>(bytes[0]) == 0x16 ? Wrapping::kTls : Wrapping::kPlain;
    if (wrapping_ == Wrapping::kTls) StartTls();
    if (wrapping_ == Wrapping::kPlain) StartCore();
  }
  if (over_) return;
  if (tls_ != nullptr) return FeedTls(bytes);
  if (core_ != nullptr && !core_closed_) core_->OnBytes(queue_.now(), bytes);
}

void StreamDriver::StartTls() {
  tls_ = hooks_.make_tls();
  if (side_ == Side::kClient) FeedTls({});
}

void StreamDriver::FeedTls(std::span<const std::byte> bytes) {
  tls_->OnBytes(bytes);
  if (!handshake_told_ && (tls_->handshake_done() || tls_->failure() != nullptr)) {
    handshake_told_ = true;
    if (hooks_.on_handshake) hooks_.on_handshake(*tls_);
    if (tls_->failure() == nullptr) StartCore();
  }
  const Bytes plaintext = tls_->TakePlaintext();
  if (!plaintext.empty() && core_ != nullptr && !core_closed_) {
    if (hooks_.on_plaintext) hooks_.on_plaintext(Other(side_), plaintext);
    core_->OnBytes(queue_.now(), plaintext);
  }
  if (tls_->failure() != nullptr) {
    // Our alert, if there is one, still goes out.
    closing_ = true;
    TellClosed();
  } else if (tls_->peer_closed()) {
    TellClosed();
    closing_ = true;
  }
}

void StreamDriver::StartCore() {
  core_ = hooks_.make_core(tls_.get());
  if (core_ == nullptr) {
    closing_ = true;
    return;
  }
  core_was_open_ = true;
  core_->set_wake([self = self_] {
    if (*self != nullptr) (*self)->Wake();
  });
  core_->OnOpen(queue_.now());
}

void StreamDriver::TellClosed() {
  if (core_ == nullptr || std::exchange(core_closed_, true)) return;
  core_->OnClose(queue_.now());
}

void StreamDriver::Drain() {
  if (core_ != nullptr) {
    const Bytes output = core_->TakeOutput();
    if (tls_ == nullptr) {
      pending_.insert(pending_.end(), output.begin(), output.end());
    } else if (!output.empty()) {
      if (hooks_.on_plaintext) hooks_.on_plaintext(side_, output);
      tls_->Write(output);
    }
    if (core_->wants_close()) closing_ = true;
  }
  if (tls_ != nullptr) {
    if (closing_) tls_->Close();
    const Bytes output = tls_->TakeOutput();
    pending_.insert(pending_.end(), output.begin(), output.end());
  }
  WritePending();
  if (core_ != nullptr) core_->set_held_bytes(pending_.size() - pending_begin_);
  if (closing_ && pending_.empty()) {
    TellClosed();
    connection_->Close(side_);
    return End("");
  }
  ArmTimer();
}

void StreamDriver::WritePending() {
  pending_begin_ += connection_->Write(side_, std::span(pending_).subspan(pending_begin_));
  if (pending_begin_ < pending_.size()) {
    if (pending_begin_ < kUnsentBytesMax) return;
    pending_.erase(pending_.begin(), pending_.begin() + static_cast<ptrdiff_t>(pending_begin_));
    pending_begin_ = 0;
    return;
  }
  pending_.clear();
  pending_begin_ = 0;
}

void StreamDriver::ArmTimer() {
  const std::optional<SimTime> wanted =
      core_ != nullptr && !core_closed_ ? core_->next_timer() : std::nullopt;
  if (wanted == timer_at_) return;
  if (timer_at_) queue_.Cancel(timer_);
  timer_at_ = wanted;
  if (!wanted) return;
  timer_ = queue_.Schedule(std::max(*wanted, queue_.now()), EventSource::kNetwork, [self = self_] {
    if (*self != nullptr) (*self)->OnTimer();
  });
}

void StreamDriver::OnTimer() {
  timer_at_.reset();
  if (over_) return;
  busy_ = true;
  core_->OnTimer(queue_.now());
  Drain();
  busy_ = false;
}

void StreamDriver::Wake() {
  if (busy_ || wake_scheduled_ || over_) return;
  wake_scheduled_ = true;
  queue_.Schedule(queue_.now(), EventSource::kNetwork, [self = self_] {
    if (*self == nullptr) return;
    StreamDriver& driver = **self;
    driver.wake_scheduled_ = false;
    if (driver.over_) return;
    driver.busy_ = true;
    driver.Drain();
    driver.busy_ = false;
  });
}

void StreamDriver::End(const std::string& reason) {
  if (std::exchange(over_, true)) return;
  TellClosed();
  // A peer that hangs up in mid-handshake, without an alert, has something against our certificate
  // as well.
  if (tls_ != nullptr && !std::exchange(handshake_told_, true) && hooks_.on_handshake)
    hooks_.on_handshake(*tls_);
  if (timer_at_) queue_.Cancel(timer_);
  timer_at_.reset();
  std::string why = core_was_open_ ? "" : reason.empty() ? "closed" : reason;
  if (tls_ != nullptr && tls_->failure() != nullptr && !core_was_open_)
    why = "tls: " + tls_->failure()->reason;
  if (hooks_.on_over) hooks_.on_over(why);
}

}  // namespace dustproof::internal
