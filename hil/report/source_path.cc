#include "hil/report/source_path.h"

#include <filesystem>

namespace dustproof {
namespace {

namespace fs = std::filesystem;

// A folder in a work tree has a file `.git` in its stead.
fs::path RepositoryOf(const fs::path& folder) {
  std::error_code ignored;
  for (fs::path root = folder; root != root.root_path(); root = root.parent_path()) {
    if (fs::exists(root / ".git", ignored)) return root;
  }
  return folder;
}

// "" where it lies outside.
std::string Inside(const fs::path& root, const fs::path& path) {
  const fs::path relative = path.lexically_relative(root);
  return relative.empty() || *relative.begin() == ".." ? "" : relative.string();
}

// As it is named; else, where a link leads to the same folder, by the folder's own name.
std::string RelativeTo(const fs::path& root, const std::string& path) {
  std::error_code error;
  const fs::path whole = fs::absolute(path, error).lexically_normal();
  if (error) return "";
  if (std::string named = Inside(root, whole); !named.empty()) return named;
  const fs::path real = fs::weakly_canonical(whole, error);
  return error ? "" : Inside(root, real);
}

}  // namespace

std::string SourcePath(const std::string& path) {
  std::error_code error;
  const fs::path here = fs::current_path(error);
  if (path.empty() || error) return path;
  const std::string relative = RelativeTo(RepositoryOf(here), path);
  return relative.empty() ? fs::absolute(path).lexically_normal().string() : relative;
}

std::string PathFromHere(const std::string& path) {
  std::error_code error;
  const fs::path here = fs::current_path(error);
  if (path.empty() || error || !fs::path(path).is_absolute()) return path;
  const std::string relative = RelativeTo(here, path);
  return relative.empty() ? path : relative;
}

}  // namespace dustproof
