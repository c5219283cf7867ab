#include "sim/plan/image.h"

#include <gtest/gtest.h>
#include <png.h>

#include <filesystem>
#include <fstream>

namespace dustproof {
namespace {

std::string Write(const std::string& name, const std::string& bytes) {
  const std::string path = testing::TempDir() + "image_test_" + name;
  std::ofstream(path, std::ios::binary) << bytes;
  return path;
}

std::string Problem(const std::string& bytes) {
  const std::string path = Write("bad", bytes);
  const Result<GrayImage> image = LoadImage(path);
  return image.ok() ? "none" : ToString(image.error()).substr(path.size() + 2);
}

TEST(LoadImageTest, ReadsPlainPgm) {
  const Result<GrayImage> image =
      LoadImage(Write("p2", "P2 # a comment\n# another\n3 2\n100\n0 50 100\n 25\t75 100"));
  ASSERT_TRUE(image.ok()) << ToString(image.error());
  EXPECT_EQ(image->width, 3);
  EXPECT_EQ(image->height, 2);
  EXPECT_EQ(image->pixels,
            (std::vector<uint8_t>{0, 128, 255, 64, 191, 255}));  // v × 255 / 100, rounded half up.
}

TEST(LoadImageTest, ReadsBinaryPgm) {
  const Result<GrayImage> image =
      LoadImage(Write("p5", std::string("P5\n#c\n2 2\n255\n\x00\xcd\xfe\x0a", 18)));
  ASSERT_TRUE(image.ok()) << ToString(image.error());
  EXPECT_EQ(image->pixels, (std::vector<uint8_t>{0, 205, 254, 10}));
  const Result<GrayImage> deep =
      LoadImage(Write("p5deep", std::string("P5 2 1 65535 \xff\xff\x80\x00", 17)));
  ASSERT_TRUE(deep.ok()) << ToString(deep.error());
  EXPECT_EQ(deep->pixels, (std::vector<uint8_t>{255, 128}));
}

TEST(LoadImageTest, ReadsPngAsTheMeanOfItsColours) {
  const std::string path = testing::TempDir() + "image_test.png";
  const uint8_t pixels[] = {0, 0, 0, 255, 30, 60, 90, 255, 255, 255, 255, 0};
  png_image png{};
  png.version = PNG_IMAGE_VERSION;
  png.width = 3;
  png.height = 1;
  png.format = PNG_FORMAT_RGBA;
  ASSERT_NE(png_image_write_to_file(&png, path.c_str(), 0, pixels, 0, nullptr), 0);
  const Result<GrayImage> image = LoadImage(path);
  ASSERT_TRUE(image.ok()) << ToString(image.error());
  EXPECT_EQ(image->pixels, (std::vector<uint8_t>{0, 60, 255}));
  EXPECT_EQ(image->transparent, (std::vector<uint8_t>{0, 0, 1}));
}

TEST(LoadImageTest, SaysWhatIsWrong) {
  EXPECT_EQ(Problem(""), "is neither a PGM (P2, P5) nor a PNG\n");
  EXPECT_EQ(Problem("GIF89a"), "is neither a PGM (P2, P5) nor a PNG\n");
  EXPECT_EQ(Problem("P5\n"), "is no PGM: its header has no width, height and maximum\n");
  EXPECT_EQ(Problem("P5 2 2 255\nabc"), "is cut short: 2 × 2 pixels need 4 values, got 3\n");
  EXPECT_EQ(Problem("P2 2 2 255 1 2 x"), "is cut short: 2 × 2 pixels need 4 values, got 2\n");
  EXPECT_EQ(Problem("P5 99999999 99999999 255\n"),
            "must have 1 to 64 million pixels, got 99999999 × 99999999\n");
  EXPECT_EQ(Problem("P5 0 5 255\n"), "must have 1 to 64 million pixels, got 0 × 5\n");
  EXPECT_EQ(Problem("P5 5 5 70000\n"), "must have a maximum of 1 to 65535, got 70000\n");
  EXPECT_EQ(Problem("\x89PNG\r\n\x1a\nrubbish").substr(0, 26), "is no PNG that can be read");
}

}  // namespace
}  // namespace dustproof
