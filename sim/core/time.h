#pragma once

#include <compare>
#include <cstdint>
#include <limits>
#include <string>

/// The three time types of the project: int64 nanoseconds each, without silent conversion between
/// them.
namespace dustproof {

/// A span of simulated time.
class SimDuration {
 public:
  constexpr SimDuration() = default;
  static constexpr SimDuration Nanoseconds(int64_t v) { return SimDuration(v); }
  static constexpr SimDuration Microseconds(int64_t v) { return SimDuration(v * 1'000); }
  static constexpr SimDuration Milliseconds(int64_t v) { return SimDuration(v * 1'000'000); }
  static constexpr SimDuration Seconds(int64_t v) { return SimDuration(v * 1'000'000'000); }
  /// Rounds to the nearest nanosecond.
  static constexpr SimDuration FromSeconds(double s) {
    return SimDuration(static_cast<int64_t>(s * 1e9 + (s < 0 ? -0.5 : 0.5)));
  }
  static constexpr SimDuration Max() { return SimDuration(std::numeric_limits<int64_t>::max()); }

  constexpr int64_t nanoseconds() const { return ns_; }
  constexpr int64_t microseconds() const { return ns_ / 1'000; }
  constexpr int64_t milliseconds() const { return ns_ / 1'000'000; }
  constexpr double seconds() const { return static_cast<double>(ns_) * 1e-9; }

  constexpr auto operator<=>(const SimDuration&) const = default;
  constexpr SimDuration operator+(SimDuration o) const { return SimDuration(ns_ + o.ns_); }
  constexpr SimDuration operator-(SimDuration o) const { return SimDuration(ns_ - o.ns_); }
  constexpr SimDuration operator*(int64_t k) const { return SimDuration(ns_ * k); }
  constexpr SimDuration operator/(int64_t k) const { return SimDuration(ns_ / k); }
  constexpr int64_t operator/(SimDuration o) const { return ns_ / o.ns_; }

 private:
  explicit constexpr SimDuration(int64_t ns) : ns_(ns) {}
  int64_t ns_ = 0;
};

/// An instant of simulated time: nanoseconds since the run began.
class SimTime {
 public:
  constexpr SimTime() = default;
  static constexpr SimTime Zero() { return SimTime(0); }
  static constexpr SimTime Min() { return SimTime(std::numeric_limits<int64_t>::min()); }
  static constexpr SimTime Max() { return SimTime(std::numeric_limits<int64_t>::max()); }
  static constexpr SimTime FromNanoseconds(int64_t ns) { return SimTime(ns); }

  constexpr int64_t nanoseconds() const { return ns_; }
  constexpr double seconds() const { return static_cast<double>(ns_) * 1e-9; }

  constexpr auto operator<=>(const SimTime&) const = default;
  constexpr SimTime operator+(SimDuration d) const { return SimTime(ns_ + d.nanoseconds()); }
  constexpr SimTime operator-(SimDuration d) const { return SimTime(ns_ - d.nanoseconds()); }
  constexpr SimDuration operator-(SimTime o) const { return SimDuration::Nanoseconds(ns_ - o.ns_); }
  constexpr SimTime& operator+=(SimDuration d) { return *this = *this + d; }

 private:
  explicit constexpr SimTime(int64_t ns) : ns_(ns) {}
  int64_t ns_ = 0;
};

/// A calendar instant in the simulated world: nanoseconds since 1970-01-01 UTC. `WallTime =
/// scenario start + SimTime`.
class WallTime {
 public:
  constexpr WallTime() = default;
  static constexpr WallTime FromUnixNanoseconds(int64_t ns) { return WallTime(ns); }
  static constexpr WallTime FromUnixSeconds(int64_t s) { return WallTime(s * 1'000'000'000); }
  constexpr int64_t unix_nanoseconds() const { return ns_; }
  constexpr int64_t unix_seconds() const { return ns_ / 1'000'000'000; }
  constexpr auto operator<=>(const WallTime&) const = default;
  constexpr WallTime operator+(SimDuration d) const { return WallTime(ns_ + d.nanoseconds()); }

 private:
  explicit constexpr WallTime(int64_t ns) : ns_(ns) {}
  int64_t ns_ = 0;
};

/// "12.345 s": three decimals, for logs and messages.
std::string ToString(SimTime t);
std::string ToString(SimDuration d);
/// "2026-03-02T09:00:00Z", whole seconds, UTC.
std::string ToIso8601(WallTime t);

}  // namespace dustproof
