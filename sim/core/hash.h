#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

namespace dustproof {

/// A running 64-bit hash (XXH3) over values in a fixed order: the state hash of a run, seeds of
/// named streams. Not for security; its value does not depend on the CPU.
class Hasher {
 public:
  Hasher();
  ~Hasher();
  Hasher(Hasher&&) noexcept;
  Hasher& operator=(Hasher&&) noexcept;

  void AddBytes(std::span<const std::byte> bytes);
  /// Length first, so that ("ab", "c") and ("a", "bc") differ.
  void Add(std::string_view text);
  /// Integers, floating point and enums, by their bits: 0.0 and -0.0 differ, on purpose.
  template <typename T>
  requires(std::is_arithmetic_v<T> || std::is_enum_v<T>) void Add(T value) {
    AddBytes(std::as_bytes(std::span<const T, 1>(&value, 1)));
  }
  uint64_t Digest() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Sixteen lower-case hex digits.
std::string HexDigest(uint64_t hash);

}  // namespace dustproof
