#include "hil/shim/lockstep/internal/load_object.h"

#include <dlfcn.h>
#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "hil/shim/lockstep/internal/gate.h"
#include "hil/shim/lockstep/internal/private_copy.h"
#include "hil/shim/lockstep/internal/sanitizer.h"
#include "hil/shim/lockstep/internal/virtual_state.h"

namespace dustproof::internal {
namespace {

namespace fs = std::filesystem;

const char* loading_name = nullptr;
int loading_depth = 0;

/// Replaced instructions of everything that was loaded, by their addresses in this process.
std::vector<ReplacedInstruction>& Replaced() {
  static std::vector<ReplacedInstruction> all;
  return all;
}

/// "/x/libfoo.so: undefined symbol: bar (version V)" → "bar".
std::string UndefinedSymbol(const std::string& message) {
  constexpr std::string_view kMark = "undefined symbol: ";
  const size_t at = message.find(kMark);
  if (at == std::string::npos) return {};
  const size_t begin = at + kMark.size();
  return message.substr(begin, message.find_first_of(" ,\n", begin) - begin);
}

Error ExplainLoadFailure(const std::string& path, const std::string& message) {
  const std::string symbol = UndefinedSymbol(message);
  if (symbol == "dp_hal_query") {
    return Error::Environment(
        path + ": this program does not export dp_hal_query; link it with dustproof_link_host");
  }
  if (!symbol.empty()) {
    return Error::BadInput(path + ": nothing defines its symbol '" + symbol +
                           "'; link the library that does into the firmware (-Wl,--no-undefined "
                           "finds such gaps early)");
  }
  return Error::BadInput(path + ": can't be loaded: " + message);
}

/// A file in memory, by a name that a debugger can open too. The caller closes `*fd`.
Result<std::string> WriteToMemory(const std::string& path, const std::vector<std::byte>& bytes,
                                  int* fd) {
  *fd = memfd_create(fs::path(path).filename().c_str(), MFD_CLOEXEC);
  if (*fd < 0) return Error::Environment(path + ": memfd_create: " + std::strerror(errno));
  for (size_t done = 0; done < bytes.size();) {
    const ssize_t count = write(*fd, bytes.data() + done, bytes.size() - done);
    if (count <= 0) return Error::Environment(path + ": no memory: " + std::strerror(errno));
    done += static_cast<size_t>(count);
  }
  return "/proc/" + std::to_string(getpid()) + "/fd/" + std::to_string(*fd);
}

void* Open(const std::string& name) {
  const LoadingScope loading;
  const NoLeakCheck no_leak_check;
  const char* const outer = std::exchange(loading_name, name.c_str());
  void* handle = nullptr;
  {
    const GateShutting shutting;
    handle = dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL);
  }
  loading_name = outer;
  return handle;
}

/// Opens the copy as if it were the file: backtraces, debuggers and later look-ups see its own
/// path.
Result<void*> OpenCopy(const std::string& path, const PrivateCopy& copy) {
  int fd = -1;
  const Result<std::string> name = WriteToMemory(path, copy.elf.file(), &fd);
  void* handle = name ? Open(*name) : nullptr;
  if (fd >= 0) close(fd);
  if (!name) return name.error();
  if (handle == nullptr) return ExplainLoadFailure(path, dlerror());
  link_map* map = nullptr;
  if (dlinfo(handle, RTLD_DI_LINKMAP, &map) == 0) map->l_name = strdup(path.c_str());
  return handle;
}

void Remember(const std::vector<ReplacedInstruction>& replaced, const std::byte* base) {
  auto& all = Replaced();
  for (ReplacedInstruction r : replaced) {
    r.address += reinterpret_cast<uint64_t>(base);
    all.push_back(r);
  }
  std::sort(all.begin(), all.end(),
            [](const auto& a, const auto& b) { return a.address < b.address; });
}

bool IsOfTheSystem(const fs::path& folder) {
  const std::string text = folder.lexically_normal().string() + "/";
  return text.starts_with("/lib") || text.starts_with("/usr/lib");
}

/// Folders of an object's run path, `$ORIGIN` replaced, without those of the system.
std::vector<fs::path> OwnFolders(const ElfFile& elf, const std::string& path) {
  const uint64_t tag = elf.AllDynamic(DT_RUNPATH).empty() ? DT_RPATH : DT_RUNPATH;
  std::vector<fs::path> folders;
  for (const uint64_t at : elf.AllDynamic(static_cast<int64_t>(tag))) {
    const std::string all = elf.DynamicText(at) + ":";
    for (size_t begin = 0, end; (end = all.find(':', begin)) != std::string::npos;
         begin = end + 1) {
      std::string folder = all.substr(begin, end - begin);
      for (const std::string_view origin : {"${ORIGIN}", "$ORIGIN"}) {
        if (folder.starts_with(origin))
          folder = fs::path(path).parent_path().string() + folder.substr(origin.size());
      }
      if (!folder.empty() && !IsOfTheSystem(folder)) folders.emplace_back(folder);
    }
  }
  return folders;
}

/// Libraries that come with the firmware, before the loader would look for them by itself.
Result<void> LoadOwnLibraries(const ElfFile& elf, const std::string& path) {
  const std::vector<fs::path> folders = OwnFolders(elf, path);
  for (const uint64_t at : elf.AllDynamic(DT_NEEDED)) {
    const std::string name = elf.DynamicText(at);
    for (const fs::path& folder : folders) {
      std::error_code ignored;
      if (name.empty() || !fs::is_regular_file(folder / name, ignored)) continue;
      const Result<LoadedObject> library = LoadObject((folder / name).string());
      if (!library) return library.error();
      break;
    }
  }
  return {};
}

}  // namespace

Result<LoadedObject> LoadObject(const std::string& path) {
  Result<ElfFile> elf = ElfFile::Read(path);
  if (!elf) return elf.error();
  LoadedObject object;
  // Without a slash, dlopen would search the library folders.
  const std::string full = fs::absolute(path).string();
  PrivateCopy copy = MakePrivateCopy(std::move(*elf));
  object.handle = dlopen(full.c_str(), RTLD_NOW | RTLD_NOLOAD);
  object.loaded_before = object.handle != nullptr;
  if (!object.loaded_before) {
    if (const Result<void> own = LoadOwnLibraries(copy.elf, full); !own) return own.error();
    if (copy.changed) {
      const Result<void*> opened = OpenCopy(full, copy);
      if (!opened) return opened.error();
      object.handle = *opened;
    } else {
      object.handle = Open(full);
      if (object.handle == nullptr) return ExplainLoadFailure(path, dlerror());
    }
  }
  const link_map* map = nullptr;
  if (dlinfo(object.handle, RTLD_DI_LINKMAP, &map) != 0)
    return Error::Environment(path + ": dlinfo failed");
  object.base = reinterpret_cast<std::byte*>(map->l_addr);
  if (!object.loaded_before) Remember(copy.replaced, object.base);
  object.elf = std::move(copy.elf);
  return object;
}

bool AnswerInstruction(ucontext_t& context) {
  auto& registers = context.uc_mcontext.gregs;
  const auto pc = static_cast<uint64_t>(registers[REG_RIP]);
  const auto& all = Replaced();
  const auto found = std::lower_bound(all.begin(), all.end(), pc,
                                      [](const auto& r, uint64_t at) { return r.address < at; });
  if (found == all.end() || found->address != pc || !VirtualTimeIsOn()) return false;
  // Numbers in the order in which instructions name them, which is not that of the context.
  constexpr int kNamed[] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                            REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};
  greg_t& named = registers[kNamed[found->register_number]];
  const int64_t now = VirtualMonotonicNanoseconds();  // As of a processor of 1 GHz.
  switch (found->kind) {
    case Unseen::kTimestampAndProcessor:
      registers[REG_RCX] = 0;
      [[fallthrough]];
    case Unseen::kTimestamp:
      registers[REG_RAX] = now & 0xFFFFFFFF;
      registers[REG_RDX] = now >> 32;
      break;
    case Unseen::kProcessor:
      named = 0;
      break;
    case Unseen::kRandom: {
      constexpr greg_t kCarry = 1, kOtherFlags = 0x8D4;  // Overflow, sign, zero, adjust, parity.
      const auto value = static_cast<greg_t>(NextVirtualRandom());
      named = found->wide     ? value
              : found->narrow ? (named & ~greg_t{0xFFFF}) | (value & 0xFFFF)
                              : value & 0xFFFFFFFF;
      registers[REG_EFL] = (registers[REG_EFL] & ~kOtherFlags) | kCarry;
      break;
    }
  }
  registers[REG_RIP] += found->bytes;
  return true;
}

LoadingScope::LoadingScope() { ++loading_depth; }
LoadingScope::~LoadingScope() { --loading_depth; }
bool FirmwareIsLoading() { return loading_depth > 0; }

bool IsLoading(const void* address) {
  if (loading_name == nullptr || address == nullptr) return false;
  // Of an object and no more: dladdr searches its symbols too, a hundred times slower.
  dl_find_object found{};
  return _dl_find_object(const_cast<void*>(address), &found) == 0 &&
         found.dlfo_link_map->l_name != nullptr &&
         std::strcmp(loading_name, found.dlfo_link_map->l_name) == 0;
}

}  // namespace dustproof::internal
