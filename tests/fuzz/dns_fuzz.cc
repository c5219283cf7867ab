// DNS messages; what reads well, with names that can be asked for, must survive a second trip.
#include "hil/protocol/dns.h"
#include "tests/fuzz/fuzz_input.h"

namespace dustproof {
namespace {

bool CanBeWritten(const DnsMessage& message) {
  for (const DnsQuestion& question : message.questions) {
    if (!IsDnsName(question.name)) return false;
  }
  for (const auto* records : {&message.answers, &message.authorities, &message.additionals}) {
    for (const DnsRecord& record : *records) {
      if (!IsDnsName(record.name)) return false;
    }
  }
  return true;
}

}  // namespace
}  // namespace dustproof

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace dustproof;
  const Result<DnsMessage> message = ParseDns(fuzz::Input(data, size).Rest());
  if (!message) return 0;
  DnsAddresses(*message);
  if (!CanBeWritten(*message)) return 0;
  const Bytes written = SerializeDns(*message);
  const Result<DnsMessage> again = ParseDns(written);
  DP_CHECK(again.ok());
  DP_CHECK(SerializeDns(*again) == written);
  const uint32_t address = 0x0A000001;
  DP_CHECK(ParseDns(SerializeDns(MakeDnsAnswer(*message, {&address, 1}, 60))).ok());
  return 0;
}
