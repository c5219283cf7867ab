// Flash: hil/hal/dp_flash.h.

#include <string_view>
#include <utility>

#include "hil/shim/lockstep/internal/hal_state.h"

namespace dustproof::internal {
namespace {

constexpr const char* kLeavesDevice = "the range leaves the device";

bool InDevice(const dp_flash_info& info, uint32_t address, size_t bytes) {
  return address <= info.size_bytes && bytes <= info.size_bytes - address;
}

void TellBegin(FlashDevice& flash, const FlashWork& work) {
  if (work.erase) {
    flash.OnEraseBegin(work.address);
  } else {
    flash.OnProgramBegin(work.address, work.data.size());
  }
}

/// The device does one thing at a time: waits until it is free, then for as long as the work takes,
/// then does it. `flash_work` stands meanwhile, so that a reset can cut it.
template <typename Finish>
dp_status DoFlashWork(HalState& hal, FlashWork work, Finish finish) {
  while (hal.flash_work) hal.scheduler.Wait(hal.flash_free, SimTime::Max());
  work.begin = hal.queue.now();
  hal.flash_work = std::move(work);
  hal.scheduler.OnHostStack([&] { TellBegin(*hal.devices.flash, *hal.flash_work); });
  hal.scheduler.SleepUntil(hal.flash_work->begin + hal.flash_work->takes);
  dp_status status = DP_ERR_IO;
  hal.scheduler.OnHostStack([&] { status = finish(*hal.flash_work); });
  hal.flash_work.reset();
  hal.scheduler.NotifyOne(hal.flash_free);
  return status;
}

dp_flash_info FlashInfo() {
  const HalCall call("flash.info");
  return call ? call->devices.flash->info() : dp_flash_info{};
}

dp_status FlashRead(uint32_t address, void* out, size_t bytes) {
  const HalCall call("flash.read", address, out, bytes);
  if (!call) return DP_ERR_STATE;
  FlashDevice& flash = *call->devices.flash;
  if (!InDevice(flash.info(), address, bytes)) return call.Refuse(kLeavesDevice);
  if (out == nullptr && bytes > 0) return call.Refuse("out is null");
  if (bytes > 0) {
    call->scheduler.OnHostStack([&] {
      flash.Read(address, {static_cast<std::byte*>(out), bytes});
    });
  }
  return DP_OK;
}

dp_status FlashProgram(uint32_t address, const void* data, size_t bytes) {
  const HalCall call("flash.program", address, data, bytes);
  if (!call) return DP_ERR_STATE;
  FlashDevice& flash = *call->devices.flash;
  const dp_flash_info info = flash.info();
  if (!InDevice(info, address, bytes)) return call.Refuse(kLeavesDevice);
  if (data == nullptr && bytes > 0) return call.Refuse("data is null");
  if (bytes > info.page_bytes - address % info.page_bytes)
    return call.Refuse("the bytes cross the end of a page");
  if (bytes == 0) return DP_OK;
  const auto* begin = static_cast<const std::byte*>(data);
  return DoFlashWork(call.hal(),
                     {.erase = false,
                      .address = address,
                      .data = {begin, begin + bytes},
                      .takes = flash.program_time()},
                     [&](const FlashWork& work) { return flash.Program(work.address, work.data); });
}

dp_status FlashErase(uint32_t address) {
  const HalCall call("flash.erase", address);
  if (!call) return DP_ERR_STATE;
  FlashDevice& flash = *call->devices.flash;
  const dp_flash_info info = flash.info();
  if (address >= info.size_bytes || address % info.block_bytes != 0)
    return call.Refuse("no block begins at this address");
  return DoFlashWork(call.hal(),
                     {.erase = true, .address = address, .data = {}, .takes = flash.erase_time()},
                     [&](const FlashWork& work) { return flash.Erase(work.address); });
}

constexpr dp_flash_v1 kFlash = {FlashInfo, FlashRead, FlashProgram, FlashErase};

}  // namespace

const void* FindStorageInterface(const HalState& hal, const char* name) {
  if (std::string_view(name) == DP_FLASH && hal.devices.flash != nullptr) return &kFlash;
  return nullptr;
}

}  // namespace dustproof::internal
