// Cleans a map with the navigator and prints how it went: nav_bench [MAP.pgm | flat | room] [--seed
// N] [--picture FILE] [--log]
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>

#include "robots/vacuum/firmware/navigation/navigator.h"
#include "tests/robots/vacuum/navigation/fake_hal.h"

int main(int argc, char** argv) {
  using namespace vacuum::test;
  std::string map = "flat", picture;
  FakeHalOptions options;
  double minutes = 40;
  for (int i = 1; i < argc; ++i) {
    if (!std::strcmp(argv[i], "--seed"))
      options.seed = std::stoull(argv[++i]);
    else if (!std::strcmp(argv[i], "--picture"))
      picture = argv[++i];
    else if (!std::strcmp(argv[i], "--minutes"))
      minutes = std::stod(argv[++i]);
    else if (!std::strcmp(argv[i], "--log"))
      options.verbose = true;
    else
      map = argv[i];
  }
  FakeWorld world(5, 4);
  if (map == "flat")
    world = FakeWorld::TwoBedroomFlat();
  else if (map == "room")
    world.Walls(0.2, 0.2, 4.8, 3.8, 0.1);
  else
    world = FakeWorld::FromPgm(map, 0.05);
  FakeHal hal(world, world.FindDock(), options);
  std::unique_ptr<vacuum::Navigator> navigator;
  hal.Start([&] {
    navigator = std::make_unique<vacuum::Navigator>();
    navigator->Start();
    navigator->StartCleaning();
  });
  hal.RunUntil(
      [&] {
        const auto a = navigator ? navigator->activity() : vacuum::Activity::kIdle;
        return navigator && navigator->finished_cleanings() > 0 &&
               (a == vacuum::Activity::kDocked || a == vacuum::Activity::kCharging ||
                a == vacuum::Activity::kError);
      },
      minutes * 60);
  const Metrics m = hal.Measure();
  std::printf(
      "%-28s seed %llu area %5.1f m2 time %5.1f min cover %5.1f %% revisit %.2f ate %.3f (max "
      "%.3f) dist %5.0f m bumps %d docked %d cpu %.1f ms/s hash %016llx\n",
      map.substr(map.rfind('/') + 1).c_str(), static_cast<unsigned long long>(options.seed),
      m.coverable_m2, m.time_s / 60, 100 * m.coverage, m.revisit, m.ate_m, m.ate_max_m,
      m.distance_m, m.bumps, m.docked, 1000 * m.firmware_cpu_s / m.time_s,
      static_cast<unsigned long long>(m.hash));
  std::printf("    fast %.0f slow %.0f turn %.0f still %.0f s\n", m.fast_s, m.slow_s, m.turn_s,
              m.still_s);
  if (!picture.empty()) hal.WritePicture(picture);
  return 0;
}
