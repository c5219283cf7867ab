#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "hil/run/compare_recordings.h"

/// How `diff`, `replay` and `determinism` tell people and scripts where two recordings part.
namespace dustproof {

/// What two recordings are called in a text, e.g. "recording" and "replay".
struct RecordingNames {
  std::string first, second;
};

/// Several lines: the message that differs, its fields, and its neighbours.
std::string ToText(const MessageDifference& difference, const RecordingNames& names);
std::string ToText(const std::vector<FactDifference>& facts, const RecordingNames& names);
std::string ToText(const std::vector<VerdictDifference>& verdicts, const RecordingNames& names);

nlohmann::ordered_json ToJsonObject(const MessageDifference& difference);
nlohmann::ordered_json ToJsonObject(const FactDifference& fact);
nlohmann::ordered_json ToJsonObject(const VerdictDifference& verdict);

/// JSON text of a command's answer; bytes that are no UTF-8 are replaced.
std::string ToJsonText(const nlohmann::ordered_json& json);

}  // namespace dustproof
