#include "hil/protocol/http_parser.h"

#include <gtest/gtest.h>

#include <string>

#include "sim/core/random.h"
#include "tests/hil/protocol/http_test_text.h"

namespace dustproof {
namespace {

using namespace std::string_literals;

constexpr HttpLimits kSmall{.header_bytes_max = 256, .body_bytes_max = 64};

Result<std::optional<HttpRequest>> ReadOne(std::string_view stream) {
  HttpRequestReader reader(kSmall);
  reader.Append(ToBytes(stream));
  return reader.Next();
}

void ExpectRefused(std::string_view stream, int status) {
  HttpRequestReader reader(kSmall);
  reader.Append(ToBytes(stream));
  EXPECT_FALSE(reader.Next().ok()) << stream;
  EXPECT_EQ(reader.error_status(), status) << stream;
}

TEST(HttpParserTest, ReadsARequestWithABody) {
  const auto request = ReadOne(
      "POST /v1/login?x=1 HTTP/1.1\r\nHost: c\r\nContent-length: 2\r\nAuthorization: bearer "
      "k\r\n\r\n{}");
  ASSERT_TRUE(request.ok()) << ToString(request.error());
  ASSERT_TRUE(request->has_value());
  EXPECT_EQ((*request)->method, "POST");
  EXPECT_EQ((*request)->path(), "/v1/login");
  EXPECT_EQ((*request)->header("HOST"), "c");
  EXPECT_EQ((*request)->bearer(), "k");
  EXPECT_EQ(AsText((*request)->body), "{}");
  EXPECT_TRUE((*request)->keep_alive);
}

TEST(HttpParserTest, ReadsPipelinedRequestsByteByByte) {
  const std::string stream =
      "GET /a HTTP/1.1\r\nHost: c\r\n\r\n"
      "\r\nPUT /b HTTP/1.1\r\nHost: c\r\nTransfer-Encoding: "
      "chunked\r\n\r\n3\r\nabc\r\n2;note=x\r\nde\r\n0\r\nTrailer: t\r\n\r\n"
      "GET /c HTTP/1.0\r\n\r\n";
  HttpRequestReader reader(kSmall);
  std::string seen;
  for (const char c : stream) {
    reader.Append(ToBytes(std::string_view(&c, 1)));
    const auto request = reader.Next();
    ASSERT_TRUE(request.ok()) << ToString(request.error()) << " after " << seen;
    if (request->has_value())
      seen +=
          (*request)->target + "=" + Text((*request)->body) + ((*request)->keep_alive ? ";" : ".");
  }
  EXPECT_EQ(seen, "/a=;/b=abcde;/c=.");
  EXPECT_FALSE(reader.in_request());
}

TEST(HttpParserTest, ReadsAnEmptyChunkedBodyByteByByte) {
  HttpRequestReader reader(kSmall);
  int requests = 0;
  for (const char c : "POST / HTTP/1.1\r\nHost: c\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"s) {
    reader.Append(ToBytes(std::string_view(&c, 1)));
    const auto request = reader.Next();
    ASSERT_TRUE(request.ok()) << ToString(request.error());
    if (*request) ++requests;
  }
  EXPECT_EQ(requests, 1);
}

TEST(HttpParserTest, RefusesWhatServersReadDifferently) {
  ExpectRefused("GET / HTTP/1.1\r\n\r\n", 400);  // No host.
  ExpectRefused("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400);
  ExpectRefused("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
                400);
  ExpectRefused(
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: "
      "chunked\r\n\r\n0\r\n\r\n",
      400);
  ExpectRefused("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", 501);
  ExpectRefused("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
                501);
  ExpectRefused("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", 400);
  ExpectRefused("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n", 400);
  ExpectRefused("GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400);
  ExpectRefused("GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505);
  ExpectRefused("GET http HTTP/1.1\r\nHost: a\r\n\r\n", 400);
  ExpectRefused("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400);
  ExpectRefused("\x16\x03\x01\x02\x00\x01", 400);  // A TLS hello on a plain port.
}

TEST(HttpParserTest, KeepsToItsLimits) {
  ExpectRefused("GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(300, 'x'), 431);
  ExpectRefused("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 65\r\n\r\n", 413);
  ExpectRefused("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n41\r\n" +
                    std::string(65, 'x'),
                413);
}

TEST(HttpParserTest, ReadsResponses) {
  HttpResponseReader reader(kSmall);
  reader.Append(
      ToBytes("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\nok"
              "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"));
  auto response = reader.Next();
  ASSERT_TRUE(response.ok() && response->has_value());
  EXPECT_EQ((*response)->status, 202);
  EXPECT_EQ(AsText((*response)->body), "ok");
  response = reader.Next(true);  // The answer to HEAD: five bytes are stated and none follow.
  ASSERT_TRUE(response.ok() && response->has_value());
  EXPECT_TRUE((*response)->body.empty());
  reader.Append(ToBytes("HTTP/1.0 200 OK\r\n\r\nuntil the end"));
  EXPECT_FALSE(reader.Next()->has_value());
  response = reader.Finish();
  ASSERT_TRUE(response.ok() && response->has_value());
  EXPECT_EQ(AsText((*response)->body), "until the end");
  EXPECT_FALSE((*response)->keep_alive);
}

TEST(HttpParserTest, SurvivesFlippedBitsAndCuts) {
  const Bytes stream = ToBytes(
      "PUT /v1/maps/current HTTP/1.1\r\nHost: c\r\nExpect: 100-continue\r\nTransfer-Encoding: "
      "chunked\r\n\r\n"
      "3\r\nabc\r\n0\r\n\r\nPOST /b HTTP/1.1\r\nHost: c\r\nContent-Length: 2\r\n\r\n{}");
  RandomStream random(11);
  for (int round = 0; round < 20000; ++round) {
    Bytes bytes = stream;
    for (uint64_t flips = random.Below(4); flips > 0; --flips) {
      bytes[random.Below(bytes.size())] ^= static_cast<std::byte>(1 << random.Below(8));
    }
    HttpRequestReader requests(kSmall);
    HttpResponseReader responses(kSmall);
    const size_t cut = random.Below(bytes.size());
    for (const auto piece : {std::span(bytes).first(cut), std::span(bytes).subspan(cut)}) {
      requests.Append(piece);
      responses.Append(piece);
      auto request = requests.Next();
      for (int i = 0; i < 10 && request.ok() && request->has_value(); ++i)
        request = requests.Next();
      if (!request.ok()) break;
      if (!responses.Next().ok()) responses = HttpResponseReader(kSmall);
    }
  }
}

TEST(HttpParserTest, DecodesPercentsThatAreOnes) {
  EXPECT_EQ(PercentDecode("a%20b%2Fc"), "a b/c");
  EXPECT_EQ(PercentDecode("100%"), "100%");
  EXPECT_EQ(PercentDecode("%zz%4"), "%zz%4");
}

}  // namespace
}  // namespace dustproof
