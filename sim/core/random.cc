#include "sim/core/random.h"

#include <bit>
#include <cmath>
#include <cstring>

#include "sim/core/check.h"
#include "sim/core/hash.h"

namespace dustproof {
namespace {

// SplitMix64 (Steele, Lea, Flood 2014), which xoshiro's authors recommend for seeding.
uint64_t SplitMix(uint64_t& x) {
  uint64_t z = (x += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

}  // namespace

RandomStream::RandomStream(uint64_t seed) {
  for (uint64_t& word : state_) word = SplitMix(seed);
}

uint64_t RandomStream::NextBits() {
  const uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
  const uint64_t t = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= t;
  state_[3] = std::rotl(state_[3], 45);
  return result;
}

double RandomStream::Uniform() { return static_cast<double>(NextBits() >> 11) * 0x1.0p-53; }

uint64_t RandomStream::Below(uint64_t bound) {
  DP_CHECK(bound > 0);
  const uint64_t reject_below = -bound % bound;
  uint64_t bits = NextBits();
  while (bits < reject_below) bits = NextBits();
  return bits % bound;
}

double RandomStream::Normal() {
  if (has_spare_) {
    has_spare_ = false;
    return spare_;
  }
  double u, v, s;
  do {
    u = Uniform(-1, 1);
    v = Uniform(-1, 1);
    s = u * u + v * v;
  } while (s >= 1 || s == 0);
  const double scale = std::sqrt(-2 * std::log(s) / s);
  spare_ = v * scale;
  has_spare_ = true;
  return u * scale;
}

void RandomStream::Fill(std::span<std::byte> out) {
  for (size_t i = 0; i < out.size(); i += 8) {
    const uint64_t bits = NextBits();
    std::memcpy(out.data() + i, &bits, std::min<size_t>(8, out.size() - i));
  }
}

RandomStream Seed::Stream(std::string_view name) const {
  return RandomStream(Derive(name).value());
}

Seed Seed::Derive(std::string_view name) const {
  Hasher hasher;
  hasher.Add(value_);
  hasher.Add(name);
  return Seed(hasher.Digest());
}

}  // namespace dustproof
