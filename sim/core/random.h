#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace dustproof {

/// A stream of pseudo-random numbers: xoshiro256** (Blackman and Vigna, 2018). Copying it copies
/// its state.
///
/// Distributions are our own, since the standard library leaves theirs to the implementation.
class RandomStream {
 public:
  explicit RandomStream(uint64_t seed);

  uint64_t NextBits();
  /// Uniform in [0, 1), 53 bits.
  double Uniform();
  /// Uniform in [low, high).
  double Uniform(double low, double high) { return low + (high - low) * Uniform(); }
  /// Uniform in [0, bound), without bias. @pre bound > 0
  uint64_t Below(uint64_t bound);
  /// Normal with mean 0 and standard deviation 1 (Marsaglia's polar method).
  double Normal();
  bool Chance(double probability) { return Uniform() < probability; }
  void Fill(std::span<std::byte> out);

  /// The whole state, for the run's state hash.
  const std::array<uint64_t, 4>& state() const { return state_; }

 private:
  std::array<uint64_t, 4> state_;
  double spare_ = 0;
  bool has_spare_ = false;
};

/// The run's one seed. Each consumer names its own stream, so that a new consumer shifts nobody
/// else's numbers.
class Seed {
 public:
  explicit Seed(uint64_t value) : value_(value) {}
  RandomStream Stream(std::string_view name) const;
  /// A seed of its own for a part of the run, e.g. one connection.
  Seed Derive(std::string_view name) const;
  uint64_t value() const { return value_; }

 private:
  uint64_t value_;
};

}  // namespace dustproof
