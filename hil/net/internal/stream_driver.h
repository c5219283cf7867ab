#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "hil/net/byte_stream.h"
#include "hil/protocol/stream_core.h"
#include "hil/protocol/tls_end.h"
#include "sim/core/event_queue.h"

namespace dustproof::internal {

/// Whether a stream is wrapped in TLS; kSniff waits for the client's first byte.
enum class Wrapping { kPlain, kTls, kSniff };

/// Runs a `StreamCore`, behind a `TlsEnd` or bare, on one end of a byte stream. Time is the
/// queue's, whatever moves that.
class StreamDriver {
 public:
  struct Hooks {
    /// Makes the application's end once its peer is known; `tls` is null without TLS. Null refuses.
    std::function<std::unique_ptr<StreamCore>(const TlsEnd* tls)> make_core;
    std::function<std::unique_ptr<TlsEnd>()> make_tls;
    /// Plaintext that travels under TLS. `from` is the side that said it.
    std::function<void(Side from, std::span<const std::byte>)> on_plaintext;
    /// The handshake is done or has failed.
    std::function<void(const TlsEnd&)> on_handshake;
    /// Called once, when all is over; `reason` is "" where the stream was open and then closed.
    std::function<void(const std::string& reason)> on_over;
  };

  StreamDriver(EventQueue& queue, std::shared_ptr<ByteStream> connection, Side side,
               Wrapping wrapping, Hooks hooks);
  ~StreamDriver();
  StreamDriver(const StreamDriver&) = delete;
  StreamDriver& operator=(const StreamDriver&) = delete;

  /// The application wants an end: flushes, then closes.
  void Close();
  /// This end's network is gone: nothing more is said.
  void Break();
  bool over() const { return over_; }
  /// The application's end has begun: nothing of a handshake is missing.
  bool was_open() const { return core_was_open_; }

 private:
  void OnEvent();
  void Begin();
  void Exchange();
  bool HasRoom() const;
  void ReadAll();
  void OnStreamBytes(std::span<const std::byte> bytes);
  void FeedTls(std::span<const std::byte> bytes);
  void StartTls();
  void StartCore();
  void TellClosed();
  void Drain();
  void WritePending();
  void ArmTimer();
  void OnTimer();
  void Wake();
  void End(const std::string& reason);

  EventQueue& queue_;
  const std::shared_ptr<ByteStream> connection_;
  const Side side_;
  Wrapping wrapping_;
  Hooks hooks_;
  std::unique_ptr<TlsEnd> tls_;
  std::unique_ptr<StreamCore> core_;
  Bytes pending_;  // For the wire; what stands before `pending_begin_` was taken by the connection.
  size_t pending_begin_ = 0;
  bool begun_ = false;
  bool handshake_told_ = false;
  bool core_was_open_ = false;
  bool core_closed_ = false;
  bool closing_ = false;
  bool busy_ = false;  // Inside one of our own calls: a wake needs no event.
  bool over_ = false;
  std::optional<SimTime> timer_at_;
  EventId timer_ = 0;
  // Events outlive the driver: they look here first.
  std::shared_ptr<StreamDriver*> self_ = std::make_shared<StreamDriver*>(this);
  bool wake_scheduled_ = false;
};

}  // namespace dustproof::internal
