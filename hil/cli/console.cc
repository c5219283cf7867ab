#include "hil/cli/console.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "hil/cli/commands.h"

namespace dustproof {

int PrintError(const Error& error) {
  for (const Diagnostic& diagnostic : error.diagnostics)
    std::fprintf(stderr, "%s\n", ToString(diagnostic).c_str());
  return error.code == ErrorCode::kBadInput ? kBadInput : kEnvironment;
}

int PrintError(const Error& error, bool json) {
  if (json) {
    using Json = nlohmann::ordered_json;
    Json rows = Json::array();
    for (const Diagnostic& d : error.diagnostics) {
      rows.push_back({{"file", d.where.file},
                      {"line", d.where.line},
                      {"column", d.where.column},
                      {"field", d.field},
                      {"message", d.message}});
    }
    const Json object = {
        {"error", error.code == ErrorCode::kBadInput ? "bad_input" : "environment"},
        {"diagnostics", rows}};
    std::printf("%s\n", object.dump(2, ' ', false, Json::error_handler_t::replace).c_str());
  }
  return PrintError(error);
}

bool UseColour(int fd) {
  const char* no_color = std::getenv("NO_COLOR");
  return isatty(fd) && !(no_color && *no_color);
}

ProgressLine::ProgressLine() : terminal_(isatty(STDERR_FILENO)) {}
ProgressLine::~ProgressLine() { Wipe(); }

void ProgressLine::Wipe() {
  if (dirty_) std::fputs("\r\033[K", stderr);
  dirty_ = false;
}

void ProgressLine::Update(const std::string& text) {
  if (!terminal_) return;
  Wipe();
  std::fputs(text.c_str(), stderr);
  std::fflush(stderr);
  dirty_ = true;
}

void ProgressLine::Say(const std::string& text) {
  Wipe();
  std::fprintf(stderr, "%s\n", text.c_str());
}

std::string DataRoot() {
  namespace fs = std::filesystem;
  std::error_code ignored;
  fs::path folder = fs::read_symlink("/proc/self/exe", ignored).parent_path();
  for (; !folder.empty() && folder != folder.root_path(); folder = folder.parent_path()) {
    for (const fs::path& candidate : {folder, folder / "share" / "dustproof"}) {
      if (fs::is_directory(candidate / "scenarios", ignored) &&
          fs::is_directory(candidate / "robots", ignored))
        return candidate;
    }
  }
  return fs::current_path(ignored);
}

}  // namespace dustproof
