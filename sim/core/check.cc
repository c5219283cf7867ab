#include "sim/core/check.h"

#include <cstdio>
#include <cstdlib>

namespace dustproof {
namespace {
std::string (*g_context)() = nullptr;
}

void SetCheckContext(std::string (*context)()) { g_context = context; }

void CheckFailed(const char* file, int line, const char* condition, const std::string& values) {
  const std::string context = g_context ? g_context() : "";
  std::fprintf(stderr, "%s:%d: internal check failed: %s%s%s%s\n", file, line, condition,
               values.c_str(), context.empty() ? "" : " | ", context.c_str());
  std::abort();
}

}  // namespace dustproof
