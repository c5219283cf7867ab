#include "sim/core/shell_word.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>

namespace dustproof {
namespace {

// What a shell makes of the word: `printf %s` prints its arguments one after another.
std::string ReadByShell(const std::string& word) {
  const std::string command = "printf '%s|' " + word;
  FILE* pipe = popen(command.c_str(), "r");
  std::array<char, 256> text{};
  const size_t bytes = std::fread(text.data(), 1, text.size(), pipe);
  pclose(pipe);
  return std::string(text.data(), bytes);
}

TEST(ShellWordTest, LeavesAloneWhatMeansNothingToAShell) {
  for (const char* plain : {"scenarios/first_run.yaml", "7", "C_MAP_UPLOAD=granted/withdrawn@6min10s,C_POLICY=granted", "--seed"})
    EXPECT_EQ(ShellWord(plain), plain);
}

TEST(ShellWordTest, IsOneWordToAShellWhateverIsInIt) {
  for (const std::string text : {"my homes/a.yaml", "it's", "$HOME", "`id`", "a;b", "~", "*", "", "a\nb", "\"", "\\", "küche.yaml", "#a", "!!"})
    EXPECT_EQ(ReadByShell(ShellWord(text)), text + "|");
}

}  // namespace
}  // namespace dustproof
