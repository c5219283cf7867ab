#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/config/config.h"
#include "sim/config/schema.h"
#include "sim/core/result.h"
#include "sim/core/time.h"

namespace dustproof {

/// A command of the user's, for a shell; it runs in the bench file's folder.
struct BenchCommand {
  std::string run;
  SimDuration timeout = SimDuration::Seconds(60);  ///< Real time; then it is ended, with what it started.
  void Describe(Fields& f);
};

/// Where a board's console can be heard: a serial device, or a command that prints it. One of the four is set.
struct ConsoleSpec {
  std::string device;      ///< "/dev/ttyUSB0"
  std::string usb_serial;  ///< Serial number of the USB adapter, as in /dev/serial/by-id.
  std::string udev_path;   ///< As in /dev/serial/by-path.
  std::string command;
  int baud = 115200;
  SourceLocation where;
  void Describe(Fields& f);

  /// As the link's `FindSerialDevice` takes it; "" for a command.
  std::string serial_device() const;
};

/// Where the cloud's servers listen for a board with a network stack of its own.
struct BoardServers {
  std::string address = "127.0.0.1";
  int mqtt_port = 8883, https_port = 8443, dns_port = 5300;
  void Describe(Fields& f);
};

struct BoardSpec {
  std::string name;
  std::vector<std::string> labels;
  std::string link;  ///< Where its firmware connects to, or hangs on: ipc://…, tcp://ADDRESS:PORT, serial:….
  std::string keys;  ///< Folder of that link's keys; "" for the user's own where the link asks for any.
  std::string build; ///< What `build_id` shall answer; "" for the GNU build id of the firmware's file.
  std::string ssid;
  std::string interface;  ///< Behind it is only this board: a run is its gateway there. "" where the board has no network of its own.
  SimDuration boot_timeout = SimDuration::Seconds(60);  ///< From the reset to its first word.
  std::optional<BoardServers> servers;
  std::optional<BenchCommand> power_on, power_off, power_cycle, reset, flash, recover, probe, build_id, factory_reset, acquire, release;
  std::optional<ConsoleSpec> console;
  SourceLocation where;
  void Describe(Fields& f);
};

/// `bench.yaml`: the boards of one bench.
struct BenchFile {
  static constexpr const char* kKind = "bench";
  static constexpr int kFormatVersion = 1;

  std::vector<BoardSpec> boards;
  bool reserves_elsewhere = false;  ///< `provider: command`.
  std::string state;   ///< Folder of locks and health; relative to the file.
  std::string folder;  ///< Of the file: commands run there.
  void Describe(Fields& f);

  const BoardSpec* Find(const std::string& name) const;
  /// Names of the boards that have all of these labels.
  std::vector<std::string> WithLabels(const std::vector<std::string>& labels) const;
};

/// Every problem at once, located.
[[nodiscard]] Result<BenchFile> LoadBenchFile(const std::string& path);

/// `kind: bench`, for `dustproof schema`.
SchemaNode BenchFileSchema();

}  // namespace dustproof
