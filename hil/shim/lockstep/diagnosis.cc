// The reading side of a crash report: runs in a process that is well.

#include <cxxabi.h>
#include <elfutils/libdwfl.h>
#include <signal.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
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

/// The functions and lines of a module's code, from its symbol table and debug information.
class ModuleSymbols {
 public:
  explicit ModuleSymbols(const std::string& path) : session_(dwfl_begin(&kCallbacks)) {
    if (session_ == nullptr || path.empty()) return;
    module_ = dwfl_report_offline(session_, path.c_str(), path.c_str(), -1);
    dwfl_report_end(session_, nullptr, nullptr);
    GElf_Addr bias = 0;
    if (module_ != nullptr && dwfl_module_getelf(module_, &bias) != nullptr) bias_ = bias;
  }
  ~ModuleSymbols() { dwfl_end(session_); }
  ModuleSymbols(const ModuleSymbols&) = delete;
  ModuleSymbols& operator=(const ModuleSymbols&) = delete;

  /// Fills in what is known of the frame's offset.
  void Describe(StackFrame& frame) const {
    if (module_ == nullptr) return;
    const GElf_Addr address = bias_ + frame.offset;
    if (const char* name = dwfl_module_addrname(module_, address)) frame.symbol = name;
    Dwfl_Line* line = dwfl_module_getsrc(module_, address);
    const char* file = line == nullptr ? nullptr
                                       : dwfl_lineinfo(line, nullptr, &frame.line, nullptr, nullptr,
                                                       nullptr);
    if (file != nullptr) frame.file = file;
  }

 private:
  /// Debug information lies in the module itself: nothing is looked for elsewhere, least of all on a
  /// server.
  static int FindNoDebugFile(Dwfl_Module*, void**, const char*, Dwarf_Addr, const char*, const char*,
                             GElf_Word, char**) {
    return -1;
  }
  static constexpr Dwfl_Callbacks kCallbacks = {.find_elf = dwfl_build_id_find_elf,
                                                .find_debuginfo = FindNoDebugFile,
                                                .section_address = dwfl_offline_section_address,
                                                .debuginfo_path = nullptr};

  Dwfl* session_;
  Dwfl_Module* module_ = nullptr;
  GElf_Addr bias_ = 0;
};

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

using Modules = std::map<std::string, std::unique_ptr<ModuleSymbols>>;

std::vector<StackFrame> FramesOf(const Json& json, Modules& modules) {
  std::vector<StackFrame> frames;
  for (const Json& entry : json.value("frames", Json::array())) {
    StackFrame frame;
    frame.module = entry.value("module", "");
    frame.offset = entry.value("offset", uint64_t{0});
    frame.symbol = entry.value("symbol", "");
    auto& symbols = modules[frame.module];
    if (symbols == nullptr) symbols = std::make_unique<ModuleSymbols>(frame.module);
    symbols->Describe(frame);
    frame.symbol = Demangle(frame.symbol);
    frames.push_back(std::move(frame));
  }
  return frames;
}

std::string BaseName(const std::string& path) { return path.substr(path.find_last_of('/') + 1); }

void PrintFrames(std::ostream& out, const std::vector<StackFrame>& frames, const char* indent) {
  for (size_t i = 0; i < frames.size(); ++i) {
    const StackFrame& frame = frames[i];
    out << indent << '#' << i << ' ' << (frame.symbol.empty() ? "?" : frame.symbol);
    if (!frame.file.empty()) out << " at " << frame.file << ':' << frame.line;
    out << " (" << BaseName(frame.module) << "+0x" << std::hex << frame.offset << std::dec << ")\n";
  }
}

/// The last few are for reading; all of them are in the file.
void PrintHalCalls(std::ostream& out, const std::vector<HalCallNote>& calls) {
  constexpr size_t kShown = 6;
  if (calls.empty()) return;
  out << "  last HAL calls:\n";
  for (size_t i = calls.size() > kShown ? calls.size() - kShown : 0; i < calls.size(); ++i) {
    out << "    " << ToString(SimTime::FromNanoseconds(calls[i].sim_time_ns)) << ' '
        << calls[i].task << ": " << calls[i].call << '\n';
  }
}

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
  d.events_run = json.value("events_run", uint64_t{0});
  d.signal = json.value("signal", 0);
  d.address = json.value("address", uint64_t{0});
  d.repeat_command = json.value("repeat_command", "");
  for (const Json& entry : json.value("hal_calls", Json::array())) {
    d.hal_calls.push_back({entry.value("time_ns", int64_t{0}), entry.value("task", ""),
                           entry.value("call", "")});
  }
  Modules modules;
  for (const Json& entry : json.value("tasks", Json::array())) {
    d.tasks.push_back({entry.value("name", ""), entry.value("state", ""),
                       entry.value("hal_call", ""), FramesOf(entry, modules)});
  }
  d.frames = FramesOf(json, modules);
  return d;
}

bool IsFirmwareFault(std::string_view kind) { return kind != "harness" && kind != "bench"; }

std::string ToString(const Diagnosis& d) {
  std::ostringstream out;
  out << (d.kind == "harness" ? "Dustproof itself failed"
          : d.kind == "bench" ? "the bench failed"
                              : "the firmware ended the run")
      << " at "
      << ToString(SimTime::FromNanoseconds(d.sim_time_ns)) << ": " << d.message << '\n';
  if (!d.firmware.empty()) out << "  firmware: " << d.firmware << '\n';
  if (!d.task.empty()) out << "  task: " << d.task << ", last HAL call: " << d.hal_call << '\n';
  if (d.signal == SIGSEGV || d.signal == SIGBUS || d.signal == SIGFPE || d.signal == SIGILL)
    out << "  signal: SIG" << sigabbrev_np(d.signal) << '\n';
  if (d.signal == SIGSEGV || d.signal == SIGBUS)
    out << "  address: 0x" << std::hex << d.address << std::dec << '\n';
  PrintHalCalls(out, d.hal_calls);
  for (const TaskNote& task : d.tasks) {
    if (task.name == d.task) continue;
    out << "  task " << task.name << ": " << task.state << ", last HAL call: " << task.hal_call
        << '\n';
    PrintFrames(out, task.frames, "    ");
  }
  PrintFrames(out, d.frames, "  ");
  if (!d.repeat_command.empty()) out << "  again: " << d.repeat_command << '\n';
  return out.str();
}

}  // namespace dustproof
