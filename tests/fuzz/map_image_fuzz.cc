// PGM and PNG pictures.
#include "sim/plan/image.h"
#include "tests/fuzz/fuzz_input.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace dustproof;
  fuzz::Input input(data, size);
  static fuzz::MemoryFile file;
  file.Fill(input.Rest());
  const Result<GrayImage> image = LoadImage(file.path());
  if (!image) return 0;
  const size_t pixels = static_cast<size_t>(image->width) * static_cast<size_t>(image->height);
  DP_CHECK(image->pixels.size() == pixels, image->pixels.size(), pixels);
  DP_CHECK(image->transparent.empty() || image->transparent.size() == pixels);
  return 0;
}
