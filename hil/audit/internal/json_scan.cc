#include "hil/audit/internal/json_scan.h"

#include <cctype>

namespace dustproof::internal {

namespace {

constexpr int kDepthMax = 64;

class Scanner {
 public:
  Scanner(std::string_view text, size_t at) : text_(text), at_(at) {}

  std::optional<JsonText> Run() {
    out_.range.begin = at_;
    if (!Value("$", 0, 0)) return std::nullopt;
    out_.range.end = at_;
    return std::move(out_);
  }

 private:
  char Peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void SkipSpace() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\r' || text_[at_] == '\t')) {
      ++at_;
    }
  }
  bool Take(char c) {
    if (Peek() != c) return false;
    ++at_;
    return true;
  }

  bool Value(const std::string& path, int depth, int list_depth) {
    if (depth > kDepthMax) return false;
    SkipSpace();
    const char c = Peek();
    if (c == '{') return Object(path, depth, list_depth);
    if (c == '[') return List(path, depth, list_depth);
    if (c == '"') {
      ByteRange range;
      if (!String(&range)) return false;
      out_.scalars.push_back({path, true, range, list_depth});
      return true;
    }
    return NumberOrWord(path, list_depth);
  }

  bool Object(const std::string& path, int depth, int list_depth) {
    ++at_;
    SkipSpace();
    if (Take('}')) return true;
    while (true) {
      SkipSpace();
      ByteRange key;
      if (Peek() != '"' || !String(&key)) return false;
      out_.keys.push_back(key);
      SkipSpace();
      if (!Take(':')) return false;
      const std::string name(text_.substr(key.begin, std::min<size_t>(key.size(), 48)));
      if (!Value(path + "." + name, depth + 1, list_depth)) return false;
      SkipSpace();
      if (Take('}')) return true;
      if (!Take(',')) return false;
    }
  }

  bool List(const std::string& path, int depth, int list_depth) {
    ++at_;
    SkipSpace();
    if (Take(']')) return true;
    const std::string item_path = path + "[]";
    while (true) {
      if (!Value(item_path, depth + 1, list_depth + 1)) return false;
      SkipSpace();
      if (Take(']')) return true;
      if (!Take(',')) return false;
    }
  }

  bool String(ByteRange* range) {
    range->begin = ++at_;
    while (at_ < text_.size() && text_[at_] != '"') {
      if (static_cast<unsigned char>(text_[at_]) < 0x20) return false;
      at_ += text_[at_] == '\\' ? 2 : 1;
    }
    if (at_ >= text_.size()) return false;
    range->end = at_++;
    return true;
  }

  bool NumberOrWord(const std::string& path, int list_depth) {
    const size_t begin = at_;
    while (at_ < text_.size() && (std::isalnum(static_cast<unsigned char>(text_[at_])) ||
                                  text_[at_] == '-' || text_[at_] == '+' || text_[at_] == '.')) {
      ++at_;
    }
    const std::string_view word = text_.substr(begin, at_ - begin);
    if (word.empty()) return false;
    const bool number = word[0] == '-' || std::isdigit(static_cast<unsigned char>(word[0]));
    if (!number && word != "true" && word != "false" && word != "null") return false;
    out_.scalars.push_back({path, false, {begin, at_}, list_depth});
    return true;
  }

  std::string_view text_;
  size_t at_;
  JsonText out_;
};

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

void PutUtf8(uint32_t code, uint32_t from, Bytes& out, std::vector<uint32_t>* table) {
  auto put = [&](uint32_t b) {
    out.push_back(static_cast<std::byte>(b));
    table->push_back(from);
  };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0 | (code >> 6)), put(0x80 | (code & 0x3F));
  } else {
    put(0xE0 | (code >> 12)), put(0x80 | ((code >> 6) & 0x3F)), put(0x80 | (code & 0x3F));
  }
}

}  // namespace

std::optional<JsonText> ScanJson(std::string_view text, size_t at) {
  if (at >= text.size() || (text[at] != '{' && text[at] != '[')) return std::nullopt;
  return Scanner(text, at).Run();
}

Bytes UnescapeJson(std::string_view text, ByteRange range, std::vector<uint32_t>* table) {
  Bytes out;
  table->clear();
  for (size_t i = range.begin; i < range.end;) {
    const auto from = static_cast<uint32_t>(i);
    if (text[i] != '\\' || i + 1 >= range.end) {
      out.push_back(static_cast<std::byte>(text[i++]));
      table->push_back(from);
      continue;
    }
    const char c = text[i + 1];
    i += 2;
    uint32_t code = static_cast<unsigned char>(c);
    if (c == 'n') code = '\n';
    if (c == 't') code = '\t';
    if (c == 'r') code = '\r';
    if (c == 'b') code = '\b';
    if (c == 'f') code = '\f';
    if (c == 'u' && i + 4 <= range.end) {
      code = 0;
      for (int k = 0; k < 4; ++k)
        code = code * 16 + static_cast<uint32_t>(std::max(0, HexValue(text[i + k])));
      i += 4;
    }
    PutUtf8(code, from, out, table);
  }
  table->push_back(static_cast<uint32_t>(range.end));
  return out;
}

}  // namespace dustproof::internal
