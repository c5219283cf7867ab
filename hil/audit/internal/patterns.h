#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "hil/audit/internal/content.h"

namespace dustproof::internal {

/// A planted value that was met in some bytes.
struct PatternHit {
  std::string category;
  std::string value;  ///< The planted value in its plain form.
  std::string
      form;  ///< "as planted", "other case or separators", "sha256 hex", "reversed", "xor 0x5a", ….
  bool is_hash = false;
  ByteRange range;  ///< In the bytes that were searched.
};

/// Finds many values in many spellings at once.
///
/// Every spelling is found by its first six bytes, through a bitmap that is wrong once in a
/// thousand: a pass costs a few nanoseconds a byte however many spellings there are, where an
/// Aho–Corasick automaton over some ten thousand of them would take a hundred megabytes.
///
/// Text is searched without case and without anything but letters and digits, so that "A4-C1-38"
/// and "a4c138", one letter a line, UTF-16 and DNS labels are all alike. Bytes under XOR with a
/// short key, and under addition of a constant, are found through differences, which such keys
/// leave as they are.
class PatternMatcher {
 public:
  /// `planted`: categories of the policy to values. `coordinates` are matched by NumericMatcher
  /// instead.
  explicit PatternMatcher(const std::map<std::string, std::vector<std::string>>& planted);

  /// Adds a text of a category that is matched by its words only, e.g. a line of the robot's log.
  void AddText(const std::string& category, const std::string& value);
  void Finish();

  void Find(std::span<const std::byte> bytes, std::vector<PatternHit>* hits) const;

 private:
  enum class View { kSqueezed, kExact, kXor1, kXor2, kXor3, kXor4, kAdd };
  static constexpr size_t kViewCount = 7;
  struct Pattern {
    Bytes bytes;
    uint32_t value_index = 0;
    std::string form;
    bool is_hash = false;
    bool whole_word = false;  ///< Only where no letter or digit touches it.
  };
  struct Value {
    std::string category, text;
  };
  struct Table {
    std::vector<Pattern> patterns;
    std::vector<std::pair<uint64_t, uint32_t>> by_anchor;  ///< Sorted.
    std::vector<uint64_t> bitmap;
  };

  void AddValue(const std::string& category, const std::string& value);
  void AddSpellings(uint32_t index);
  void AddHashes(uint32_t index, const std::vector<std::string>& spellings);
  void Add(View view, uint32_t value, Bytes bytes, const std::string& form, bool is_hash = false,
           bool whole_word = false);
  void AddSqueezed(uint32_t value, std::string_view text, const std::string& form,
                   bool is_hash = false, bool whole_word = false);
  void FindIn(View view, std::span<const std::byte> bytes, const std::vector<uint32_t>* origin,
              size_t lag, std::span<const std::byte> original, std::vector<PatternHit>* hits) const;

  std::vector<Value> values_;
  Table tables_[kViewCount];
};

/// Six bytes of "a4:c1:38:0b:5e:99"; empty where the text is no MAC address.
Bytes ParseMac(std::string_view text);

/// The interface identifier that IPv6 makes of six bytes of a MAC (RFC 4291, appendix A).
Bytes Eui64Of(const Bytes& mac);

/// Letters and digits in lower case.
std::string Squeeze(std::string_view text);

}  // namespace dustproof::internal
