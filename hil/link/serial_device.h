#pragma once

#include <string>

#include "sim/core/result.h"

namespace dustproof {

/// A serial line as it is named in "serial:DEVICE", "serial:DEVICE@BAUD".
struct SerialLine {
  std::string device;  ///< For `FindSerialDevice`.
  unsigned baud = 115200;
};

/// Bad input where that is no serial line's name.
[[nodiscard]] Result<SerialLine> ParseSerialLine(const std::string& endpoint);

/// Where udev lists serial devices.
struct SerialFolders {
  std::string by_id = "/dev/serial/by-id";
  std::string by_path = "/dev/serial/by-path";
};

/// The device's file. "usb=NUMBER" is the one whose USB adapter has this serial number, "path=PLACE" the one that is plugged in
/// there, by udev's names; anything else is a file's name already.
[[nodiscard]] Result<std::string> FindSerialDevice(const std::string& device, const SerialFolders& folders = {});

}  // namespace dustproof
