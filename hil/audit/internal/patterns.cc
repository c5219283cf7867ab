#include "hil/audit/internal/patterns.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <cctype>
#include <cstring>
#include <set>

#include "hil/audit/internal/spellings.h"

namespace dustproof::internal {

namespace {

constexpr size_t kAnchorBytes = 6;
constexpr size_t kBitmapBits = 20;
constexpr size_t kSqueezedLettersMin = 7;
constexpr size_t kDifferenceBytesMin = 7;
constexpr size_t kHashBytesMin = 8;

uint64_t AnchorAt(const std::byte* bytes) {
  uint64_t anchor = 0;
  std::memcpy(&anchor, bytes, kAnchorBytes);
  return anchor;
}

size_t Slot(uint64_t anchor) { return (anchor * 0x9E3779B97F4A7C15ull) >> (64 - kBitmapBits); }

/// bytes[i] ^ bytes[i + lag]; with lag 0, bytes[i + 1] - bytes[i].
Bytes Differences(std::span<const std::byte> bytes, size_t lag) {
  Bytes out;
  const size_t step = std::max<size_t>(lag, 1);
  if (bytes.size() <= step) return out;
  out.resize(bytes.size() - step);
  for (size_t i = 0; i < out.size(); ++i) {
    out[i] = lag > 0 ? bytes[i] ^ bytes[i + step]
                     : static_cast<std::byte>(static_cast<uint8_t>(bytes[i + 1]) -
                                              static_cast<uint8_t>(bytes[i]));
  }
  return out;
}

bool IsWordByte(std::span<const std::byte> bytes, size_t at) {
  return at < bytes.size() && std::isalnum(static_cast<unsigned char>(bytes[at])) != 0;
}

bool Varied(std::span<const std::byte> bytes) {
  return std::set<std::byte>(bytes.begin(), bytes.end()).size() >= 4;
}

}  // namespace

std::string Squeeze(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0)
      out += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return out;
}

Bytes ParseMac(std::string_view text) {
  if (text.size() != 17) return {};
  Bytes mac;
  for (size_t i = 0; i < 17; i += 3) {
    if (i > 0 && text[i - 1] != ':' && text[i - 1] != '-') return {};
    const std::string pair(text.substr(i, 2));
    char* end = nullptr;
    const auto value = std::strtoul(pair.c_str(), &end, 16);
    if (end != pair.c_str() + 2) return {};
    mac.push_back(static_cast<std::byte>(value));
  }
  return mac;
}

Bytes Eui64Of(const Bytes& mac) {
  return {mac[0] ^ std::byte{2}, mac[1], mac[2], std::byte{0xff}, std::byte{0xfe}, mac[3], mac[4], mac[5]};
}

PatternMatcher::PatternMatcher(const std::map<std::string, std::vector<std::string>>& planted) {
  for (const auto& [category, values] : planted) {
    if (category == "precise_location") continue;
    for (const std::string& value : values) AddValue(category, value);
  }
  Finish();
}

void PatternMatcher::AddValue(const std::string& category, const std::string& value) {
  values_.push_back({category, value});
  AddSpellings(static_cast<uint32_t>(values_.size() - 1));
}

void PatternMatcher::AddText(const std::string& category, const std::string& value) {
  values_.push_back({category, value});
  AddSqueezed(static_cast<uint32_t>(values_.size() - 1), value, "as written");
}

void PatternMatcher::Add(View view, uint32_t value, Bytes bytes, const std::string& form,
                         bool is_hash, bool whole_word) {
  if (bytes.size() < kAnchorBytes) return;
  tables_[static_cast<size_t>(view)].patterns.push_back(
      {std::move(bytes), value, form, is_hash, whole_word});
}

void PatternMatcher::AddSqueezed(uint32_t value, std::string_view text, const std::string& form,
                                 bool is_hash, bool whole_word) {
  const std::string letters = Squeeze(text);
  if (letters.size() < kSqueezedLettersMin) return;
  Add(View::kSqueezed, value, ToBytes(letters), form, is_hash, whole_word);
}

void PatternMatcher::AddSpellings(uint32_t index) {
  const std::string& text = values_[index].text;
  AddSqueezed(index, text, "as planted");
  AddSqueezed(index, std::string(text.rbegin(), text.rend()), "reversed");
  AddSqueezed(index, ToHex(ToBytes(text)), "hex");
  AddSqueezed(index, ToBase32(ToBytes(text)), "base32");
  const std::string base58 = ToBase58(ToBytes(text));
  if (base58.size() >= kSqueezedLettersMin) Add(View::kExact, index, ToBytes(base58), "base58");
  Add(View::kExact, index, SwapPairs(ToBytes(text)), "bytes swapped in pairs");

  std::vector<Bytes> raw = {ToBytes(text)};
  std::vector<std::string> spellings = {text,          Lower(text),          Upper(text),
                                        Squeeze(text), Upper(Squeeze(text)), text + "\n"};
  if (const Bytes mac = ParseMac(text); !mac.empty()) {
    const std::string letters = Squeeze(text);
    Add(View::kExact, index, mac, "six bytes");
    Add(View::kExact, index, Bytes(mac.rbegin(), mac.rend()), "six bytes, reversed");
    Add(View::kExact, index, SwapPairs(mac), "six bytes, swapped in pairs");
    Add(View::kExact, index, Eui64Of(mac), "IPv6 interface identifier");
    AddSqueezed(index, ToHex(Eui64Of(mac)), "IPv6 interface identifier, hex");
    AddSqueezed(index, ToHex(Bytes(mac.rbegin(), mac.rend())), "hex, bytes reversed");
    for (const bool reversed : {false, true}) {
      uint64_t number = 0;
      for (size_t i = 0; i < 6; ++i)
        number = number << 8 | static_cast<uint8_t>(mac[reversed ? 5 - i : i]);
      const std::string order = reversed ? ", bytes reversed" : "";
      AddSqueezed(index, std::to_string(number), "decimal" + order, false, true);
      Add(View::kExact, index, ToVarint(number), "varint" + order);
      Add(View::kExact, index, ToVarint(number << 1), "zigzag varint" + order);
    }
    spellings.push_back(std::string(reinterpret_cast<const char*>(mac.data()), mac.size()));
    std::string dashed = text;
    std::replace(dashed.begin(), dashed.end(), ':', '-');
    spellings.push_back(dashed);
    spellings.push_back(Upper(dashed));
  }
  for (size_t lag = 1; lag <= 4; ++lag) {
    const auto view = static_cast<View>(static_cast<size_t>(View::kXor1) + lag - 1);
    const Bytes difference = Differences(raw[0], lag);
    if (difference.size() >= kDifferenceBytesMin && Varied(difference)) {
      Add(view, index, difference,
          "xor with a key of " + std::to_string(lag) + (lag == 1 ? " byte" : " bytes"));
    }
  }
  const Bytes steps = Differences(raw[0], 0);
  if (steps.size() >= kDifferenceBytesMin && Varied(steps))
    Add(View::kAdd, index, steps, "a constant added to each byte");
  AddHashes(index, spellings);
}

void PatternMatcher::AddHashes(uint32_t index, const std::vector<std::string>& spellings) {
  static const char* const kDigests[] = {"MD5",    "SHA1",     "SHA224",     "SHA256",    "SHA384",
                                         "SHA512", "SHA3-256", "BLAKE2b512", "BLAKE2s256"};
  std::set<std::string> done;
  auto add = [&](const Bytes& digest, const std::string& name) {
    const Bytes head(digest.begin(), digest.begin() + kHashBytesMin);
    Add(View::kExact, index, head, name, true);
    AddSqueezed(index, ToHex(head), name + " hex", true);
    // A digest in base64 is decoded by the cascade; one alone in a short field is met here too.
    Add(View::kExact, index, ToBytes(ToBase64(digest).substr(0, 10)), name + " base64", true);
  };
  for (const std::string& spelling : spellings) {
    if (!done.insert(spelling).second) continue;
    for (const char* name : kDigests) {
      Bytes digest(EVP_MAX_MD_SIZE);
      unsigned size = 0;
      const EVP_MD* method = EVP_get_digestbyname(name);
      if (method == nullptr || EVP_Digest(spelling.data(), spelling.size(),
                                          reinterpret_cast<unsigned char*>(digest.data()), &size,
                                          method, nullptr) != 1) {
        continue;
      }
      digest.resize(size);
      add(digest, Lower(name));
    }
    const std::string crc = ToHex(BigEndian32(Crc32Of(spelling)));
    AddSqueezed(index, crc, "crc32 hex", true, true);
  }
}

void PatternMatcher::Finish() {
  for (Table& table : tables_) {
    table.by_anchor.clear();
    table.bitmap.assign((size_t{1} << kBitmapBits) / 64, 0);
    for (uint32_t i = 0; i < table.patterns.size(); ++i) {
      const uint64_t anchor = AnchorAt(table.patterns[i].bytes.data());
      table.by_anchor.emplace_back(anchor, i);
      table.bitmap[Slot(anchor) / 64] |= uint64_t{1} << (Slot(anchor) % 64);
    }
    std::sort(table.by_anchor.begin(), table.by_anchor.end());
  }
}

void PatternMatcher::FindIn(View view, std::span<const std::byte> bytes,
                            const std::vector<uint32_t>* origin, size_t lag,
                            std::span<const std::byte> original,
                            std::vector<PatternHit>* hits) const {
  const Table& table = tables_[static_cast<size_t>(view)];
  if (table.patterns.empty() || bytes.size() < kAnchorBytes) return;
  for (size_t at = 0; at + kAnchorBytes <= bytes.size(); ++at) {
    const uint64_t anchor = AnchorAt(bytes.data() + at);
    const size_t slot = Slot(anchor);
    if ((table.bitmap[slot / 64] >> (slot % 64) & 1) == 0) continue;
    auto entry = std::lower_bound(table.by_anchor.begin(), table.by_anchor.end(),
                                  std::make_pair(anchor, uint32_t{0}));
    for (; entry != table.by_anchor.end() && entry->first == anchor; ++entry) {
      const Pattern& pattern = table.patterns[entry->second];
      const size_t size = pattern.bytes.size();
      if (size > bytes.size() - at ||
          std::memcmp(bytes.data() + at, pattern.bytes.data(), size) != 0)
        continue;
      PatternHit hit;
      hit.range = {at, at + size + lag};
      if (origin != nullptr) hit.range = {(*origin)[at], (*origin)[at + size - 1] + 1};
      if (pattern.whole_word &&
          (IsWordByte(original, hit.range.end) ||
           (hit.range.begin > 0 && IsWordByte(original, hit.range.begin - 1)))) {
        continue;
      }
      hit.category = values_[pattern.value_index].category;
      hit.value = values_[pattern.value_index].text;
      hit.form = pattern.form;
      hit.is_hash = pattern.is_hash;
      if (hit.form == "as planted") {
        const std::string_view met(reinterpret_cast<const char*>(original.data()) + hit.range.begin,
                                   hit.range.size());
        if (met != hit.value && hit.value.find(met) == std::string::npos)
          hit.form = "other case or separators";
      }
      // A pattern's own digits may be followed by those of the value that squeezing dropped, e.g. a
      // last "-": keep it simple.
      hits->push_back(std::move(hit));
    }
  }
}

void PatternMatcher::Find(std::span<const std::byte> bytes, std::vector<PatternHit>* hits) const {
  FindIn(View::kExact, bytes, nullptr, 0, bytes, hits);
  Bytes squeezed;
  std::vector<uint32_t> origin;
  for (size_t i = 0; i < bytes.size(); ++i) {
    const auto c = static_cast<unsigned char>(bytes[i]);
    if (std::isalnum(c) == 0) continue;
    squeezed.push_back(static_cast<std::byte>(std::tolower(c)));
    origin.push_back(static_cast<uint32_t>(i));
  }
  FindIn(View::kSqueezed, squeezed, &origin, 0, bytes, hits);
  for (size_t lag = 1; lag <= 4; ++lag) {
    const auto view = static_cast<View>(static_cast<size_t>(View::kXor1) + lag - 1);
    std::vector<PatternHit> found;
    FindIn(view, Differences(bytes, lag), nullptr, lag, bytes, &found);
    for (PatternHit& hit : found) {
      // A key of zeros is no key: the plain value was found already.
      const std::string_view met(reinterpret_cast<const char*>(bytes.data()) + hit.range.begin,
                                 hit.range.size());
      if (met != hit.value) hits->push_back(std::move(hit));
    }
  }
  std::vector<PatternHit> shifted;
  FindIn(View::kAdd, Differences(bytes, 0), nullptr, 1, bytes, &shifted);
  for (PatternHit& hit : shifted) {
    const std::string_view met(reinterpret_cast<const char*>(bytes.data()) + hit.range.begin,
                               hit.range.size());
    if (met != hit.value) hits->push_back(std::move(hit));
  }
}

}  // namespace dustproof::internal
