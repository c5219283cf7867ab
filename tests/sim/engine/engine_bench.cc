// Prints the ratio of simulated time to CPU time of a robot that cleans at random in a furnished
// room, and the state's hash: two processes must print the same one. By hand: sim_engine_bench
// [SECONDS].
#include <cstdio>
#include <cstdlib>
#include <ctime>

#include "tests/sim/engine/box_room.h"

int main(int argc, char** argv) {
  using namespace dustproof;
  const double seconds = argc > 1 ? std::atof(argv[1]) : 600;
  BoxRoom::Options options;
  options.furniture = 60;
  CpuShare share;
  options.cpu_share = &share;
  BoxRoom room(options);
  room.robot->SetLidarEnabled(room.events.now(), true);
  RandomStream random(7);
  const std::clock_t start = std::clock();
  while (room.events.now().seconds() < seconds) {
    const HazardReading& hazard = room.robot->hazard();
    if (hazard.bumper[0] || hazard.bumper[1]) {
      room.Drive(-0.2, -0.2, 0.5);
      room.Drive(-0.15, 0.15, random.Uniform(0.5, 2));
    }
    const double curve = random.Uniform(-0.05, 0.05);
    room.Drive(0.25 + curve, 0.25 - curve, 0.2);
  }
  const double cpu_s = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
  const auto shares = share.Shares();
  std::printf(
      "%.0f x real time; %.1f m, %d collisions; physics %.0f %%, lidar %.0f %%, other %.0f %%; "
      "hash %s\n",
      room.events.now().seconds() / cpu_s, room.robot->distance_m(), room.robot->collisions(),
      shares[0] * 100, shares[1] * 100, shares[5] * 100,
      HexDigest(room.engine->StateHash()).c_str());
}
