#include "hil/protocol/dns.h"

#include <gtest/gtest.h>

#include "packet_mangling.h"

namespace dustproof {
namespace {

// RFC 1035, 4.1.1: id 0x1234, recursion desired, one question: 3"api"7"example"0, type A, class IN.
const Bytes kQuery =
    FromHex("1234 0100 0001 0000 0000 0000 03617069 076578616d706c65 00 0001 0001");
// The answer: QR, RD and RA set; its record's name is a pointer to offset 12; 198.18.5.6 for 300 s.
const Bytes kAnswer = FromHex(
    "1234 8180 0001 0001 0000 0000 03617069 076578616d706c65 00 0001 0001"
    "c00c 0001 0001 0000012c 0004 c6120506");

TEST(DnsTest, WritesAQueryAsTheRfcLaysItOut) {
  EXPECT_EQ(ToHex(SerializeDns(MakeDnsQuery(0x1234, "api.example"))), ToHex(kQuery));
}

TEST(DnsTest, WritesAnAnswerWithAPointerToTheQuestion) {
  const uint32_t address = 0xc6120506;
  const DnsMessage answer = MakeDnsAnswer(*ParseDns(kQuery), std::span(&address, 1), 300);
  EXPECT_EQ(ToHex(SerializeDns(answer)), ToHex(kAnswer));
}

TEST(DnsTest, ReadsAnAnswer) {
  const Result<DnsMessage> answer = ParseDns(kAnswer);
  ASSERT_TRUE(answer.ok());
  EXPECT_TRUE(answer->response && answer->recursion_desired && answer->recursion_available);
  EXPECT_EQ(answer->answers.at(0).name, "api.example");
  EXPECT_EQ(answer->answers.at(0).ttl_s, 300u);
  EXPECT_EQ(DnsAddresses(*answer), std::vector<uint32_t>{0xc6120506});
}

TEST(DnsTest, RefusesPointersThatDontLeadBackwards) {
  // The question's name points at itself; then at what follows.
  EXPECT_FALSE(ParseDns(FromHex("1234 0100 0001 0000 0000 0000 c00c 0001 0001")).ok());
  EXPECT_FALSE(ParseDns(FromHex("1234 0100 0001 0000 0000 0000 c00e 00 0001 0001")).ok());
}

TEST(DnsTest, SurvivesWhateverArrives) {
  ForEachMangled(kAnswer, [](std::span<const std::byte> bytes) {
    const Result<DnsMessage> message = ParseDns(bytes);
    if (message.ok()) SerializeDns(*message);
  });
  for (size_t length = 0; length < kAnswer.size(); ++length) {
    EXPECT_FALSE(ParseDns(std::span(kAnswer).first(length)).ok()) << length;
  }
}

TEST(DnsTest, KnowsWhichNamesCanBeAsked) {
  EXPECT_TRUE(IsDnsName("a.b"));
  EXPECT_TRUE(IsDnsName(std::string(63, 'x') + ".example"));
  EXPECT_FALSE(IsDnsName(""));
  EXPECT_FALSE(IsDnsName("a..b"));
  EXPECT_FALSE(IsDnsName("a."));
  EXPECT_FALSE(IsDnsName(std::string(64, 'x')));
  EXPECT_FALSE(IsDnsName(std::string(254, 'x')));
}

}  // namespace
}  // namespace dustproof
