#include "hil/link/serial_device.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <filesystem>
#include <vector>

namespace dustproof {
namespace {

namespace fs = std::filesystem;

const std::string kSerial = "serial:", kUsb = "usb=", kPath = "path=";

bool IsNumber(const std::string& text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
}

bool IsBreak(char c) { return c == '_' || c == '-'; }

// Whether `wanted` is one or more whole parts of "usb-MAKER_MODEL_NUMBER-if00-port0": the number 1 is not in 41.
bool HasParts(const std::string& name, const std::string& wanted) {
  for (size_t at = name.find(wanted); at != std::string::npos; at = name.find(wanted, at + 1)) {
    const size_t end = at + wanted.size();
    if ((at == 0 || IsBreak(name[at - 1])) && (end == name.size() || IsBreak(name[end]))) return true;
  }
  return false;
}

// Adapters of one port are found without their "-port0".
bool IsPlace(const std::string& name, const std::string& wanted) { return name == wanted || name.starts_with(wanted + "-port"); }

std::vector<std::string> NamesIn(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code missing;
  for (const auto& entry : fs::directory_iterator(folder, missing)) names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  return names;
}

std::string Joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

Result<std::string> FindIn(const std::string& folder, const std::string& wanted, bool by_number) {
  const std::string what = by_number ? "serial device with the USB serial number '" + wanted + "'" : "serial device at '" + wanted + "'";
  const std::vector<std::string> names = NamesIn(folder);
  std::vector<std::string> found;
  std::copy_if(names.begin(), names.end(), std::back_inserter(found),
               [&](const std::string& name) { return by_number ? HasParts(name, wanted) : IsPlace(name, wanted); });
  if (found.size() == 1) return folder + "/" + found.front();
  if (!found.empty()) return Error::Environment("more than one " + what + " in " + folder + ": " + Joined(found) + "; give more of its name");
  if (names.empty())
    return Error::Environment("no " + what + ": " + folder + " lists none at all; is it plugged in? Where udev does not run, name it by its file, such as /dev/ttyUSB0");
  return Error::Environment("no " + what + " in " + folder + ", which lists " + Joined(names) + ": is it plugged in?");
}

}  // namespace

Result<SerialLine> ParseSerialLine(const std::string& endpoint) {
  const auto wrong = [&](const std::string& why) { return Error::BadInput(endpoint + ": " + why); };
  if (!endpoint.starts_with(kSerial)) return wrong("a serial line is serial:/dev/DEVICE@BAUD, serial:usb=NUMBER@BAUD or serial:path=PLACE@BAUD");
  SerialLine line{.device = endpoint.substr(kSerial.size())};
  const size_t at = line.device.rfind('@');
  const std::string baud = at == std::string::npos ? "" : line.device.substr(at + 1);
  if (at != std::string::npos && (IsNumber(baud) || !line.device.starts_with(kPath))) {  // A place may have an '@' of its own.
    if (!IsNumber(baud) || std::from_chars(baud.data(), baud.data() + baud.size(), line.baud).ec != std::errc())
      return wrong("after '@' comes the baud rate, such as 115200");
    line.device.resize(at);
  }
  if (line.device.empty() || line.device == kUsb || line.device == kPath)
    return wrong("which device? /dev/DEVICE, usb=NUMBER (of the USB adapter, as in /dev/serial/by-id) or path=PLACE (as in /dev/serial/by-path)");
  return line;
}

Result<std::string> FindSerialDevice(const std::string& device, const SerialFolders& folders) {
  if (device.starts_with(kUsb)) return FindIn(folders.by_id, device.substr(kUsb.size()), /*by_number=*/true);
  if (device.starts_with(kPath)) return FindIn(folders.by_path, device.substr(kPath.size()), /*by_number=*/false);
  return device;
}

}  // namespace dustproof
