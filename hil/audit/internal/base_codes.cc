#include "hil/audit/internal/base_codes.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstring>

namespace dustproof::internal {

namespace {

bool IsAlnum(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; }

int Base64Digit(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+' || c == '-') return 62;
  if (c == '/' || c == '_') return 63;
  return -1;
}

int Base32Digit(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a';
  if (c >= '2' && c <= '7') return c - '2' + 26;
  return -1;
}

constexpr char kZ85[] =
    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";

int Base85Digit(char c, bool z85) {
  if (!z85) return c >= '!' && c <= 'u' ? c - '!' : -1;
  const char* at = c == '\0' ? nullptr : std::strchr(kZ85, c);
  return at == nullptr ? -1 : static_cast<int>(at - kZ85);
}

/// Maximal runs of characters that `is_digit` takes, joined over line breaks.
template <typename F>
std::vector<CodeRun> FindRuns(std::string_view text, size_t count_min, F is_digit) {
  std::vector<CodeRun> runs;
  CodeRun run;
  auto close = [&] {
    if (run.positions.size() >= count_min) runs.push_back(run);
    run.positions.clear();
  };
  for (size_t i = 0; i < text.size(); ++i) {
    if (is_digit(text[i])) {
      run.positions.push_back(static_cast<uint32_t>(i));
      continue;
    }
    const bool line_break = text[i] == '\n' || text[i] == '\r';
    if (line_break && run.positions.size() >= 60)
      continue;  // Wrapped lines are long; a short word ends here.
    close();
  }
  close();
  return runs;
}

/// Packs digits of `bits` bits each.
template <typename F>
Decoded DecodeBits(std::string_view text, const CodeRun& run, size_t skip, int bits, F digit) {
  Decoded out;
  uint32_t buffer = 0;
  int held = 0;
  uint32_t first = 0;
  for (size_t i = skip; i < run.positions.size(); ++i) {
    if (held == 0) first = run.positions[i];
    const uint32_t carried_from = run.positions[i];
    buffer = buffer << bits | static_cast<uint32_t>(digit(text[run.positions[i]]));
    held += bits;
    if (held < 8) continue;
    held -= 8;
    out.bytes.push_back(static_cast<std::byte>(buffer >> held & 0xff));
    out.table.push_back(first);
    first = held > 0 ? carried_from : first;
  }
  // The end of the last whole byte.
  out.table.push_back(run.positions.empty() ? 0 : run.positions.back() + 1);
  return out;
}

}  // namespace

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

namespace {

bool IsPair(std::string_view text, size_t at) {
  return at + 1 < text.size() && HexDigit(text[at]) >= 0 && HexDigit(text[at + 1]) >= 0;
}
size_t SkipPrefix(std::string_view text, size_t at) {
  const bool prefixed =
      at + 3 < text.size() && text[at] == '0' && (text[at + 1] == 'x' || text[at + 1] == 'X');
  return prefixed ? at + 2 : at;
}

/// The pairs from `at` on with `separator` between them.
HexRun ReadPairs(std::string_view text, size_t at, std::string_view separator) {
  HexRun run;
  while (true) {
    const size_t digits = SkipPrefix(text, at);
    if (!IsPair(text, digits)) break;
    run.bytes.push_back(
        static_cast<std::byte>(HexDigit(text[digits]) * 16 + HexDigit(text[digits + 1])));
    run.table.push_back(static_cast<uint32_t>(at));
    const size_t end = digits + 2;
    at = end;
    if (text.substr(end, separator.size()) != separator) break;
    at = end + separator.size();
  }
  const auto last = run.table.empty() ? at : SkipPrefix(text, run.table.back()) + 2;
  run.table.push_back(static_cast<uint32_t>(last));
  return run;
}

}  // namespace

std::vector<HexRun> FindHexRuns(std::string_view text) {
  constexpr size_t kPairsMin = 6;
  std::vector<HexRun> runs;
  for (size_t at = 0; at + 2 * kPairsMin <= text.size();) {
    const size_t digits = SkipPrefix(text, at);
    if (!IsPair(text, digits)) {
      ++at;
      continue;
    }
    // What follows the first pair says how pairs are separated, if at all.
    size_t end = digits + 2;
    const size_t separator_begin = end;
    while (end < text.size() && end < separator_begin + 2 && !IsAlnum(text[end])) ++end;
    HexRun run = ReadPairs(text, at, text.substr(separator_begin, end - separator_begin));
    const size_t run_end = run.table.back();
    if (run.bytes.size() >= kPairsMin) {
      // An unseparated run may begin in the middle of a pair: its other phase is one of its own.
      if (end == separator_begin && IsPair(text, at + 1)) {
        HexRun shifted = ReadPairs(text, at + 1, "");
        if (shifted.bytes.size() >= kPairsMin) runs.push_back(std::move(shifted));
      }
      runs.push_back(std::move(run));
      at = std::max(run_end, at + 1);
    } else {
      ++at;
    }
  }
  return runs;
}

std::vector<CodeRun> FindBase64Runs(std::string_view text) {
  return FindRuns(text, 8, [](char c) { return Base64Digit(c) >= 0; });
}

Decoded DecodeBase64(std::string_view text, const CodeRun& run, size_t skip) {
  return DecodeBits(text, run, skip, 6, [](char c) { return Base64Digit(c); });
}

std::vector<CodeRun> FindBase32Runs(std::string_view text) {
  return FindRuns(text, 12, [](char c) { return Base32Digit(c) >= 0; });
}

Decoded DecodeBase32(std::string_view text, const CodeRun& run) {
  return DecodeBits(text, run, 0, 5, [](char c) { return Base32Digit(c); });
}

std::vector<CodeRun> FindBase85Runs(std::string_view text) {
  return FindRuns(text, 15, [](char c) { return c > ' ' && c < 0x7f && c != '"'; });
}

Decoded DecodeBase85(std::string_view text, const CodeRun& run, bool z85) {
  Decoded out;
  uint64_t value = 0;
  size_t held = 0;
  uint32_t first = 0;
  auto put = [&](size_t count) {
    for (size_t i = 0; i < count; ++i) {
      out.bytes.push_back(static_cast<std::byte>(value >> (24 - 8 * i) & 0xff));
      out.table.push_back(first);
    }
  };
  for (const uint32_t at : run.positions) {
    const int digit = Base85Digit(text[at], z85);
    if (digit < 0) return {};
    if (held == 0) first = at;
    value = value * 85 + static_cast<uint64_t>(digit);
    if (++held < 5) continue;
    if (value > UINT32_MAX) return {};
    put(4);
    value = 0;
    held = 0;
  }
  if (held > 1) {
    for (size_t i = held; i < 5; ++i) value = value * 85 + 84;
    put(held - 1);
  }
  out.table.push_back(run.positions.empty() ? 0 : run.positions.back() + 1);
  return out;
}

}  // namespace dustproof::internal
