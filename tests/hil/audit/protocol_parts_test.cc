// Every byte is accounted for: what a protocol does not fix is the sender's, wherever it stands.
#include "hil/audit/internal/protocol_parts.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace dustproof::internal {
namespace {

using Kind = ProtocolPart::Kind;
using namespace std::string_literals;

Flow FlowOf(EmissionKind kind, std::string_view text) {
  Flow flow;
  flow.kind = kind;
  const auto bytes = std::as_bytes(std::span(text));
  flow.data.assign(bytes.begin(), bytes.end());
  flow.segments.push_back({});
  return flow;
}

/// The text of all parts that are not the protocol's own, joined by '|', after a check that no byte
/// of the flow is left out.
std::string Said(EmissionKind kind, std::string_view text) {
  std::vector<ProtocolPart> parts = SplitFlow(FlowOf(kind, text));
  std::sort(parts.begin(), parts.end(), [](const ProtocolPart& a, const ProtocolPart& b) {
    return a.range.begin < b.range.begin;
  });
  std::string said;
  size_t covered = 0;
  for (const ProtocolPart& part : parts) {
    EXPECT_LE(part.range.begin, covered) << part.label;
    covered = std::max(covered, part.range.end);
    if (part.kind == Kind::kFraming) continue;
    if (!said.empty()) said += "|";
    if (part.joined) {
      said.append(reinterpret_cast<const char*>(part.joined->data()), part.joined->size());
    } else {
      said += text.substr(part.range.begin, part.range.size());
    }
  }
  EXPECT_EQ(covered, text.size());
  return said;
}

TEST(ProtocolPartsTest, GivesHttpItsOwnWordsOnly) {
  EXPECT_EQ(
      Said(EmissionKind::kPlaintext, "PUT /map HTTP/1.1\r\nHost: c\r\nContent-Length: 2\r\n\r\nhi"),
      "/map|c|2|hi");
  EXPECT_EQ(Said(EmissionKind::kPlaintext, "GET / HTTP/1.1secret\r\nHost: c\r\n\r\n"),
            "/| HTTP/1.1secret|c");
}

TEST(ProtocolPartsTest, SeesWhatHidesBetweenHttpChunks) {
  const std::string head = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_EQ(Said(EmissionKind::kPlaintext, head + "2\r\nhi\r\n1\r\n!\r\n0\r\n\r\n"),
            "/|chunked|hi!");
  EXPECT_EQ(Said(EmissionKind::kPlaintext, head + "2;secret\r\nhi\r\n0\r\n\r\n"),
            "/|chunked|;secret|hi");
  EXPECT_EQ(Said(EmissionKind::kPlaintext, head + "secret\r\n\r\n"), "/|chunked|secret");
}

const std::string kConnect = "\x10\x11\0\4MQTT\4\2\0\x3c\0\5robot"s;

TEST(ProtocolPartsTest, SeesWhatMqttPacketsHoldBeyondTheirFields) {
  EXPECT_EQ(Said(EmissionKind::kPlaintext, kConnect), "robot");
  EXPECT_EQ(Said(EmissionKind::kPlaintext, "\x10\x17\0\4MQTT\4\2\0\x3c\0\5robotsecret"s),
            "robot|secret");
  EXPECT_EQ(Said(EmissionKind::kPlaintext, kConnect + "\x82\x0c\0\1\0\1a\0secret"s),
            "robot|a|secret");
  // A topic that is longer than its packet, and a connect whose first field is.
  EXPECT_EQ(Said(EmissionKind::kPlaintext, kConnect + "\x30\7\xff\xff"
                                                      "abcde"s),
            "robot|\x30\7\xff\xff"
            "abcde");
  EXPECT_EQ(Said(EmissionKind::kPlaintext, "\x10\x0c\xff\xffMQTT\4\2\0\x3c\0\5"s),
            "\x10\x0c\xff\xffMQTT\4\2\0\x3c\0\5"s);
}

TEST(ProtocolPartsTest, SeesWhatFollowsADnsQuestion) {
  const std::string query = "\x12\x34\1\0\0\1\0\0\0\0\0\0\3api\7example\0\0\1\0\1"s;
  EXPECT_EQ(Said(EmissionKind::kDns, query), "api.example");
  EXPECT_EQ(Said(EmissionKind::kDns, query + "secret"), "api.example|secret");
}

TEST(ProtocolPartsTest, SeesWhatHidesInDhcpPadding) {
  std::string discover(240, '\0');
  discover.replace(0, 3, "\1\1\6");
  discover.replace(236, 4, "\x63\x82\x53\x63");
  const std::string options = "\x35\1\1\x0c\5robot\xff"s;
  const std::string padding(20, '\0');
  EXPECT_EQ(Said(EmissionKind::kDhcp, discover + options + padding), "robot");
  EXPECT_EQ(Said(EmissionKind::kDhcp, discover + options + "secret"), "robot|secret");
  std::string named = discover;
  named.replace(100, 6, "secret");
  const std::string said = Said(EmissionKind::kDhcp, named + options);
  EXPECT_NE(said.find("secret"), std::string::npos);
  EXPECT_EQ(Said(EmissionKind::kDhcp, discover.substr(0, 100)), "");
}

}  // namespace
}  // namespace dustproof::internal
