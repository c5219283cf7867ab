#include "tests/robots/vacuum/firmware/fake_hal.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace vacuum::test {
namespace {

FakeHal* g_hal = nullptr;

void PassTime(uint64_t until_us) {
  g_hal->now_us = std::max(g_hal->now_us, until_us);
  if (g_hal->on_time) g_hal->on_time();
}

// Does the operation to `depth`, byte by byte from `old` to `target`.
void ApplyCut(uint8_t* bytes, const std::vector<uint8_t>& target, CutDepth depth) {
  for (size_t i = 0; i < target.size(); ++i) {
    const bool first_half = i < target.size() / 2;
    if (depth == CutDepth::kAll || depth == (first_half ? CutDepth::kHalf : CutDepth::kOtherHalf))
      bytes[i] = target[i];
    // Some bits of every byte, other ones from byte to byte.
    const uint8_t mask = static_cast<uint8_t>(0x6D << (i % 3));
    if (depth == CutDepth::kSomeBits)
      bytes[i] = static_cast<uint8_t>((bytes[i] & ~mask) | (target[i] & mask));
  }
}

dp_status Change(uint32_t address, const std::vector<uint8_t>& target) {
  FakeFlash& flash = g_hal->flash;
  if (flash.broken) return DP_ERR_IO;
  const int index = flash.operations++;
  uint8_t* bytes = flash.bytes.data() + address;
  if (index == flash.cut_at) {
    ApplyCut(bytes, target, flash.cut_depth);
    throw PowerCut{};
  }
  std::copy(target.begin(), target.end(), bytes);
  return DP_OK;
}

dp_flash_info FlashInfo() { return g_hal->flash.info; }

dp_status FlashRead(uint32_t address, void* out, size_t bytes) {
  const FakeFlash& flash = g_hal->flash;
  if (address > flash.bytes.size() || bytes > flash.bytes.size() - address) return DP_ERR_INVALID;
  std::memcpy(out, flash.bytes.data() + address, bytes);
  return DP_OK;
}

dp_status FlashProgram(uint32_t address, const void* data, size_t bytes) {
  const FakeFlash& flash = g_hal->flash;
  if (address > flash.bytes.size() || bytes > flash.bytes.size() - address) return DP_ERR_INVALID;
  if (bytes > flash.info.page_bytes - address % flash.info.page_bytes) return DP_ERR_INVALID;
  std::vector<uint8_t> target(flash.bytes.begin() + address,
                              flash.bytes.begin() + address + static_cast<long>(bytes));
  for (size_t i = 0; i < bytes; ++i) target[i] &= static_cast<const uint8_t*>(data)[i];
  PassTime(g_hal->now_us + 700);
  return Change(address, target);
}

dp_status FlashErase(uint32_t address) {
  const FakeFlash& flash = g_hal->flash;
  if (address >= flash.bytes.size() || address % flash.info.block_bytes != 0) return DP_ERR_INVALID;
  PassTime(g_hal->now_us + 45000);
  ++g_hal->flash.erases;
  return Change(address, std::vector<uint8_t>(flash.info.block_bytes, 0xFF));
}

const dp_flash_v1 kFlash = {FlashInfo, FlashRead, FlashProgram, FlashErase};

const dp_clock_v1 kClock = {
    [] { return g_hal->now_us; },
    [](uint64_t until_us) { PassTime(until_us); },
    [](uint64_t duration_us) { PassTime(g_hal->now_us + duration_us); },
};

const dp_task_v1 kTask = {};

const dp_log_v1 kLog = {[](dp_log_level, const char* text) { g_hal->log.emplace_back(text); }};

const dp_random_v1 kRandom = {[](void* out, size_t bytes) {
  for (size_t i = 0; i < bytes; ++i) {
    g_hal->chance = g_hal->chance * 1664525u + 1013904223u;
    static_cast<uint8_t*>(out)[i] = static_cast<uint8_t>(g_hal->chance >> 24);
  }
}};

const uint8_t kMac[6] = {0x02, 0x1A, 0x2B, 0x3C, 0x4D, 0x5E};

const dp_identity_v1 kIdentity = {
    [] { return "DPV1-0042-7731"; },
    [] { return "DP-V1"; },
    [] { return kMac; },
    [] { return g_hal->trust_anchor_pem.c_str(); },
    [] { return ""; },
    [] { return ""; },
    [] { return "printed-on-the-label"; },
};

const dp_battery_v1 kBattery = {
    [](dp_battery_sample* out) {
      *out = {};
      out->charge_pct = 80;
      return DP_OK;
    },
    [] { std::abort(); },
};

const dp_wifi_v1 kWifi = {
    [](dp_wifi_network*, size_t) { return int32_t{0}; },
    [](const char*, const char*, const char*, uint64_t) {
      g_hal->wifi = DP_WIFI_CONNECTED;
      return DP_OK;
    },
    [](const char*, const char*) {
      g_hal->wifi = DP_WIFI_HOTSPOT;
      return DP_OK;
    },
    [] {
      g_hal->wifi = DP_WIFI_OFF;
      return DP_OK;
    },
    [] { return g_hal->wifi; },
    [] { return uint32_t{0xC0A80117}; },
    [] { return int8_t{-50}; },
};

int32_t Send(int32_t socket, const void* data, size_t bytes, uint64_t) {
  const auto found = g_hal->sockets.find(socket);
  if (found == g_hal->sockets.end() || !found->second.peer) return DP_ERR_STATE;
  found->second.peer->OnBytes(std::string(static_cast<const char*>(data), bytes), found->second.in);
  return static_cast<int32_t>(bytes);
}

int32_t Receive(int32_t socket, void* out, size_t capacity, uint64_t timeout_us) {
  const auto found = g_hal->sockets.find(socket);
  if (found == g_hal->sockets.end() || !found->second.peer) return DP_ERR_STATE;
  std::string& in = found->second.in;
  found->second.peer->OnBytes({}, in);
  if (in.empty() && found->second.peer->closed()) return 0;
  if (in.empty()) {
    PassTime(g_hal->now_us + timeout_us);
    found->second.peer->OnBytes({}, in);
  }
  if (in.empty()) return found->second.peer->closed() ? 0 : static_cast<int32_t>(DP_ERR_TIMEOUT);
  const size_t count = std::min(capacity, in.size());
  std::memcpy(out, in.data(), count);
  in.erase(0, count);
  return static_cast<int32_t>(count);
}

dp_status Connect(int32_t socket, dp_endpoint to, uint64_t) {
  auto peer = g_hal->connect ? g_hal->connect(to) : nullptr;
  if (!peer) return DP_ERR_REFUSED;
  g_hal->sockets[socket].peer = std::move(peer);
  return DP_OK;
}

const dp_socket_v1 kSocket = {
    [](const char* host, uint32_t* out, size_t, uint64_t) {
      g_hal->resolved.emplace_back(host);
      out[0] = 0x0A000001;
      return int32_t{1};
    },
    [](dp_socket_kind) {
      g_hal->sockets[++g_hal->last_socket] = {};
      return g_hal->last_socket;
    },
    Connect,
    [](int32_t, uint16_t) { return DP_OK; },
    [](int32_t, dp_endpoint*, uint64_t) { return int32_t{DP_ERR_TIMEOUT}; },
    Send,
    Receive,
    [](int32_t, dp_endpoint, const void*, size_t) { return int32_t{DP_ERR_ABSENT}; },
    [](int32_t, dp_endpoint*, void*, size_t, uint64_t) { return int32_t{DP_ERR_ABSENT}; },
    [](int32_t, uint32_t) { return DP_ERR_ABSENT; },
    [](int32_t socket) { return g_hal->sockets.erase(socket) == 1 ? DP_OK : DP_ERR_INVALID; },
};

const dp_diagnostics_v1 kDiagnostics = {
    [](double, double, double) {},
    [](int32_t, int32_t, double, double, double, const int8_t*) {},
    [](const char*) {},
    [](const char* category) { g_hal->data_ready.emplace_back(category); },
};

}  // namespace

bool FakeFlash::Contains(const std::string& text) const {
  return std::search(bytes.begin(), bytes.end(), text.begin(), text.end()) != bytes.end();
}

bool FakeFlash::Blank() const {
  return std::all_of(bytes.begin(), bytes.end(), [](uint8_t byte) { return byte == 0xFF; });
}

FakeHal::FakeHal() { g_hal = this; }
FakeHal::~FakeHal() { g_hal = nullptr; }

Platform FakeHal::hal() const {
  Platform hal;
  hal.clock = &kClock;
  hal.task = &kTask;
  hal.log = &kLog;
  hal.random = &kRandom;
  hal.identity = &kIdentity;
  hal.battery = &kBattery;
  hal.flash = &kFlash;
  hal.wifi = &kWifi;
  hal.socket = &kSocket;
  hal.diagnostics = &kDiagnostics;
  return hal;
}

}  // namespace vacuum::test

// The core of the firmware refers to it; tests hand their HAL over instead.
extern "C" const void* dp_hal_query(const char*, uint32_t) { return nullptr; }
