#include "hil/run/explain_hash.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "hil/capture/recording_writer.h"
#include "tests/hil/capture/sample_messages.h"

namespace dustproof {
namespace {

using State = std::vector<std::pair<std::string, uint64_t>>;

// A recording with one state every five seconds.
std::string Record(const std::string& name, const std::vector<State>& states) {
  const std::string path = testing::TempDir() + "/" + name;
  std::filesystem::remove(path);
  auto writer = RecordingWriter::Create(path, {});
  EXPECT_TRUE(writer);
  for (size_t i = 0; i < states.size(); ++i) {
    StateHashes state{test::At(5.0 * static_cast<double>(i)), 100 * i, {}, {}};
    for (const auto& [part, hash] : states[i]) {
      state.parts.push_back(part);
      state.hashes.push_back(hash);
    }
    (*writer)->Write(state);
  }
  (*writer)->WriteMetadata(
      "result", {{"hash", states.empty() ? "" : std::to_string(states.back()[0].second)}});
  EXPECT_TRUE((*writer)->Close());
  return path;
}

HashExplanation MustExplain(const std::string& first, const std::string& second) {
  auto explanation = ExplainHash(first, second);
  EXPECT_TRUE(explanation.ok());
  return *explanation;
}

TEST(ExplainHashTest, IsQuietAboutEqualRuns) {
  const std::vector<State> states = {{{"physics", 1}, {"cloud", 2}},
                                     {{"physics", 3}, {"cloud", 2}}};
  const HashExplanation e = MustExplain(Record("a.mcap", states), Record("b.mcap", states));
  EXPECT_TRUE(e.same());
  EXPECT_EQ(e.instants, 2u);
  EXPECT_EQ(e.last_equal, test::At(5));
  EXPECT_EQ(e.equal_parts, (std::vector<std::string>{"physics", "cloud"}));
}

TEST(ExplainHashTest, NamesThePartThatWentFirstAndThoseThatFollowed) {
  const auto a = Record("a.mcap", {{{"physics", 1}, {"cloud", 2}, {"task main", 5}},
                                   {{"physics", 1}, {"cloud", 2}, {"task main", 6}},
                                   {{"physics", 4}, {"cloud", 2}, {"task main", 7}}});
  const auto b = Record("b.mcap", {{{"physics", 1}, {"cloud", 2}, {"task main", 5}},
                                   {{"physics", 1}, {"cloud", 2}, {"task main", 9}},
                                   {{"physics", 3}, {"cloud", 2}, {"task main", 9}}});
  const HashExplanation e = MustExplain(a, b);
  EXPECT_FALSE(e.same());
  EXPECT_EQ(e.last_equal, test::At(0));
  EXPECT_EQ(e.first_unequal, test::At(5));
  ASSERT_EQ(e.parts.size(), 2u);
  EXPECT_EQ(e.parts[0].part, "task main");
  EXPECT_EQ(e.parts[0].time, test::At(5));
  EXPECT_EQ(e.parts[1].part, "physics");
  EXPECT_EQ(e.parts[1].time, test::At(10));
  EXPECT_EQ(e.equal_parts, std::vector<std::string>{"cloud"});
  ASSERT_TRUE(e.recordings.message);
  EXPECT_EQ(e.recordings.message->index, 2u);
}

TEST(ExplainHashTest, TakesATaskThatOneRunLacksForADifference) {
  const auto a = Record("a.mcap", {{{"physics", 1}, {"task slam", 5}}});
  const auto b = Record("b.mcap", {{{"physics", 1}}});
  const HashExplanation e = MustExplain(a, b);
  ASSERT_EQ(e.parts.size(), 1u);
  EXPECT_EQ(e.parts[0].part, "task slam");
  EXPECT_FALSE(e.last_equal);
}

}  // namespace
}  // namespace dustproof
