#include "hil/bench/bench_file.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <set>

namespace dustproof {
namespace {

namespace fs = std::filesystem;

// Names become parts of file names.
bool IsName(const std::string& name) {
  return !name.empty() && name.size() <= 64 && name[0] != '.' && name[0] != '-' &&
         std::all_of(name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) != 0 || c == '_' || c == '-' || c == '.'; });
}

bool IsEndpoint(const std::string& link) {
  const std::initializer_list<const char*> kinds = {"ipc:///", "tcp://", "serial:/", "serial:usb=", "serial:path="};
  return std::any_of(kinds.begin(), kinds.end(), [&](const char* kind) { return link.starts_with(kind); });
}

std::string DefaultState() {
  const char* state = std::getenv("XDG_STATE_HOME");
  const char* home = std::getenv("HOME");
  if (state != nullptr && *state == '/') return std::string(state) + "/dustproof/bench";
  return std::string(home == nullptr ? "/tmp" : home) + "/.local/state/dustproof/bench";
}

}  // namespace

void BenchCommand::Describe(Fields& f) {
  f.Text("run", &run, {.doc = "For `sh -c`, in this file's folder; DUSTPROOF_BOARD and more say for what.", .required = true});
  f.Duration("timeout", &timeout,
             {.doc = "Real time until it is ended, with what it started.",
              .min = SimDuration::Milliseconds(100),
              .max = SimDuration::Seconds(3600)});
}

void ConsoleSpec::Describe(Fields& f) {
  f.Where(&where);
  f.Text("device", &device, {.doc = "A serial device, e.g. /dev/ttyUSB0."});
  f.Text("usb_serial", &usb_serial, {.doc = "Serial number of the USB adapter, as in /dev/serial/by-id."});
  f.Text("udev_path", &udev_path, {.doc = "Where the adapter is plugged in, as in /dev/serial/by-path."});
  f.Text("command", &command, {.doc = "A command that prints the console."});
  f.Integer("baud", &baud, {.doc = "Bits a second.", .min = 1200, .max = 4000000});
  const int named = !device.empty() + !usb_serial.empty() + !udev_path.empty() + !command.empty();
  f.Rule({"device", "usb_serial", "udev_path", "command"}, named == 1, "a console is named by exactly one of device, usb_serial, udev_path and command");
}

std::string ConsoleSpec::serial_device() const {
  if (!usb_serial.empty()) return "usb=" + usb_serial;
  return udev_path.empty() ? device : "path=" + udev_path;
}

void BoardServers::Describe(Fields& f) {
  f.Text("address", &address, {.doc = "IPv4 address to listen at, and that every name resolves to."});
  const NumberRules port{.min = 0, .max = 65535};
  f.Integer("mqtt_port", &mqtt_port, port);
  f.Integer("https_port", &https_port, port);
  f.Integer("dns_port", &dns_port, port);
  in_addr parsed{};
  f.Rule({"address"}, inet_pton(AF_INET, address.c_str(), &parsed) == 1, "must be an IPv4 address of this machine, e.g. 192.168.7.1; is '" + address + "'");
  f.Rule({"mqtt_port", "https_port"}, mqtt_port != https_port || mqtt_port == 0, "two servers can't have one port, " + std::to_string(mqtt_port));
}

void BoardSpec::Describe(Fields& f) {
  f.Where(&where);
  f.Text("name", &name, {.doc = "Its name: letters, digits, '_', '-' and '.'.", .required = true});
  f.Texts("labels", &labels, {.doc = "What scenarios ask for."});
  f.Text("link", &link, {.doc = "Where its firmware connects to: ipc:///PATH, tcp://ADDRESS:PORT, or a serial line: serial:/dev/DEVICE@BAUD, serial:usb=NUMBER@BAUD (of its adapter, as "
                          "in /dev/serial/by-id) or serial:path=PLACE@BAUD (as in /dev/serial/by-path).",
                   .required = true});
  f.Text("keys", &keys, {.doc = "Folder of that link's keys; relative to this file."});
  f.Text("build", &build, {.doc = "What build_id shall answer; else the GNU build id of the firmware's file."});
  f.Text("ssid", &ssid, {.doc = "The access point's name for this board."});
  f.Text("interface", &interface, {.doc = "This machine's network interface to the board, with nobody else behind it: runs are its gateway there, and record what its own network stack sends. Needs root."});
  f.Duration("boot_timeout", &boot_timeout,
             {.doc = "From the reset to the firmware's first word.", .min = SimDuration::Seconds(1), .max = SimDuration::Seconds(3600)});
  f.Section("servers", &servers, {.doc = "Where the cloud listens for the board's own network stack. With `interface`, the address is the gateway's."});
  f.Section("power_on", &power_on, {.doc = "Switches it on."});
  f.Section("power_off", &power_off, {.doc = "Switches it off."});
  f.Section("power_cycle", &power_cycle, {.doc = "Off and on again; else power_off and power_on."});
  f.Section("reset", &reset, {.doc = "Starts its firmware anew; else its power is cycled."});
  f.Section("flash", &flash, {.doc = "Writes the firmware DUSTPROOF_FIRMWARE."});
  f.Section("recover", &recover, {.doc = "Tried once where it does not answer."});
  f.Section("probe", &probe, {.doc = "Succeeds where the board is well."});
  f.Section("build_id", &build_id, {.doc = "Prints the build id of the firmware on it."});
  f.Section("factory_reset", &factory_reset, {.doc = "Puts it into factory state, with the secrets in DUSTPROOF_SECRETS_FILE."});
  f.Section("acquire", &acquire, {.doc = "Reserves it with the bench's own tool (provider: command)."});
  f.Section("release", &release, {.doc = "Gives it back."});
  f.Section("console", &console, {.doc = "Its console, recorded as an emission."});
  f.Rule({"name"}, IsName(name), "a board's name has up to 64 letters, digits, '_', '-' and '.'");
  f.Rule({"link"}, IsEndpoint(link), "a link is ipc:///PATH, tcp://ADDRESS:PORT, serial:/dev/DEVICE@BAUD, serial:usb=NUMBER@BAUD or serial:path=PLACE@BAUD");
}

void BenchFile::Describe(Fields& f) {
  std::string provider = "local";
  f.Text("provider", &provider,
         {.doc = "Who reserves boards: this bench's own locks alone, or also each board's `acquire` and `release`.", .choices = {"local", "command"}});
  reserves_elsewhere = provider == "command";
  f.Text("state", &state, {.doc = "Folder of locks and health, shared by all who use the bench; relative to this file."});
  f.List("boards", &boards, {.doc = "The boards.", .count_min = 1});
  std::set<std::string> names, links, interfaces;
  for (const BoardSpec& board : boards) {
    f.Rule({"boards"}, names.insert(board.name).second, "two boards are named '" + board.name + "'");
    f.Rule({"boards"}, links.insert(board.link).second, "two boards have the link " + board.link + ": each needs its own");
    f.Rule({"boards"}, board.interface.empty() || interfaces.insert(board.interface).second,
           "two boards are behind the interface " + board.interface + ": each needs its own");
    f.Rule({"boards"}, provider == "local" || board.acquire.has_value(), "provider `command` needs `acquire` for the board '" + board.name + "'");
  }
}

const BoardSpec* BenchFile::Find(const std::string& name) const {
  const auto found = std::find_if(boards.begin(), boards.end(), [&](const BoardSpec& board) { return board.name == name; });
  return found == boards.end() ? nullptr : &*found;
}

std::vector<std::string> BenchFile::WithLabels(const std::vector<std::string>& labels) const {
  std::vector<std::string> names;
  for (const BoardSpec& board : boards) {
    const bool has_all = std::all_of(labels.begin(), labels.end(), [&](const std::string& label) {
      return std::find(board.labels.begin(), board.labels.end(), label) != board.labels.end();
    });
    if (has_all) names.push_back(board.name);
  }
  return names;
}

Result<BenchFile> LoadBenchFile(const std::string& path) {
  Result<BenchFile> file = LoadConfig<BenchFile>(path);
  if (!file) return file;
  file->folder = fs::absolute(path).parent_path();
  file->state = file->state.empty() ? DefaultState() : fs::absolute(PathBeside(path, file->state)).string();
  for (BoardSpec& board : file->boards) {
    if (!board.keys.empty()) board.keys = fs::absolute(PathBeside(path, board.keys));
  }
  return file;
}

SchemaNode BenchFileSchema() { return DescribeConfig<BenchFile>(); }

}  // namespace dustproof
