#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "hil/audit/internal/content.h"

/// Bytes spelled as text: hex and the bases 32, 64 and 85.
namespace dustproof::internal {

/// 0–15, or -1.
int HexDigit(char c);

/// A run of hex digits, in pairs that may be separated alike ("a4:c1", "a4 c1", "0xa4, 0xc1").
struct HexRun {
  Bytes bytes;
  std::vector<uint32_t> table;  ///< As Content::Table has it.
};
/// Runs of at least six pairs.
std::vector<HexRun> FindHexRuns(std::string_view text);

/// Positions of a run's characters in the text; line breaks inside are left out.
struct CodeRun {
  std::vector<uint32_t> positions;
};
struct Decoded {
  Bytes bytes;
  std::vector<uint32_t> table;
};

/// Both alphabets, at least eight characters.
std::vector<CodeRun> FindBase64Runs(std::string_view text);
/// Decodes from the `skip`-th character on.
Decoded DecodeBase64(std::string_view text, const CodeRun& run, size_t skip);

std::vector<CodeRun> FindBase32Runs(std::string_view text);
Decoded DecodeBase32(std::string_view text, const CodeRun& run);

std::vector<CodeRun> FindBase85Runs(std::string_view text);
Decoded DecodeBase85(std::string_view text, const CodeRun& run, bool z85);

}  // namespace dustproof::internal
