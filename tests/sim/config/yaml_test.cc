#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>

#include "sim/config/node.h"
#include "sim/core/random.h"

namespace dustproof {
namespace {

std::string Problems(const std::string& text) {
  const Result<ConfigNode> root = ParseYaml(text, "t.yaml");
  return root.ok() ? "none" : ToString(root.error());
}

TEST(ParseYamlTest, KeepsTheOrderAndPlaceOfKeys) {
  const Result<ConfigNode> root = ParseYaml("b: 1\na:\n  - x\n  - 'y'\n", "t.yaml");
  ASSERT_TRUE(root.ok());
  ASSERT_EQ(root->entries.size(), 2u);
  EXPECT_EQ(root->entries[0].key, "b");
  EXPECT_EQ(root->entries[1].value.items[1].text, "y");
  EXPECT_TRUE(root->entries[1].value.items[1].quoted);
  EXPECT_EQ(root->entries[1].value.items[1].line, 4);
  EXPECT_EQ(root->entries[1].value.items[1].column, 5);
}

TEST(ParseYamlTest, LocatesASyntaxError) {
  EXPECT_EQ(Problems("a: 1\nb: [1, 2\nc: 3\n").substr(0, 9), "t.yaml:3:");
  EXPECT_EQ(Problems("a:\n\tb: 1\n").substr(0, 9), "t.yaml:2:");
}

TEST(ParseYamlTest, RefusesWhatConfigurationHasNoUseFor) {
  EXPECT_EQ(Problems("a: 1\nb: 2\na: 3\n"),
            "t.yaml:3:1: a: is given twice; the first is on line 1\n");
  EXPECT_EQ(
      Problems("a: &x [1]\nb: *x\n"),
      "t.yaml:1:4: anchors (&name) are not supported; write the value out where it is needed\n");
  EXPECT_EQ(
      Problems("a: !!float 1\n"),
      "t.yaml:1:4: tags (tag:yaml.org,2002:float) are not supported; write the plain value\n");
  EXPECT_EQ(Problems("- 1\n"), "t.yaml:1:1: must be a map of keys and values\n");
  EXPECT_EQ(Problems(""),
            "t.yaml:1:1: is empty; a file begins with 'kind:' and 'format_version:'\n");
  EXPECT_EQ(Problems("a: 1\n---\nb: 2\n"),
            "t.yaml:3:1: a second document; put it into a file of its own\n");
  EXPECT_EQ(Problems("[a, b]: 1\n"), "t.yaml:1:1: a key must be a word\n");
}

TEST(ParseYamlTest, SurvivesDeepNesting) {
  EXPECT_NE(Problems("a: " + std::string(100, '[') + std::string(100, ']')), "none");
  EXPECT_NE(Problems("a: " + std::string(200'000, '[')), "none");
  EXPECT_NE(Problems("a: " + std::string(100'000, '{')), "none");
  std::string steps;
  for (int i = 0; i < 3000; ++i) steps += std::string(static_cast<size_t>(i), ' ') + "a:\n";
  EXPECT_NE(Problems(steps), "none");
}

// Random edits of a valid file: whatever comes out, it is a result and not a crash.
TEST(ParseYamlTest, SurvivesDamage) {
  const std::string good =
      "kind: home\nformat_version: 1\nrooms:\n  - {name: 'a', polygon: [[0, 1], [2.5, 3]]}\n# "
      "x\nz: |\n  y\n";
  const std::string alphabet = " \n\t:-[]{}'\"&*!|>%@`,#?ab0\x80\xff\x01";
  RandomStream random(7);
  for (int i = 0; i < 3000; ++i) {
    std::string text = good;
    for (uint64_t edits = 1 + random.Below(6); edits > 0; --edits) {
      text[random.Below(text.size())] = alphabet[random.Below(alphabet.size())];
    }
    (void)Problems(text);
  }
}

TEST(LoadYamlTest, SaysWhyAFileCannotBeRead) {
  EXPECT_EQ(ToString(LoadYaml("no/such.yaml").error()),
            "no/such.yaml: no such file; check the path\n");
  EXPECT_EQ(ToString(LoadYaml("/").error()), "/: is a folder; name a file in it\n");
  EXPECT_EQ(ToString(LoadYaml("/dev/zero").error()), "/dev/zero: is not a regular file\n");
}

// Without places, which a written text has of its own.
std::string Shape(const ConfigNode& node) {
  std::string text = node.kind == ConfigNode::Kind::kNull ? "null" : node.kind == ConfigNode::Kind::kScalar ? "'" + node.text + (node.quoted ? "'q" : "'") : "";
  for (const ConfigNode& item : node.items) text += "-" + Shape(item) + ";";
  for (const ConfigNode::Entry& entry : node.entries) text += "{" + entry.key + ":" + Shape(entry.value) + "}";
  return text;
}

TEST(ToYamlTest, IsReadBackAsTheSameTree) {
  for (const char* text : {"a: 1\nb: {c: d, e: [1, 2, 3]}\n", "list:\n  - {at: 1s, do: pair}\n  - {at: 2s, value: 'a: b, #c'}\n", "q: \"12\"\nn: 12\nt: 'true'\n",
                           "points: [[0, 0], [1.5, -2]]\nempty: []\nnone: {}\nnothing:\n", "text: \"line\\nbreak \\\" quote \\\\ \u00e9\"\n",
                           "deep: {a: {b: {c: [{d: 1}, {d: {e: 2}}]}}}\nlong: [aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa, bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb, "
                           "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc]\n"}) {
    const Result<ConfigNode> root = ParseYaml(text, "a.yaml");
    ASSERT_TRUE(root.ok()) << text;
    const Result<ConfigNode> again = ParseYaml(ToYaml(*root), "b.yaml");
    ASSERT_TRUE(again.ok()) << ToYaml(*root);
    EXPECT_EQ(Shape(*again), Shape(*root)) << ToYaml(*root);
  }
}

TEST(ToYamlTest, QuotesTextThatWouldBeReadAsSomethingElse) {
  for (const char* text : {"12", "true", "null", "~", "", " a", "a ", "- a", "a: b", "a #b", "{a}", "[a]", "&a", "*a", "!a", "%a", "@a", "yes", "1e3", "0x10", "plain", "a/b.yaml"}) {
    const Result<ConfigNode> again = ParseYaml(ToYaml(MapNode({{"key", TextNode(text)}})), "a.yaml");
    ASSERT_TRUE(again.ok()) << text;
    EXPECT_EQ(again->Find("key")->value.kind, ConfigNode::Kind::kScalar) << text;
    EXPECT_EQ(again->Find("key")->value.text, text);
  }
}

TEST(PathBesideTest, IsRelativeToTheFile) {
  EXPECT_EQ(PathBeside("homes/a.yaml", "a.pgm"), "homes/a.pgm");
  EXPECT_EQ(PathBeside("homes/a.yaml", "../b.pgm"), "b.pgm");
  EXPECT_EQ(PathBeside("a.yaml", "/x/b.pgm"), "/x/b.pgm");
}

}  // namespace
}  // namespace dustproof
