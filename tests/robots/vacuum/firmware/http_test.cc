#include "robots/vacuum/firmware/cloud/http.h"

#include <gtest/gtest.h>

#include "tests/robots/vacuum/firmware/scripted_stream.h"

namespace vacuum::test {
namespace {

std::optional<HttpMessage> Read(ScriptedStream& stream, bool is_response, HttpLimits limits = {}) {
  std::string buffer;
  return ReadHttpMessage(
      stream, buffer, is_response, limits, [&] { return stream.now_us; }, Seconds(10));
}

TEST(HttpTest, ReadsABodyOfStatedLengthHoweverItIsCut) {
  for (const size_t piece_bytes : {1, 2, 7, 1000}) {
    ScriptedStream stream;
    stream.piece_bytes = piece_bytes;
    stream.to_read = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection:  close \r\n\r\nhello";
    const auto message = Read(stream, true);
    ASSERT_TRUE(message);
    EXPECT_EQ(message->status(), 200);
    EXPECT_EQ(message->body, "hello");
    EXPECT_TRUE(message->last());
  }
}

TEST(HttpTest, ReadsChunksAndWhatIsBehindThem) {
  ScriptedStream stream;
  stream.to_read =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nWiki\r\n6;x=1\r\npedia "
      "\r\n0\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n";
  std::string buffer;
  const auto now_us = [&] { return stream.now_us; };
  const auto first = ReadHttpMessage(stream, buffer, true, {}, now_us, Seconds(10));
  ASSERT_TRUE(first);
  EXPECT_EQ(first->body, "Wikipedia ");
  const auto second = ReadHttpMessage(stream, buffer, true, {}, now_us, Seconds(10));
  ASSERT_TRUE(second);
  EXPECT_EQ(second->status(), 204);
}

TEST(HttpTest, ReadsToTheEndOfTheStreamWhereNoLengthIsGiven) {
  ScriptedStream stream;
  stream.to_read = "HTTP/1.0 200 OK\r\n\r\nall of it";
  stream.closed = true;
  const auto message = Read(stream, true);
  ASSERT_TRUE(message);
  EXPECT_EQ(message->body, "all of it");
  EXPECT_TRUE(message->last());
}

TEST(HttpTest, RefusesWhatIsBrokenOrTooLong) {
  for (const std::string text :
       {"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
        "HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "SSH-2.0\r\n\r\n", "HTTP/1.1 2x0 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell"}) {
    ScriptedStream stream;
    stream.to_read = text;
    stream.closed = true;
    EXPECT_FALSE(Read(stream, true)) << text;
  }
  ScriptedStream endless;
  endless.to_read = "HTTP/1.1 200 OK\r\nX: " + std::string(10000, 'x');
  EXPECT_FALSE(Read(endless, true, {.head_bytes_max = 4096, .body_bytes_max = 100}));
}

TEST(HttpTest, GivesUpAtTheDeadline) {
  ScriptedStream stream;
  stream.to_read = "HTTP/1.1 200 OK\r\n";
  EXPECT_FALSE(Read(stream, true));
  EXPECT_EQ(stream.now_us, Seconds(10));
}

}  // namespace
}  // namespace vacuum::test
