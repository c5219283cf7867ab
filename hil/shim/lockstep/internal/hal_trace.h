#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "hil/hal/dp_network.h"
#include "sim/core/time.h"

namespace dustproof::internal {

/// One HAL call, as firmware made it.
struct HalCallRecord {
  static constexpr size_t kArgumentsMax = 5;

  const char* name = nullptr;  ///< A literal.
  /// One letter an argument: signed, unsigned, pointer, floating point, endpoint.
  const char* kinds = "";
  std::array<uint64_t, kArgumentsMax> values{};
  uint32_t task_id = 0;
  SimTime time;
};

template <typename T>
constexpr char ArgumentKind() {
  if constexpr (std::is_pointer_v<T>) return 'p';
  if constexpr (std::is_floating_point_v<T>) return 'f';
  if constexpr (std::is_same_v<T, dp_endpoint>) return 'e';
  return std::is_signed_v<T> || std::is_enum_v<T> ? 's' : 'u';
}

template <typename T>
uint64_t ArgumentValue(const T& argument) {
  if constexpr (std::is_pointer_v<T>) {
    return reinterpret_cast<uint64_t>(argument);
  } else if constexpr (std::is_floating_point_v<T>) {
    return std::bit_cast<uint64_t>(static_cast<double>(argument));
  } else if constexpr (std::is_same_v<T, dp_endpoint>) {
    return uint64_t{argument.address} << 16 | argument.port;
  } else if constexpr (std::is_enum_v<T>) {
    int32_t raw;  // Firmware may have put anything into it.
    static_assert(sizeof raw == sizeof argument);
    std::memcpy(&raw, &argument, sizeof raw);
    return static_cast<uint64_t>(int64_t{raw});
  } else {
    return static_cast<uint64_t>(argument);
  }
}

template <typename... Arguments>
inline constexpr char kArgumentKinds[] = {ArgumentKind<Arguments>()..., '\0'};

/// The last calls, in a ring that costs a few stores a call: what a diagnosis shows.
class HalTrace {
 public:
  static constexpr size_t kRecords = 16;
  /// Calls at one instant of simulated time after which firmware counts as hanging.
  static constexpr uint64_t kCallsAtOnceMax = 4'000'000;

  /// Room for the next call, time and task filled in; the oldest goes.
  HalCallRecord& Next(SimTime now, uint32_t task_id) {
    if (now != now_) {
      now_ = now;
      calls_at_once_ = 0;
    }
    ++calls_at_once_;
    HalCallRecord& record = records_[count_++ % kRecords];
    record.task_id = task_id;
    record.time = now;
    return record;
  }
  bool hangs() const { return calls_at_once_ > kCallsAtOnceMax; }

  /// How many are kept, and one of them, oldest first.
  size_t size() const { return count_ < kRecords ? count_ : kRecords; }
  const HalCallRecord& at(size_t i) const { return records_[(count_ - size() + i) % kRecords]; }

 private:
  std::array<HalCallRecord, kRecords> records_;
  uint64_t count_ = 0;
  SimTime now_ = SimTime::Min();
  uint64_t calls_at_once_ = 0;
};

}  // namespace dustproof::internal
