// A ROS map: its YAML, a zero byte, then the picture. `IMAGE` in the YAML stands for the picture's
// path.
#include "sim/plan/load_home.h"
#include "sim/plan/validate.h"
#include "tests/fuzz/fuzz_input.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace dustproof;
  fuzz::Input input(data, size);
  static fuzz::MemoryFile map, image;
  std::string yaml(fuzz::AsText(input.TakeUntil(std::byte{0})));
  if (const size_t at = yaml.find("IMAGE"); at != std::string::npos)
    yaml.replace(at, 5, image.path());
  map.Fill(std::as_bytes(std::span(yaml)));
  image.Fill(input.Rest());
  const Result<FloorPlan> plan = LoadHome(map.path());
  if (plan) DP_CHECK(Validate(*plan, {}).empty());
  return 0;
}
