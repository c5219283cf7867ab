#include "sim/core/time.h"

#include <chrono>
#include <cstdio>

namespace dustproof {
namespace {

std::string Seconds(int64_t ns) {
  char text[48];
  const int64_t ms = (ns + (ns < 0 ? -500'000 : 500'000)) / 1'000'000;
  std::snprintf(text, sizeof text, "%s%lld.%03lld s", ms < 0 ? "-" : "",
                static_cast<long long>((ms < 0 ? -ms : ms) / 1000),
                static_cast<long long>((ms < 0 ? -ms : ms) % 1000));
  return text;
}

}  // namespace

std::string ToString(SimTime t) { return Seconds(t.nanoseconds()); }
std::string ToString(SimDuration d) { return Seconds(d.nanoseconds()); }

std::string ToIso8601(WallTime t) {
  using namespace std::chrono;
  const sys_seconds when{seconds{t.unix_seconds()}};
  const auto day = floor<days>(when);
  const year_month_day date{day};
  const hh_mm_ss clock{when - day};
  char text[64];
  std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02dZ", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()));
  return text;
}

}  // namespace dustproof
