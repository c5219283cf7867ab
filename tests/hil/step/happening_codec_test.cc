#include "hil/step/internal/happening_codec.h"

#include <gtest/gtest.h>

namespace dustproof::internal {
namespace {

Emission AnEmission() {
  Emission e;
  e.time = SimTime::FromNanoseconds(12'345);
  e.sequence = 7;
  e.emitter = "robot";
  e.kind = EmissionKind::kDatagram;
  e.direction = Direction::kToRobot;
  e.connection = 3;
  e.stream_offset = 1ULL << 40;
  e.source_address = 0xC0A80101, e.destination_address = 0x0A000001;
  e.source_port = 53, e.destination_port = 65'535;
  e.party = {"other", "Nobody", "unknown", "CN", "a.example"};
  e.protocol = "dns";
  e.encrypted = true;
  e.consents = "C_POLICY=granted";
  e.payload = {std::byte{0}, std::byte{255}};
  return e;
}

TEST(HappeningCodecTest, GivesBackWhatItWasGivenInItsOrder) {
  std::string bytes;
  Append(AnEmission(), bytes);
  Append(ConsentChange{SimTime::FromNanoseconds(1), "C_POLICY", "denied", "app: settings"}, bytes);
  Append(RunEvent{SimTime::FromNanoseconds(2), "engine", "fault", std::string("a\0b", 3)}, bytes);
  Append(LogLine{SimTime::FromNanoseconds(3), 40, "main", ""}, bytes);
  Append(Contact{SimTime::FromNanoseconds(4), Vec3(1, 2, 3), Vec3(0, 0, 1), 0.25, 2}, bytes);

  std::vector<Happening> out;
  ASSERT_TRUE(Decode(bytes, out));
  ASSERT_EQ(out.size(), 5U);
  const auto& e = std::get<Emission>(out[0]);
  const Emission was = AnEmission();
  EXPECT_EQ(e.time, was.time);
  EXPECT_EQ(e.sequence, was.sequence);
  EXPECT_EQ(e.stream_offset, was.stream_offset);
  EXPECT_EQ(e.source_address, was.source_address);
  EXPECT_EQ(e.destination_port, was.destination_port);
  EXPECT_EQ(e.party.host, was.party.host);
  EXPECT_EQ(e.encrypted, was.encrypted);
  EXPECT_EQ(e.payload, was.payload);
  EXPECT_EQ(std::get<ConsentChange>(out[1]).cause, "app: settings");
  EXPECT_EQ(std::get<RunEvent>(out[2]).detail, std::string("a\0b", 3));
  EXPECT_EQ(std::get<LogLine>(out[3]).level, 40);
  EXPECT_EQ(std::get<Contact>(out[4]).p_WPt_W, Vec3(1, 2, 3));
  EXPECT_EQ(std::get<Contact>(out[4]).prop, 2);
}

TEST(HappeningCodecTest, RefusesEveryCutAndDoesNotReadPastIt) {
  std::string bytes;
  Append(AnEmission(), bytes);
  for (size_t length = 1; length < bytes.size(); ++length) {
    std::vector<Happening> out;
    EXPECT_FALSE(Decode(std::string_view(bytes).substr(0, length), out)) << length;
    EXPECT_TRUE(out.empty());
  }
  std::vector<Happening> out;
  EXPECT_FALSE(Decode("\x63", out));
}

TEST(HappeningCodecTest, CarriesEveryProblemOfAnError) {
  const Error error = Error::BadInput({{{"a.yaml", 3, 7}, "robot", "is missing"}, {{}, "", "and so is all else"}});
  const Error again = DecodeError(Encode(error), ErrorCode::kBadInput);
  EXPECT_EQ(ToString(again), ToString(error));
  EXPECT_EQ(DecodeError("nonsense", ErrorCode::kEnvironment).diagnostics.size(), 1U);
}

}  // namespace
}  // namespace dustproof::internal
