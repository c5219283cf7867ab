#include "hil/shim/lockstep/internal/firmware_image.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>

#include "hil/shim/lockstep/internal/sanitizer.h"

namespace dustproof::internal {
namespace {

FirmwareImage* loaded_image = nullptr;
const std::string* loading_path = nullptr;
int loading_depth = 0;

extern "C" char** environ;

struct LoadingScope {
  LoadingScope() { ++loading_depth; }
  ~LoadingScope() { --loading_depth; }

 private:
  NoLeakCheck no_leak_check_;
};

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

/// Copies without the sanitizer's interceptors: the redzones between globals are part of what is
/// copied.
[[gnu::no_sanitize("address"), gnu::noinline]] void RawCopy(std::byte* to, const std::byte* from,
                                                            size_t bytes) {
  for (size_t i = 0; i < bytes; ++i) static_cast<volatile std::byte*>(to)[i] = from[i];
}

}  // namespace

/// The file's own view of itself, every access checked against its end.
struct FirmwareImage::Elf {
  std::vector<std::byte> file;
  Elf64_Ehdr header{};
  std::vector<Elf64_Phdr> segments;

  template <typename T>
  std::optional<T> At(uint64_t offset) const {
    if (offset > file.size() || sizeof(T) > file.size() - offset) return std::nullopt;
    T value;
    std::memcpy(&value, file.data() + offset, sizeof(T));
    return value;
  }
  /// Where in the file the byte at a virtual address stands.
  std::optional<uint64_t> OffsetOf(uint64_t address) const {
    for (const Elf64_Phdr& s : segments) {
      if (s.p_type == PT_LOAD && address >= s.p_vaddr && address - s.p_vaddr < s.p_filesz)
        return s.p_offset + (address - s.p_vaddr);
    }
    return std::nullopt;
  }
  uint64_t Dynamic(int64_t tag) const {
    for (const Elf64_Phdr& s : segments) {
      if (s.p_type != PT_DYNAMIC) continue;
      for (uint64_t at = s.p_offset; at + sizeof(Elf64_Dyn) <= s.p_offset + s.p_filesz;
           at += sizeof(Elf64_Dyn)) {
        const auto entry = At<Elf64_Dyn>(at);
        if (!entry || entry->d_tag == DT_NULL) break;
        if (entry->d_tag == tag) return entry->d_un.d_val;
      }
    }
    return 0;
  }
  template <typename T>
  std::vector<T> Table(int64_t address_tag, int64_t bytes_tag) const {
    std::vector<T> table;
    const auto offset = OffsetOf(Dynamic(address_tag));
    if (!offset) return table;
    for (uint64_t i = 0; i < Dynamic(bytes_tag) / sizeof(T); ++i) {
      const auto entry = At<T>(*offset + i * sizeof(T));
      if (!entry) break;
      table.push_back(*entry);
    }
    return table;
  }

  static Result<Elf> Read(const std::string& path);
};

Result<FirmwareImage::Elf> FirmwareImage::Elf::Read(const std::string& path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (!std::filesystem::exists(status)) return Error::BadInput(path + ": no such firmware file");
  if (!std::filesystem::is_regular_file(status)) return Error::BadInput(path + ": is not a file");
  std::ifstream in(path, std::ios::binary);
  if (!in) return Error::BadInput(path + ": can't be read: " + std::strerror(errno));
  Elf elf;
  const std::vector<char> bytes((std::istreambuf_iterator<char>(in)),
                                std::istreambuf_iterator<char>());
  elf.file.resize(bytes.size());
  if (!bytes.empty()) std::memcpy(elf.file.data(), bytes.data(), bytes.size());
  const auto header = elf.At<Elf64_Ehdr>(0);
  if (!header || std::memcmp(header->e_ident, ELFMAG, SELFMAG) != 0) {
    return Error::BadInput(path +
                           ": is not a shared object; build the firmware with -shared -fPIC");
  }
  if (header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_machine != EM_X86_64) {
    return Error::BadInput(
        path +
        ": is built for another processor; a library firmware is built for this machine (x86-64)");
  }
  elf.header = *header;
  for (int i = 0; i < header->e_phnum; ++i) {
    if (const auto s =
            elf.At<Elf64_Phdr>(header->e_phoff + static_cast<uint64_t>(i) * sizeof(Elf64_Phdr)))
      elf.segments.push_back(*s);
  }
  const bool executable = std::any_of(elf.segments.begin(), elf.segments.end(),
                                      [](const Elf64_Phdr& s) { return s.p_type == PT_INTERP; });
  if (header->e_type != ET_DYN || executable) {
    return Error::BadInput(path +
                           ": is an executable or object file, not a shared object; build the "
                           "firmware with -shared -fPIC");
  }
  return elf;
}

Result<std::unique_ptr<FirmwareImage>> FirmwareImage::Load(const std::string& path) {
  std::unique_ptr<FirmwareImage> image(new FirmwareImage());
  if (Result<void> opened = image->Open(path); !opened) return opened.error();
  return image;
}

FirmwareImage::~FirmwareImage() {
  if (loaded_image == this) loaded_image = nullptr;
}

Result<void> FirmwareImage::Open(const std::string& path) {
  Result<Elf> elf = Elf::Read(path);
  if (!elf) return elf.error();
  path_ = std::filesystem::absolute(path)
              .string();  // Without a slash, dlopen would search the library folders.
  const bool loaded_before = dlopen(path_.c_str(), RTLD_NOW | RTLD_NOLOAD) != nullptr;
  void* handle = nullptr;
  {
    const LoadingScope loading;
    loading_path = &path_;
    handle = dlopen(path_.c_str(), RTLD_NOW | RTLD_LOCAL);
    loading_path = nullptr;
  }
  if (handle == nullptr) return ExplainLoadFailure(path, dlerror());
  firmware_ = static_cast<const dp_firmware_t*>(dlsym(handle, "dp_firmware"));
  if (firmware_ == nullptr) {
    return Error::BadInput(path +
                           ": has no symbol dp_firmware; define `const dp_firmware_t dp_firmware` "
                           "(hil/hal/dp_types.h)" +
                           ", extern \"C\" in C++, with default visibility");
  }
  if (firmware_->hal_version != DP_HAL_VERSION) {
    return Error::BadInput(path + ": is compiled for HAL version " +
                           std::to_string(firmware_->hal_version) + ", this Dustproof has " +
                           std::to_string(DP_HAL_VERSION) +
                           "; compile it again with these headers");
  }
  if (firmware_->main == nullptr || firmware_->name == nullptr || firmware_->version == nullptr) {
    return Error::BadInput(path + ": dp_firmware lacks its " +
                           (firmware_->main == nullptr   ? "main"
                            : firmware_->name == nullptr ? "name"
                                                         : "version"));
  }
  name_ = firmware_->name;
  version_ = firmware_->version;
  const link_map* map = nullptr;
  if (dlinfo(handle, RTLD_DI_LINKMAP, &map) != 0)
    return Error::Environment(path + ": dlinfo failed");
  base_ = reinterpret_cast<std::byte*>(map->l_addr);
  TakeLoadImage(*elf);
  loaded_image = this;
  if (loaded_before) Restore();
  return {};
}

/// Rebuilds what the loader made of the file before the first constructor ran: the file's bytes,
/// relocated.
void FirmwareImage::TakeLoadImage(const Elf& elf) {
  uint64_t relro_begin = 0, relro_end = 0, lowest = UINT64_MAX, highest = 0;
  for (const Elf64_Phdr& s : elf.segments) {
    if (s.p_type == PT_GNU_RELRO) {
      relro_begin = s.p_vaddr;
      relro_end =
          (s.p_vaddr + s.p_memsz) & ~uint64_t{4095};  // The loader protects whole pages only.
    }
    if (s.p_type == PT_TLS) {
      thread_image_.assign(s.p_memsz, std::byte{0});
      if (s.p_offset <= elf.file.size() && s.p_filesz <= elf.file.size() - s.p_offset) {
        std::copy_n(elf.file.begin() + static_cast<ptrdiff_t>(s.p_offset),
                    std::min(s.p_filesz, s.p_memsz), thread_image_.begin());
      }
    }
    if (s.p_type == PT_LOAD) {
      lowest = std::min(lowest, s.p_vaddr);
      highest = std::max(highest, s.p_vaddr + s.p_memsz);
    }
  }
  begin_ = base_ + lowest;
  end_ = base_ + highest;
  const auto add_range = [&](const Elf64_Phdr& s, uint64_t from, uint64_t to) {
    if (from >= to) return;
    Range range{base_ + from, std::vector<std::byte>(to - from)};
    for (uint64_t at = from; at < to && at - s.p_vaddr < s.p_filesz; ++at) {
      range.load_image[at - from] = elf.file[s.p_offset + (at - s.p_vaddr)];
    }
    ranges_.push_back(std::move(range));
  };
  for (const Elf64_Phdr& s : elf.segments) {
    if (s.p_type != PT_LOAD || (s.p_flags & PF_W) == 0) continue;
    const uint64_t end = s.p_vaddr + s.p_memsz;
    const bool relro = relro_begin >= s.p_vaddr && relro_begin < end && relro_end > relro_begin;
    if (relro) {
      add_range(s, s.p_vaddr, relro_begin);
      add_range(s, relro_end, end);
    } else {
      add_range(s, s.p_vaddr, end);
    }
  }
  const auto put = [&](uint64_t address, uint64_t value) {
    std::byte* at = base_ + address;
    for (Range& range : ranges_) {
      if (at < range.begin || at + 8 > range.begin + range.load_image.size()) continue;
      std::memcpy(range.load_image.data() + (at - range.begin), &value, 8);
    }
  };
  const auto load = reinterpret_cast<uint64_t>(base_);
  for (const auto& [table, bytes] :
       {std::pair{DT_RELA, DT_RELASZ}, std::pair{DT_JMPREL, DT_PLTRELSZ}}) {
    for (const Elf64_Rela& r : elf.Table<Elf64_Rela>(table, bytes)) {
      if (ELF64_R_TYPE(r.r_info) == R_X86_64_RELATIVE) {
        put(r.r_offset, load + static_cast<uint64_t>(r.r_addend));
      } else if (Holds(base_ + r.r_offset) && Holds(base_ + r.r_offset + 7)) {
        // Bound to a symbol: what the loader put there. A constructor that changes such a pointer
        // keeps its change.
        uint64_t bound;
        RawCopy(reinterpret_cast<std::byte*>(&bound), base_ + r.r_offset, 8);
        put(r.r_offset, bound);
      }
    }
  }
  uint64_t relative_at = 0;  // DT_RELR: addresses and bitmaps of the 63 words after them.
  const auto relocate = [&](uint64_t address) {
    const auto offset = elf.OffsetOf(address);
    const auto addend = offset ? elf.At<uint64_t>(*offset) : std::nullopt;
    if (addend) put(address, load + *addend);
  };
  for (const uint64_t entry : elf.Table<uint64_t>(DT_RELR, DT_RELRSZ)) {
    if ((entry & 1) == 0) {
      relocate(entry);
      relative_at = entry + 8;
      continue;
    }
    for (int bit = 0; bit < 63; ++bit) {
      if ((entry >> (bit + 1)) & 1) relocate(relative_at + static_cast<uint64_t>(bit) * 8);
    }
    relative_at += 63 * 8;
  }

  // The arrays are relocated in memory, so they are read there.
  const auto add_function = [&](uint64_t address, auto& list) {
    using Function = typename std::remove_reference_t<decltype(list)>::value_type;
    if (address > 1 && Holds(reinterpret_cast<void*>(address)))
      list.push_back(reinterpret_cast<Function>(address));
  };
  const auto add_array = [&](int64_t address_tag, int64_t bytes_tag, auto& list) {
    const uint64_t begin = elf.Dynamic(address_tag), bytes = elf.Dynamic(bytes_tag);
    for (uint64_t i = 0; i < bytes / 8 && Holds(base_ + begin + i * 8 + 7); ++i) {
      uint64_t address;
      std::memcpy(&address, base_ + begin + i * 8, 8);
      add_function(address, list);
    }
  };
  if (const uint64_t init = elf.Dynamic(DT_INIT)) add_function(load + init, constructors_);
  add_array(DT_INIT_ARRAY, DT_INIT_ARRAYSZ, constructors_);
  add_array(DT_FINI_ARRAY, DT_FINI_ARRAYSZ, destructors_);
}

void FirmwareImage::Restore() {
  const LoadingScope loading;
  if (kAddressSanitizer) {
    for (auto it = destructors_.rbegin(); it != destructors_.rend(); ++it) (*it)();
  }
  for (const Range& range : ranges_)
    RawCopy(range.begin, range.load_image.data(), range.load_image.size());
  if (!thread_image_.empty()) {
    struct Search {
      const FirmwareImage* image;
      void* block = nullptr;
    } search{this, nullptr};
    dl_iterate_phdr(
        [](dl_phdr_info* info, size_t, void* data) {
          auto* s = static_cast<Search*>(data);
          if (reinterpret_cast<std::byte*>(info->dlpi_addr) != s->image->base_) return 0;
          s->block = info->dlpi_tls_data;
          return 1;
        },
        &search);
    // Null where no thread-local variable has been touched yet.
    if (search.block != nullptr)
      RawCopy(static_cast<std::byte*>(search.block), thread_image_.data(), thread_image_.size());
  }
  static char program[] = "dustproof";
  static char* arguments[] = {program, nullptr};
  for (const auto constructor : constructors_) constructor(1, arguments, environ);
}

bool FirmwareImage::Holds(const void* address) const {
  const auto* at = static_cast<const std::byte*>(address);
  return at >= begin_ && at < end_;
}

bool IsFirmwareObject(const void* dso_handle) {
  if (loaded_image != nullptr && loaded_image->Holds(dso_handle)) return true;
  if (loading_path == nullptr || dso_handle == nullptr) return false;
  Dl_info info{};
  return dladdr(dso_handle, &info) != 0 && info.dli_fname != nullptr &&
         *loading_path == info.dli_fname;
}

bool FirmwareIsLoading() { return loading_depth > 0; }

}  // namespace dustproof::internal
