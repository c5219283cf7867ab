// A board on Ethernet shows its own address in ARP and neighbour discovery whatever it is about; elsewhere it gives it away.
#include <gtest/gtest.h>

#include "tests/hil/audit/synthetic_run.h"

namespace dustproof::test {
namespace {

using namespace std::string_literals;

const char* const kStation = "b8:27:eb:45:0a:7c";
const std::string kMac = "\xb8\x27\xeb\x45\x0a\x7c"s;
const std::string kIdentifier = "\xba\x27\xeb\xff\xfe\x45\x0a\x7c"s;  // The second bit of the first byte turned, ff:fe in the middle.
const std::string kLinkLocal = "\xfe\x80\0\0\0\0\0\0"s + kIdentifier;
const std::string kAllRouters = "\xff\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\x02"s;

std::string Ipv6(const std::string& source, char next_header, const std::string& payload) {
  return "\x60\0\0\0\0"s + static_cast<char>(payload.size()) + next_header + "\xff"s + source + kAllRouters + payload;
}
std::string Icmpv6(char type, const std::string& rest) { return type + "\0\x12\x34"s + rest; }
std::string Solicitation(const std::string& target, const std::string& options) { return Icmpv6('\x87', "\0\0\0\0"s + target + options); }
std::string Arp(const std::string& sender, const std::string& target) {
  return "\0\1\x08\0\6\4\0\1"s + sender + "\xc0\xa8\1\x64"s + target + "\xc0\xa8\1\1"s;
}
const std::string kNobody(6, '\0');
const std::string kSourceOption = "\1\1"s + kMac, kTargetOption = "\2\1"s + kMac;

struct Case {
  const char* name;
  const char* protocol;
  std::string packet;
};

AuditReport AuditOf(const Case& c) {
  SyntheticRun run(std::string("own_address_") + c.name);
  run.Event(70, "network", "station_seen", kStation);
  Emission emission;
  emission.emitter = "robot";
  emission.kind = EmissionKind::kBroadcast;
  emission.direction = Direction::kFromRobot;
  emission.party = {"public", "", "unknown", "", "ff02::2"};
  emission.protocol = c.protocol;
  emission.payload = ToBytes(c.packet);
  run.Send(100, emission);
  return run.Audit();
}

class InherentTest : public testing::TestWithParam<Case> {};
TEST_P(InherentTest, IsNoFinding) {
  const AuditReport report = AuditOf(GetParam());
  EXPECT_TRUE(FindingsOf(report, "robot_mac").empty()) << Describe(report);
}
INSTANTIATE_TEST_SUITE_P(
    OwnAddress, InherentTest,
    testing::Values(Case{"arp_sender", "arp", Arp(kMac, kNobody)}, Case{"arp_announced", "arp", Arp(kMac, kMac) + std::string(18, '\0')},
                    Case{"router_solicitation", "ndp", Ipv6(kLinkLocal, 58, Icmpv6('\x85', "\0\0\0\0"s + kSourceOption))},
                    Case{"own_address_in_doubt", "ndp", Ipv6(std::string(16, '\0'), 58, Solicitation(kLinkLocal, "\x0e\1Nonce!"s))},
                    Case{"neighbour_solicitation", "ndp", Ipv6(kLinkLocal, 58, Solicitation(kAllRouters, kSourceOption))},
                    Case{"second_option", "ndp", Ipv6(kLinkLocal, 58, Solicitation(kAllRouters, "\x0e\1Nonce!"s + kSourceOption))},
                    Case{"neighbour_advertisement", "ndp", Ipv6(kLinkLocal, 58, Icmpv6('\x88', "\x20\0\0\0"s + kLinkLocal + kTargetOption))},
                    Case{"group_report", "ndp",
                         Ipv6(kLinkLocal, 0, "\x3a\0\5\2\0\0\1\0"s + Icmpv6('\x8f', "\0\0\0\1\4\0\0\0"s + kAllRouters))},
                    Case{"other_packet", "ipv6", Ipv6(kLinkLocal, 17, "\x14\xe9\x14\xe9\0\x0a\0\0hi"s)}),
    [](const auto& info) { return info.param.name; });

class GivenAwayTest : public testing::TestWithParam<Case> {};
TEST_P(GivenAwayTest, IsAFinding) {
  const AuditReport report = AuditOf(GetParam());
  EXPECT_FALSE(FindingsOf(report, "robot_mac").empty()) << Describe(report);
}
INSTANTIATE_TEST_SUITE_P(
    OwnAddress, GivenAwayTest,
    testing::Values(Case{"behind_arp", "arp", Arp(kMac, kNobody) + kMac},
                    Case{"behind_the_packet", "ndp", Ipv6(kLinkLocal, 58, Solicitation(kAllRouters, kSourceOption)) + kSourceOption},
                    Case{"in_a_nonce", "ndp", Ipv6(kLinkLocal, 58, Solicitation(kAllRouters, "\x0e\1"s + kMac))},
                    Case{"in_a_long_option", "ndp", Ipv6(kLinkLocal, 58, Solicitation(kAllRouters, "\1\2"s + kMac + std::string(8, '\0')))},
                    Case{"in_an_address_prefix", "ndp", Ipv6(kMac + std::string(10, '\0'), 58, Solicitation(kAllRouters, kSourceOption))},
                    Case{"who_was_asked", "ndp", Ipv6(kLinkLocal, 58, Icmpv6('\x85', "\0\0\0\0"s + kIdentifier))},
                    Case{"in_a_payload", "ipv6", Ipv6(kLinkLocal, 17, "\x14\xe9\x14\xe9\0\x0e\0\0"s + kMac)},
                    Case{"identifier_as_text", "ipv6", Ipv6(kAllRouters, 17, "\x14\xe9\x14\xe9\0\x20\0\0fe80::ba27:ebff:fe45:a7c ba27:ebff:fe45:0a7c"s)},
                    Case{"behind_ping", "icmp", "\x08\0\x12\x34" + kMac},
                    // One that was planted and is not the wire's is nothing that a packet can't do without.
                    Case{"planted", "arp", Arp("\xa4\xc1\x38\x0b\x5e\x99"s, kNobody)}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace dustproof::test
