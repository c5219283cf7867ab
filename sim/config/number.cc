#include "sim/config/number.h"

#include <charconv>
#include <limits>

namespace dustproof {
namespace {

struct Unit {
  const char* name;
  int64_t nanoseconds;
};
constexpr Unit kUnits[] = {{"d", 86'400'000'000'000},
                           {"h", 3'600'000'000'000},
                           {"min", 60'000'000'000},
                           {"s", 1'000'000'000},
                           {"ms", 1'000'000},
                           {"us", 1'000},
                           {"ns", 1}};

constexpr bool IsDigit(char c) { return c >= '0' && c <= '9'; }

template <typename T>
std::optional<T> ParseAll(std::string_view text) {
  if (!text.empty() && text[0] == '+' && text.substr(0, 2) != "+-") text.remove_prefix(1);
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// Takes "12.5" from the front of `text` and returns it in units of `unit` nanoseconds... once the
// unit is known; so digits are kept as an integer and a count of decimals.
struct Decimal {
  __int128 digits = 0;
  int decimals = 0;
};

std::optional<Decimal> TakeDecimal(std::string_view* text) {
  Decimal number;
  size_t i = 0;
  bool in_fraction = false;
  size_t digit_count = 0;
  for (; i < text->size(); ++i) {
    const char c = (*text)[i];
    if (c == '.' && !in_fraction && digit_count > 0) {
      in_fraction = true;
    } else if (IsDigit(c)) {
      if (++digit_count > 20) return std::nullopt;
      number.digits = number.digits * 10 + (c - '0');
      number.decimals += in_fraction;
    } else {
      break;
    }
  }
  if (digit_count == 0 || (in_fraction && number.decimals == 0)) return std::nullopt;
  text->remove_prefix(i);
  return number;
}

}  // namespace

std::optional<double> ParseNumber(std::string_view text) { return ParseAll<double>(text); }
std::optional<int64_t> ParseInteger(std::string_view text) { return ParseAll<int64_t>(text); }

std::optional<SimDuration> ParseDuration(std::string_view text) {
  __int128 total = 0;
  const Unit* smallest = nullptr;
  if (text.empty()) return std::nullopt;
  while (!text.empty()) {
    const std::optional<Decimal> number = TakeDecimal(&text);
    if (!number) return std::nullopt;
    size_t letters = 0;
    while (letters < text.size() && !IsDigit(text[letters])) ++letters;
    const Unit* unit = nullptr;
    for (const Unit& candidate : kUnits) {
      if (text.substr(0, letters) == candidate.name) unit = &candidate;
    }
    if (unit == nullptr || (smallest != nullptr && unit <= smallest)) return std::nullopt;
    smallest = unit;
    text.remove_prefix(letters);
    __int128 scale = 1;
    for (int i = 0; i < number->decimals; ++i) scale *= 10;
    const __int128 scaled = number->digits * unit->nanoseconds;
    if (scaled % scale != 0) return std::nullopt;
    total += scaled / scale;
    if (total > std::numeric_limits<int64_t>::max()) return std::nullopt;
  }
  return SimDuration::Nanoseconds(static_cast<int64_t>(total));
}

std::string FormatNumber(double value) {
  char buffer[32];
  const auto [end, error] = std::to_chars(buffer, buffer + sizeof(buffer), value);
  return std::string(buffer, error == std::errc() ? end : buffer);
}

std::string FormatDuration(SimDuration value) {
  int64_t rest = value.nanoseconds();
  if (rest == 0) return "0s";
  std::string text = rest < 0 ? "-" : "";
  for (const Unit& unit : kUnits) {
    const int64_t count = rest / unit.nanoseconds;
    rest -= count * unit.nanoseconds;
    if (count != 0) text += std::to_string(count < 0 ? -count : count) + unit.name;
  }
  return text;
}

}  // namespace dustproof
