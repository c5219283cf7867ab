#include "hil/report/markdown_text.h"

#include <algorithm>

namespace dustproof {

std::string MarkdownEscape(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '|' || c == '<' || c == '*' || c == '_' || c == '`') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out;
}

std::string MarkdownCode(const std::string& text) {
  std::string line = text;
  std::replace(line.begin(), line.end(), '\n', ' ');
  size_t longest = 0, run = 0;
  for (const char c : line) {
    run = c == '`' ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  if (longest == 0) return "`" + line + "`";
  const std::string fence(longest + 1, '`');
  return fence + " " + line + " " + fence;
}

}  // namespace dustproof
