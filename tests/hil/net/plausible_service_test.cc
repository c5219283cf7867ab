#include "hil/net/internal/plausible_service.h"

#include <gtest/gtest.h>

#include "sim/core/random.h"
#include "test_bench.h"

namespace dustproof::internal {
namespace {

/// What the service answers to `text`, given in pieces of `piece_bytes`.
std::string Answer(std::string_view text, size_t piece_bytes) {
  PlausibleService service;
  const auto core = service.Accept(SimTime::Zero(), {});
  std::string answer;
  while (!text.empty()) {
    const std::string_view piece = text.substr(0, piece_bytes);
    text.remove_prefix(piece.size());
    core->OnBytes(SimTime::Zero(), AsBytes(piece));
    answer += Text(core->TakeOutput());
  }
  return answer;
}

size_t Count(const std::string& text, std::string_view word) {
  size_t count = 0;
  for (size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++count;
  return count;
}

// Whole or split, so that nothing depends on where segments end. The first byte alone tells neither
// dialect.
constexpr size_t kWhole = 1'000'000, kSplit = 13;

TEST(PlausibleServiceTest, AnswersEachRequestOfAConnectionOnce) {
  const std::string two =
      "POST /a HTTP/1.1\r\nContent-Length: 5\r\n\r\nGET /GET /b HTTP/1.1\r\nHost: x\r\n\r\n";
  for (const size_t piece : {kWhole, kSplit})
    EXPECT_EQ(Count(Answer(two, piece), "200 OK"), 2u) << piece;
}

TEST(PlausibleServiceTest, SwallowsChunkedBodies) {
  const std::string chunked =
      "PUT /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nwxyz\r\n3\r\nabc\r\n0\r\n\r\n"
      "GET /b HTTP/1.1\r\n\r\n";
  for (const size_t piece : {kWhole, kSplit}) {
    EXPECT_EQ(Count(Answer(chunked, piece), "200 OK"), 2u) << piece;
  }
}

TEST(PlausibleServiceTest, ToldToCloseClosesAfterItsAnswer) {
  PlausibleService service;
  const auto core = service.Accept(SimTime::Zero(), {});
  core->OnBytes(SimTime::Zero(), AsBytes("HEAD / HTTP/1.1\r\nConnection: close\r\n\r\n"));
  EXPECT_TRUE(core->wants_close());
  EXPECT_TRUE(Text(core->TakeOutput()).ends_with("\r\n\r\n"));  // No body for HEAD.
}

TEST(PlausibleServiceTest, KeepsSilentWhereItUnderstandsNothing) {
  EXPECT_EQ(Answer(std::string(500, 'x'), 50), "");
}

TEST(PlausibleServiceTest, SurvivesWhateverArrives) {
  using namespace std::string_literals;
  const std::string starts[] = {"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
                                "\x10\x0c\x00\x04MQTT\x04\x02\x00\x3c\x00\x00"s, ""};
  RandomStream random(1);
  for (int round = 0; round < 300; ++round) {
    std::string text = starts[round % 3];
    for (int i = 0; i < 200; ++i) text += static_cast<char>(random.Below(256));
    Answer(text, 1 + random.Below(40));
  }
}

}  // namespace
}  // namespace dustproof::internal
