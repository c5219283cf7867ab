#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "robots/vacuum/firmware/platform.h"

/// A HAL for tests of one task: time passes only in blocking calls, flash can lose power, sockets
/// end in the test.
namespace vacuum::test {

/// Thrown out of a flash operation in whose middle the power goes.
struct PowerCut {};

/// How much of an operation is done when the power goes.
enum class CutDepth { kNothing, kSomeBits, kHalf, kOtherHalf, kAll };
constexpr CutDepth kCutDepths[] = {CutDepth::kNothing, CutDepth::kSomeBits, CutDepth::kHalf,
                                   CutDepth::kOtherHalf, CutDepth::kAll};

struct FakeFlash {
  dp_flash_info info{
      .size_bytes = 64 * 1024, .block_bytes = 4096, .page_bytes = 256, .erase_cycles_max = 100000};
  std::vector<uint8_t> bytes = std::vector<uint8_t>(64 * 1024, 0xFF);
  int operations = 0;  ///< Programs and erases begun so far.
  int cut_at = -1;     ///< Index of the operation that is cut, or -1.
  CutDepth cut_depth = CutDepth::kNothing;
  int erases = 0;
  bool broken = false;  ///< Every program and erase fails.

  bool Contains(const std::string& text) const;
  bool Blank() const;
};

/// The far end of a TCP connection: takes what the robot sends, gives what it shall receive.
class FakePeer {
 public:
  virtual ~FakePeer() = default;
  /// Bytes from the robot have come; answers are appended to `out`.
  virtual void OnBytes(const std::string& in, std::string& out) = 0;
  /// Whether the peer has closed its end.
  virtual bool closed() const { return false; }
};

/// What the HAL's functions work on; one at a time, made new by each test.
struct FakeHal {
  FakeHal();
  ~FakeHal();

  uint64_t now_us = 0;
  std::function<void()> on_time;  ///< Called whenever time has passed.
  FakeFlash flash;
  std::vector<std::string> log;
  uint32_t chance = 1;  ///< State of the generator.
  std::string trust_anchor_pem;
  std::vector<std::string> data_ready;
  dp_wifi_state wifi = DP_WIFI_OFF;
  /// Makes the far end of a new connection, or null where it is refused.
  std::function<std::unique_ptr<FakePeer>(dp_endpoint)> connect;
  std::vector<std::string> resolved;

  Platform hal() const;

  struct Socket {
    std::unique_ptr<FakePeer> peer;
    std::string in;
  };
  std::map<int32_t, Socket> sockets;
  int32_t last_socket = 0;
};

}  // namespace vacuum::test
