// NTP: requests, and the answers that firmware might be given.
#include "hil/protocol/ntp.h"
#include "tests/fuzz/fuzz_input.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace dustproof;
  const auto packet = fuzz::Input(data, size).Rest();
  NtpTransmitTime(packet);
  const WallTime received = WallTime::FromUnixSeconds(1'772'442'000);
  if (const auto answer = AnswerNtp(packet, received)) {
    const auto time = NtpTransmitTime(*answer);
    DP_CHECK(time.has_value());
    const int64_t off_ns = time->unix_nanoseconds() - received.unix_nanoseconds();
    DP_CHECK(off_ns >= -1 && off_ns <= 1, off_ns);
  }
  return 0;
}
