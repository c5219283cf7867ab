#pragma once

#include <sstream>
#include <string>

namespace dustproof {

/// Says what our own code got wrong, with whatever the run registered through `SetCheckContext`,
/// and aborts.
[[noreturn]] void CheckFailed(const char* file, int line, const char* condition,
                              const std::string& values);

/// `context` is called when a check fails; it should print seed, simulated time and the like. One a
/// process.
void SetCheckContext(std::string (*context)());

namespace internal {
template <typename... Ts>
std::string FormatCheckValues(const Ts&... values) {
  std::ostringstream out;
  ((out << ' ' << values), ...);
  return out.str();
}
}  // namespace internal
}  // namespace dustproof

/// Armed in every build: a broken invariant of ours stops the run. Not for other people's input.
#define DP_CHECK(condition, ...)                                                       \
  do {                                                                                 \
    if (!(condition)) [[unlikely]] {                                                   \
      ::dustproof::CheckFailed(__FILE__, __LINE__, #condition,                         \
                               ::dustproof::internal::FormatCheckValues(__VA_ARGS__)); \
    }                                                                                  \
  } while (false)
