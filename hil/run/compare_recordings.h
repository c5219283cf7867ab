#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "hil/audit/audit_report.h"
#include "sim/core/result.h"
#include "sim/core/time.h"

namespace dustproof {

/// A field that differs between two messages of one kind.
struct FieldDifference {
  std::string field;
  std::string first, second;  ///< For people; "absent" where a message lacks the field.
  /// Of texts and arrays: the first byte that differs, or where the shorter one ends.
  std::optional<uint64_t> byte;
  std::string first_around, second_around;  ///< Hex and ASCII around that byte, a line for each 16.
};

/// The first message that isn't the same in both recordings, and what stands beside it.
struct MessageDifference {
  uint64_t index = 0;  ///< Counts messages from 1.
  SimTime time;  ///< Of the message in the first recording (in the second where the first ended).
  std::string topic;          ///< Likewise.
  std::string first, second;  ///< The message in a line each; "nothing more" where one has ended.
  std::vector<FieldDifference> fields;  ///< Empty where the two are of different kinds.
  std::vector<std::string> before;      ///< Lines that both share, the nearest last.
  std::vector<std::string> first_after, second_after;
};

/// A fact about the run (metadata "run" and "result", an attachment) that differs.
struct FactDifference {
  std::string name, first, second;  ///< "run.seed", "attachment plan.json".
};

/// A verdict or a check of usefulness that differs; "absent" where one side doesn't have it.
struct VerdictDifference {
  std::string what;  ///< "robot: home_map to vendor_cloud_cn (map_display), denied, strict".
  std::string first, second;
  std::string first_reason, second_reason;
};

struct RecordingComparison {
  std::vector<FactDifference> facts;
  std::optional<MessageDifference> message;
  uint64_t message_count = 0;         ///< Equal ones, up to the first that differs.
  std::vector<std::string> problems;  ///< What is damaged or missing in either file.

  /// The runs went the same way: the same messages, end and state hash. Facts such as the build may
  /// differ.
  bool same() const;
};

struct CompareOptions {
  size_t neighbours = 3;  ///< How many messages to tell before and after the one that differs.
};

/// Compares message by message, to the last bit. Fails where a file can't be read at all.
Result<RecordingComparison> CompareRecordings(const std::string& first, const std::string& second,
                                              const CompareOptions& options = {});

/// A hash of everything by which `same` tells recordings apart: sixteen hex digits.
Result<std::string> HashRecording(const std::string& path);

/// The rows of two audits that differ, in the first one's order, then those only the second has.
std::vector<VerdictDifference> CompareVerdicts(const AuditReport& first, const AuditReport& second);

}  // namespace dustproof
