#pragma once

#include <string_view>

/// MQTT 3.1.1 topic names and filters (chapter 4.7).
namespace dustproof::mqtt {

/// At least one character, no wildcard [MQTT-4.7.3-1, MQTT-3.3.2-2].
bool IsValidTopicName(std::string_view topic);

/// `+` fills a whole level, `#` only the last [MQTT-4.7.1-2, MQTT-4.7.1-3].
bool IsValidTopicFilter(std::string_view filter);

/// Whether a filter takes a topic. Filters that begin with a wildcard take no topic that begins
/// with `$` [MQTT-4.7.2-1].
/// @pre Both are valid.
bool TopicMatches(std::string_view filter, std::string_view topic);

}  // namespace dustproof::mqtt
