#include "hil/report/source_path.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace dustproof {
namespace {

namespace fs = std::filesystem;

// A folder of the test's own that it stands in: ROOT/sub, with ROOT/sub/s.yaml.
class SourcePathTest : public testing::Test {
 protected:
  SourcePathTest() {
    std::string name = fs::temp_directory_path() / "dustproof-paths-XXXXXX";
    root_ = fs::canonical(mkdtemp(name.data()));
    fs::create_directory(root_ / "sub");
    std::ofstream(root_ / "sub/s.yaml") << "x";
    fs::current_path(root_ / "sub");
  }
  ~SourcePathTest() override {
    fs::current_path(before_);
    fs::remove_all(root_);
  }

  const fs::path before_ = fs::current_path();
  fs::path root_;
};

TEST_F(SourcePathTest, IsRelativeToTheWorkingFolderWhereThatIsInNoRepository) {
  EXPECT_EQ(SourcePath("s.yaml"), "s.yaml");
  EXPECT_EQ(SourcePath(root_ / "sub/./s.yaml"), "s.yaml");
  EXPECT_EQ(SourcePath("../other.yaml"), (root_ / "other.yaml").string());
  EXPECT_EQ(SourcePath("/etc/s.yaml"), "/etc/s.yaml");
  EXPECT_EQ(SourcePath(""), "");
}

TEST_F(SourcePathTest, IsRelativeToTheRepositorysRoot) {
  fs::create_directory(root_ / ".git");
  EXPECT_EQ(SourcePath("s.yaml"), "sub/s.yaml");
  EXPECT_EQ(SourcePath("../other.yaml"), "other.yaml");
  EXPECT_EQ(SourcePath(root_ / "sub/s.yaml"), "sub/s.yaml");
}

TEST_F(SourcePathTest, SeesThroughALinkToTheSameFolder) {
  fs::create_directory_symlink(root_ / "sub", root_ / "alias");
  EXPECT_EQ(SourcePath(root_ / "alias/s.yaml"), "s.yaml");
  EXPECT_EQ(PathFromHere(root_ / "alias/s.yaml"), "s.yaml");
}

TEST_F(SourcePathTest, OfACommandStaysAsTypedUnlessItIsAbsoluteAndInside) {
  fs::create_directory(root_ / ".git");
  EXPECT_EQ(PathFromHere("../other.yaml"), "../other.yaml");
  EXPECT_EQ(PathFromHere(root_ / "sub/s.yaml"), "s.yaml");
  EXPECT_EQ(PathFromHere(root_ / "other.yaml"), (root_ / "other.yaml").string());
}

}  // namespace
}  // namespace dustproof
