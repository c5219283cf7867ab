// DHCP messages; what reads well must survive a second trip, and be answerable.
#include "hil/protocol/dhcp.h"
#include "tests/fuzz/fuzz_input.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace dustproof;
  const Result<DhcpMessage> message = ParseDhcp(fuzz::Input(data, size).Rest());
  if (!message) return 0;
  const Bytes written = SerializeDhcp(*message);
  const Result<DhcpMessage> again = ParseDhcp(written);
  DP_CHECK(again.ok());
  DP_CHECK(SerializeDhcp(*again) == written);
  if (message->type()) {
    const DhcpMessage offer =
        MakeDhcpReply(*message, DhcpType::kOffer, {.address = 1, .server = 2});
    const Result<DhcpMessage> request = ParseDhcp(SerializeDhcp(MakeDhcpRequest(offer, "robot")));
    DP_CHECK(request.ok() && request->type() == DhcpType::kRequest);
  }
  return 0;
}
