#include "hil/wire/framing.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace dustproof {
namespace {

using Payload = std::vector<uint8_t>;
using Payloads = std::vector<Payload>;

Payload Frame(const Payload& payload) {
  Payload frame(DP_FRAME_BYTES_MAX(payload.size()));
  frame.resize(dp_frame_encode(payload.data(), payload.size(), frame.data(), frame.size()));
  return frame;
}

// What arrives of `line` at a receiver with room for `capacity` bytes.
struct Arrived {
  Payloads payloads;
  dp_frame_decoder decoder{};
};
Arrived Receive(const Payload& line, size_t capacity = 2048) {
  Payload buffer(capacity);
  Arrived arrived;
  dp_frame_decoder_init(&arrived.decoder, buffer.data(), buffer.size());
  for (const uint8_t byte : line) {
    if (const size_t bytes = dp_frame_decode(&arrived.decoder, byte))
      arrived.payloads.emplace_back(buffer.begin(), buffer.begin() + static_cast<long>(bytes));
  }
  return arrived;
}

Payload operator+(Payload left, const Payload& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

// Bytes of every value, and runs without a zero that are longer than a block.
Payload Sample(size_t bytes, uint8_t every) {
  Payload payload(bytes);
  for (size_t i = 0; i < bytes; ++i) payload[i] = static_cast<uint8_t>(every == 0 ? 7 : i % every);
  return payload;
}

// CRC-32 of "123456789" is CBF43926 by its definition; none of these bytes is zero, so that COBS adds one code: 9 + 4 + 1.
TEST(FramingTest, SpellsAFrameAsTheHeaderSays) {
  const std::string text = "123456789";
  const Payload expected = Payload{0, 14} + Payload(text.begin(), text.end()) + Payload{0x26, 0x39, 0xF4, 0xCB, 0};
  EXPECT_EQ(Frame(Payload(text.begin(), text.end())), expected);
}

TEST(FramingTest, BringsEveryLengthAndContentThrough) {
  for (const uint8_t every : {0, 1, 3, 255}) {
    for (size_t bytes = 1; bytes < 1100; ++bytes) {
      const Payload payload = Sample(bytes, every), frame = Frame(payload);
      ASSERT_FALSE(frame.empty());
      const Arrived arrived = Receive(frame);
      ASSERT_EQ(arrived.payloads, (Payloads{payload})) << bytes;
      EXPECT_EQ(arrived.decoder.damaged, 0u);
    }
  }
}

TEST(FramingTest, WritesNothingThatDoesNotFit) {
  const Payload payload = Sample(600, 255);
  Payload out(DP_FRAME_BYTES_MAX(payload.size()));
  EXPECT_EQ(dp_frame_encode(payload.data(), payload.size(), out.data(), out.size() - 1), 0u);
  EXPECT_EQ(dp_frame_encode(payload.data(), 0, out.data(), out.size()), 0u);
  EXPECT_EQ(dp_frame_encode(payload.data(), SIZE_MAX - 3, out.data(), out.size()), 0u);
  EXPECT_GT(dp_frame_encode(payload.data(), payload.size(), out.data(), out.size()), payload.size());
}

// The frame on the line comes whole (its outer zeros are there twice) or not at all, and the next one always comes.
void ExpectOnlyOneTouched(const Payload& first, const Payload& damaged, const Payload& second) {
  const Arrived arrived = Receive(damaged + Frame(second));
  ASSERT_FALSE(arrived.payloads.empty());
  EXPECT_EQ(arrived.payloads.back(), second);
  if (arrived.payloads.size() == 2)
    EXPECT_EQ(arrived.payloads.front(), first);
  else
    EXPECT_EQ(arrived.payloads.size(), 1u);
  EXPECT_EQ(arrived.payloads.size() == 1, arrived.decoder.damaged > 0);
}

TEST(FramingTest, NoticesALostByteAtEveryPlace) {
  const Payload first = Sample(300, 40), second = Sample(20, 3), frame = Frame(first);
  for (size_t i = 0; i < frame.size(); ++i) {
    SCOPED_TRACE(i);
    Payload damaged = frame;
    damaged.erase(damaged.begin() + static_cast<long>(i));
    ExpectOnlyOneTouched(first, damaged, second);
    const bool inside = i > 0 && i + 1 < frame.size();
    EXPECT_EQ(Receive(damaged + Payload{0}).payloads.size(), inside ? 0u : 1u);
  }
}

TEST(FramingTest, NoticesEveryFlippedByte) {
  const Payload first = Sample(300, 40), second = Sample(20, 3), frame = Frame(first);
  for (size_t i = 0; i < frame.size(); ++i) {
    for (unsigned value = 0; value < 256; ++value) {
      if (value == frame[i]) continue;
      SCOPED_TRACE(testing::Message() << i << " becomes " << value);
      Payload damaged = frame;
      damaged[i] = static_cast<uint8_t>(value);
      ExpectOnlyOneTouched(first, damaged, second);
      EXPECT_EQ(Receive(damaged).payloads.size(), 0u);
    }
  }
}

TEST(FramingTest, GoesOnAfterNoise) {
  const Payload payload = Sample(50, 7);
  const Arrived arrived = Receive(Payload{9, 200, 33, 1} + Frame(payload) + Payload{5, 5} + Frame(payload));
  EXPECT_EQ(arrived.payloads, (Payloads{payload, payload}));
  EXPECT_EQ(arrived.decoder.frames, 2u);
  EXPECT_EQ(arrived.decoder.damaged, 2u);
}

TEST(FramingTest, SurvivesALineThatNeverEndsAFrame) {
  const Payload payload = Sample(28, 7);
  const Arrived arrived = Receive(Payload(100'000, 0x55) + Frame(payload), 32);
  EXPECT_EQ(arrived.payloads, (Payloads{payload}));
  EXPECT_EQ(arrived.decoder.damaged, 1u);
  EXPECT_EQ(arrived.decoder.oversized, 1u);
}

TEST(FramingTest, TakesWhatFillsTheBufferAndNotAByteMore) {
  EXPECT_EQ(Receive(Frame(Sample(28, 7)), 32).payloads.size(), 1u);
  const Arrived arrived = Receive(Frame(Sample(29, 7)), 32);
  EXPECT_TRUE(arrived.payloads.empty());
  EXPECT_EQ(arrived.decoder.oversized, 1u);
}

}  // namespace
}  // namespace dustproof
