#include "tests/hil/shim/bench.h"

#include "sim/core/check.h"

namespace dustproof {

Bench::Bench(const std::string& firmware, const std::string& behaviour, uint64_t seed,
             const ComputeTable& compute) {
  auto installed = VirtualTime::Install(queue, kStart, Seed(seed));
  DP_CHECK(installed.ok(), ToString(installed.error()));
  virtual_time = std::move(installed).value();
  Devices devices;
  devices.odometry = &odometry;
  devices.drive = &drive;
  devices.lidar = &lidar;
  devices.cleaning = &cleaning;
  devices.indicators = &indicators;
  devices.wifi = &wifi;
  devices.flash = &flash;
  devices.sockets = &network;
  devices.uart = &uart;
  devices.listener = &log;
  devices.identity.model = behaviour;
  auto created = Lockstep::Create({.firmware_path = Path(firmware),
                                   .start = kStart,
                                   .seed = Seed(seed),
                                   .compute = compute},
                                  queue, devices);
  DP_CHECK(created.ok(), ToString(created.error()));
  host = std::move(created).value();
  host->PowerOn();
}

std::string Bench::Path(const std::string& firmware) { return FIRMWARE_DIR + firmware + ".so"; }

}  // namespace dustproof
