#include "hil/audit/internal/map_files.h"

#include <algorithm>

namespace dustproof::internal {

void MapFiles::Note(const Content& content) {
  on_stack_.erase(&content);  // Whoever stood at this place on the stack before is gone.
  if (HasMapLayout(content)) on_stack_.insert(&content);
}

const Content* MapFiles::Around(const Content& content) const {
  for (const Content* at = &content; at != nullptr; at = at->parent()) {
    if (on_stack_.contains(at)) return at;
  }
  return nullptr;
}

const RawFinding* MapFiles::Proven(const std::string& key) const {
  const auto found = proven_.find(key);
  return found == proven_.end() ? nullptr : &found->second;
}

bool MapFiles::HasMapLayout(const Content& content) const {
  return std::any_of(
      schema_.messages.begin(), schema_.messages.end(), [&](const DeclaredMessage& message) {
        const bool carries_map = std::find(message.categories.begin(), message.categories.end(),
                                           "home_map") != message.categories.end();
        return carries_map && !message.binary.empty() &&
               ReadBinary(message.binary, content.bytes());
      });
}

}  // namespace dustproof::internal
