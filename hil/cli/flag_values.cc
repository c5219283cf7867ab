#include "hil/cli/flag_values.h"

#include <charconv>

#include "sim/config/number.h"

namespace dustproof {

Result<std::optional<SimDuration>> UntilOf(const std::string& text) {
  if (text.empty()) return std::optional<SimDuration>();
  const std::optional<SimDuration> until = ParseDuration(text);
  if (!until || *until <= SimDuration())
    return Error::BadInput("--until: must be a time such as 90s or 5min, got '" + text + "'");
  return until;
}

Result<SimDuration> WaitOf(const std::string& text) {
  const std::optional<SimDuration> wait = ParseDuration(text);
  if (!wait || *wait < SimDuration()) return Error::BadInput("--wait: must be a time such as 90s or 10min, got '" + text + "'");
  return *wait;
}

Result<std::optional<uint64_t>> SeedOf(const std::string& text) {
  if (text.empty()) return std::optional<uint64_t>();
  uint64_t seed = 0;
  const char* end = text.data() + text.size();
  const auto [stopped, problem] = std::from_chars(text.data(), end, seed);
  if (problem != std::errc() || stopped != end)
    return Error::BadInput("--seed: must be a whole number from 0 to 18446744073709551615, got '" +
                           text + "'");
  return std::optional<uint64_t>(seed);
}

}  // namespace dustproof
