#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

namespace dustproof {

/// A folder for files that nobody asked for; it goes away with this object.
class ScratchFolder {
 public:
  /// `what` becomes part of its name.
  explicit ScratchFolder(const std::string& what) {
    std::error_code missing;  // TMPDIR may name anything.
    std::string path =
        std::filesystem::temp_directory_path(missing) / ("dustproof-" + what + "-XXXXXX");
    if (!missing && mkdtemp(path.data()) != nullptr) path_ = path;
  }
  ~ScratchFolder() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  /// "" where none could be made.
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace dustproof
