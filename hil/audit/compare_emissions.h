#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "hil/capture/messages.h"
#include "sim/core/result.h"

namespace dustproof {

/// How a message of one run is not as in the other.
enum class DifferenceKind {
  kBytes,   ///< Other bytes.
  kTime,    ///< The same bytes at another time.
  kAbsent,  ///< The other run has nothing in its place.
};
/// "bytes", "time", "absent".
const char* ToWord(DifferenceKind kind);

/// A message that left the robot in one run, and not so in another.
struct EmissionDifference {
  DifferenceKind kind = DifferenceKind::kBytes;
  SimTime time, other_time;  ///< `other_time` is of no meaning where the other has no such message.
  uint64_t sequence = 0;     ///< The emission, as the recording counts.
  uint64_t first_byte = 0, byte_count = 0;  ///< In its payload: from the first byte that differs to the last.
  Party party;
  EmissionKind emission_kind{};
  std::string protocol;
  bool encrypted = false;
  Bytes excerpt, other_excerpt;  ///< At most 32 bytes from the first one that differs on.
};

/// What one party got.
struct PartyDifference {
  std::string party;         ///< As in the policy.
  uint64_t messages = 0;     ///< Emissions in the first run;
  uint64_t differing = 0;    ///< of which not the same in the second,
  uint64_t other_alone = 0;  ///< and those that only the second has.
  bool any() const { return differing + other_alone > 0; }
};

struct EmissionComparison {
  std::vector<EmissionDifference> first;   ///< What the first run has otherwise, or alone; by time.
  std::vector<EmissionDifference> second;  ///< What the second has alone; by time.
  std::vector<PartyDifference> parties;    ///< Whoever got anything, by key.
  bool same() const { return first.empty() && second.empty(); }
};

/// Compares what left the robot in two runs, flow by flow: what one party was told over one kind of channel and port is
/// held against the flow of the same number there. A flow's bytes are compared as far as they are alike from both ends, and
/// byte by byte where they are equally many. Of TLS that was decrypted: the plaintext, and the handshake as far as it is in
/// the clear; its ciphertext only follows from these. Times are compared where the bytes are the same.
/// Fails where a recording can't be read or has a hole: what is missing may have been anything.
Result<EmissionComparison> CompareEmissions(const std::string& first, const std::string& second);

}  // namespace dustproof
