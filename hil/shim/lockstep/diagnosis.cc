// The reading side of a crash report: runs in a process that is well.

#include <cxxabi.h>
#include <elf.h>
#include <signal.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "hil/shim/lockstep/crash_reporter.h"
#include "sim/core/time.h"

namespace dustproof {
namespace {

using Json = nlohmann::json;

std::string ReadAll(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

template <typename T>
bool Get(const std::string& file, uint64_t offset, T& out) {
  if (offset > file.size() || sizeof(T) > file.size() - offset) return false;
  std::memcpy(&out, file.data() + offset, sizeof(T));
  return true;
}

/// Name of the function at `offset` from the full symbol table, which knows static functions too;
/// "" without one.
std::string FindSymbol(const std::string& file, uint64_t offset) {
  Elf64_Ehdr header;
  if (!Get(file, 0, header) || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) return {};
  for (int i = 0; i < header.e_shnum; ++i) {
    Elf64_Shdr table, names;
    if (!Get(file, header.e_shoff + static_cast<uint64_t>(i) * sizeof table, table) ||
        table.sh_type != SHT_SYMTAB)
      continue;
    if (!Get(file, header.e_shoff + uint64_t{table.sh_link} * sizeof names, names)) continue;
    for (uint64_t at = 0; at + sizeof(Elf64_Sym) <= table.sh_size; at += sizeof(Elf64_Sym)) {
      Elf64_Sym symbol;
      if (!Get(file, table.sh_offset + at, symbol)) break;
      if (ELF64_ST_TYPE(symbol.st_info) != STT_FUNC || offset - symbol.st_value >= symbol.st_size)
        continue;
      const uint64_t name_at = names.sh_offset + symbol.st_name;
      if (name_at < file.size()) return file.c_str() + name_at;
    }
  }
  return {};
}

std::string Demangle(const std::string& symbol) {
  int status = 0;
  char* name = abi::__cxa_demangle(symbol.c_str(), nullptr, nullptr, &status);
  if (name == nullptr) return symbol;
  std::string readable = name;
  std::free(name);
  return readable;
}

// Firmware may call itself anything; what is no UTF-8 becomes a replacement character.
std::string AsText(const std::string& bytes) {
  return Json::parse(Json(bytes).dump(-1, ' ', false, Json::error_handler_t::replace))
      .get<std::string>();
}

std::string BaseName(const std::string& path) { return path.substr(path.find_last_of('/') + 1); }

}  // namespace

Result<Diagnosis> ReadDiagnosis(const std::string& path) {
  const Json json = Json::parse(AsText(ReadAll(path)), nullptr, false);
  if (!json.is_object()) return Error::Environment(path + ": holds no diagnosis");
  Diagnosis d;
  d.kind = json.value("kind", "");
  d.message = json.value("message", "");
  d.firmware = json.value("firmware", "");
  d.task = json.value("task", "");
  d.hal_call = json.value("hal_call", "");
  d.sim_time_ns = json.value("sim_time_ns", int64_t{0});
  d.signal = json.value("signal", 0);
  d.address = json.value("address", uint64_t{0});
  d.repeat_command = json.value("repeat_command", "");
  std::map<std::string, std::string> modules;
  for (const Json& entry : json.value("frames", Json::array())) {
    StackFrame frame{entry.value("module", ""), entry.value("offset", uint64_t{0}),
                     entry.value("symbol", "")};
    auto [module, added] = modules.try_emplace(frame.module);
    if (added && !frame.module.empty()) module->second = ReadAll(frame.module);
    if (const std::string found = FindSymbol(module->second, frame.offset); !found.empty())
      frame.symbol = found;
    frame.symbol = Demangle(frame.symbol);
    d.frames.push_back(std::move(frame));
  }
  return d;
}

std::string ToString(const Diagnosis& d) {
  std::ostringstream out;
  out << (d.kind == "harness" ? "Dustproof itself failed" : "the firmware ended the run") << " at "
      << ToString(SimTime::FromNanoseconds(d.sim_time_ns)) << ": " << d.message << '\n';
  if (!d.firmware.empty()) out << "  firmware: " << d.firmware << '\n';
  if (!d.task.empty()) out << "  task: " << d.task << ", last HAL call: " << d.hal_call << '\n';
  if (d.signal != 0) out << "  signal: " << d.signal << '\n';
  if (d.signal == SIGSEGV || d.signal == SIGBUS)
    out << "  address: 0x" << std::hex << d.address << std::dec << '\n';
  for (size_t i = 0; i < d.frames.size(); ++i) {
    const StackFrame& frame = d.frames[i];
    out << "  #" << i << ' ' << (frame.symbol.empty() ? "?" : frame.symbol) << " ("
        << BaseName(frame.module) << "+0x" << std::hex << frame.offset << std::dec << ")\n";
  }
  if (!d.repeat_command.empty()) out << "  again: " << d.repeat_command << '\n';
  return out.str();
}

}  // namespace dustproof
