#include "hil/protocol/mqtt_topic.h"

#include <optional>

namespace dustproof::mqtt {
namespace {

/// Takes the first level off `rest`; nothing is left after the last one.
std::string_view TakeLevel(std::optional<std::string_view>& rest) {
  const size_t slash = rest->find('/');
  const std::string_view level = rest->substr(0, slash);
  rest = slash == std::string_view::npos ? std::nullopt : std::optional(rest->substr(slash + 1));
  return level;
}

}  // namespace

bool IsValidTopicName(std::string_view topic) {
  return !topic.empty() && topic.find_first_of("+#") == std::string_view::npos;
}

bool IsValidTopicFilter(std::string_view filter) {
  if (filter.empty()) return false;
  std::optional<std::string_view> rest = filter;
  while (rest) {
    const std::string_view level = TakeLevel(rest);
    if (level.find_first_of("+#") == std::string_view::npos) continue;
    if (level.size() != 1 || (level == "#" && rest)) return false;
  }
  return true;
}

bool TopicMatches(std::string_view filter, std::string_view topic) {
  if (topic.front() == '$' && (filter.front() == '+' || filter.front() == '#')) return false;
  std::optional<std::string_view> filter_rest = filter, topic_rest = topic;
  while (filter_rest) {
    const std::string_view level = TakeLevel(filter_rest);
    if (level == "#") return true;  // Takes the parent level too: "a/#" takes "a".
    if (!topic_rest) return false;
    const std::string_view topic_level = TakeLevel(topic_rest);
    if (level != "+" && level != topic_level) return false;
  }
  return !topic_rest;
}

}  // namespace dustproof::mqtt
