#include "hil/shim/lockstep/internal/firmware_image.h"

#include <dlfcn.h>
#include <link.h>

#include <cstring>

#include "hil/shim/lockstep/internal/gate.h"
#include "hil/shim/lockstep/internal/load_object.h"
#include "hil/shim/lockstep/internal/sanitizer.h"

namespace dustproof::internal {
namespace {

FirmwareImage* loaded_image = nullptr;

extern "C" char** environ;

/// Copies without the sanitizer's interceptors: the redzones between globals are part of what is
/// copied.
__attribute__((no_sanitize("address"), noinline)) void RawCopy(std::byte* to, const std::byte* from,
                                                            size_t bytes) {
  for (size_t i = 0; i < bytes; ++i) static_cast<volatile std::byte*>(to)[i] = from[i];
}

}  // namespace

Result<std::unique_ptr<FirmwareImage>> FirmwareImage::Load(const std::string& path) {
  std::unique_ptr<FirmwareImage> image(new FirmwareImage());
  if (Result<void> opened = image->Open(path); !opened) return opened.error();
  return image;
}

FirmwareImage::~FirmwareImage() {
  if (loaded_image == this) loaded_image = nullptr;
}

Result<void> FirmwareImage::Open(const std::string& path) {
  const Result<LoadedObject> object = LoadObject(path);
  if (!object) return object.error();
  firmware_ = static_cast<const dp_firmware_t*>(dlsym(object->handle, "dp_firmware"));
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
  base_ = object->base;
  TakeLoadImage(object->elf);
  loaded_image = this;
  if (object->loaded_before) Restore();
  return {};
}

/// Rebuilds what the loader made of the file before the first constructor ran: the file's bytes,
/// relocated.
void FirmwareImage::TakeLoadImage(const ElfFile& elf) {
  begin_ = base_ + elf.extent().first;
  end_ = base_ + elf.extent().second;
  thread_image_ = elf.ThreadImage();
  for (ElfFile::Memory& memory : elf.WritableMemory())
    ranges_.push_back({base_ + memory.address, std::move(memory.bytes)});
  const auto put = [&](uint64_t address, uint64_t value) {
    std::byte* at = base_ + address;
    for (Range& range : ranges_) {
      if (at < range.begin || at + 8 > range.begin + range.load_image.size()) continue;
      std::memcpy(range.load_image.data() + (at - range.begin), &value, 8);
    }
  };
  const auto load = reinterpret_cast<uint64_t>(base_);
  for (const Elf64_Rela& r : elf.Relocations()) {
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
  for (const auto& [address, addend] : elf.PackedRelocations()) put(address, load + addend);

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
  const NoLeakCheck no_leak_check;
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
  const GateShutting shutting;
  for (const auto constructor : constructors_) constructor(1, arguments, environ);
}

bool FirmwareImage::Holds(const void* address) const {
  const auto* at = static_cast<const std::byte*>(address);
  return at >= begin_ && at < end_;
}

bool IsFirmwareObject(const void* address) {
  return (loaded_image != nullptr && loaded_image->Holds(address)) || IsLoading(address);
}

}  // namespace dustproof::internal
