#include "sim/config/file_name.h"

#include <algorithm>
#include <cctype>

namespace dustproof {
namespace {
constexpr size_t kLongest = 64;
}

bool IsFileName(const std::string& name) {
  return name.size() <= kLongest && !name.empty() && name[0] != '.' && name[0] != '-' &&
         std::all_of(name.begin(), name.end(), [](unsigned char c) {
           return (c < 0x80 && std::isalnum(c)) || c == '_' || c == '-' || c == '.';
         });
}

std::string FileNameProblem(const std::string& name) {
  return "names files: at most " + std::to_string(kLongest) +
         " letters, digits, '_', '-' and '.', not first; got '" + name + "'";
}

}  // namespace dustproof
