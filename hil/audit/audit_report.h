#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "hil/audit/policy.h"
#include "hil/capture/messages.h"
#include "sim/core/diagnostic.h"
#include "sim/core/time.h"

/// What an audit found and how it judged: plain data for reports. No judgement happens after this.
namespace dustproof {

enum class Verdict { kPass, kFail, kUndetermined, kNotExercised };
/// "pass", "fail", "undetermined", "not_exercised".
const char* ToWord(Verdict verdict);

/// How a finding was made.
enum class FindingMethod {
  kExact,     ///< A planted value in one of its spellings.
  kHash,      ///< A digest or checksum of a planted value.
  kNumeric,   ///< A planted number in a binary or decimal form.
  kMap,       ///< A grid that registers against the true home.
  kPath,      ///< Points that follow the robot's true way, or walls it saw.
  kSeries,    ///< Numbers that follow the robot's state over several messages.
  kDeclared,  ///< A field that the product's own schema declares to carry the category.
  kTraffic,   ///< Anything at all, at a time at which nothing may be sent.
  kCounterfactual,  ///< Other in a run in which nothing but a secret is other.
};
const char* ToWord(FindingMethod method);

/// Evidence that an emission carries personal data.
struct Finding {
  std::string id;  ///< "f1", "f2", …, by time and place in the bytes.
  SimTime time;
  uint64_t sequence = 0;  ///< The emission that holds the first byte.
  uint64_t sequence_last =
      0;                    ///< The one that holds the last byte; differs where a value is split.
  uint64_t first_byte = 0;  ///< In the payload of emission `sequence`.
  uint64_t byte_count = 0;  ///< Of undecoded bytes, over all emissions from first to last.
  std::vector<std::string>
      decoders;  ///< From the outside in: "http body", "gzip", "json $.log", "base64".
  FindingMethod method = FindingMethod::kExact;
  std::string category;
  std::string emitter;
  EmissionKind kind{};
  Direction direction{};
  Party party;
  std::string protocol;
  bool encrypted = false;
  std::string consents;  ///< State at `time`, as in Emission.
  std::string
      form;  ///< How the value was spelled: "upper case", "sha256 hex", "int32 E7 little-endian".
  std::string what;   ///< One sentence for people.
  std::string value;  ///< The planted value that was met; empty where there is none.
  Bytes excerpt;      ///< At most 96 bytes of the undecoded payload, from `excerpt_offset` on.
  uint64_t excerpt_offset = 0;
  double p_value = 0;   ///< Chance of as good a match in an unrelated home; 0 for exact ones.
  double score = 0;     ///< Of a registration, 0–1.
  std::string purpose;  ///< Fixed where the product's schema declares it, else empty.
  int repeats = 1;  ///< How many alike this one stands for (same category, party, place, consents).
  std::vector<uint64_t> repeat_sequences;  ///< Emissions of the others, at most 64.
};

/// One cell of the judgement.
struct VerdictRow {
  std::string emitter;
  std::string category;  ///< Keys of the policy.
  std::string party;
  std::string purpose;
  std::string phase;  ///< State of the governing consent: unset, granted, denied, withdrawn;
                      ///< "always" where none governs.
  Reading reading = Reading::kStrict;
  Verdict verdict = Verdict::kNotExercised;
  Basis basis = Basis::kDerived;
  std::string clause;                 ///< Citation of the rule that decided.
  std::string rule;                   ///< Its id in the policy file.
  std::string consent;                ///< The governing consent, or empty.
  std::string reason;                 ///< One sentence: why this verdict.
  std::vector<std::string> evidence;  ///< Ids of findings.
  bool silent = false;                ///< Nothing was found, while it was to be had.
  /// Of a silent row that this run alone does not exercise: for how long the robot had the data, a network, and no leave
  /// to send it. Where a control run shows that it is sent sooner, silence is the consent's doing.
  SimDuration withheld;
};

/// A way out that a run showed: a category went to a party.
struct PathTaken {
  std::string category, party;  ///< Keys of the policy.
  /// From when the robot had the data and the consents stood as they did then, to the first byte;
  /// time without a network doesn't count.
  SimDuration delay;
};

/// A thing that a product must do where consent is given, and whether it did.
struct UsefulnessCheck {
  std::string name;  ///< "app_got_map", "cleaning_finished", "docked", "commands_acknowledged",
                     ///< "session_up".
  Verdict verdict = Verdict::kNotExercised;
  std::string detail;
};

/// Where the robot's bytes went, and how much of them is understood.
struct PartyBytes {
  Party party;
  std::string emitter;
  uint64_t bytes_out = 0, bytes_in = 0;  ///< Plaintext where there is some, else as sent.
  uint64_t bytes_schema = 0;             ///< Explained by the product's declared messages.
  uint64_t bytes_protocol =
      0;  ///< Inherent to the protocol: framing, headers, handshakes, DNS, DHCP.
  uint64_t bytes_finding = 0;  ///< Explained by findings.
  uint64_t bytes_unexplained = 0;
  uint64_t emissions = 0;
};

/// Bytes that nothing explains.
struct UnexplainedBytes {
  SimTime time;
  uint64_t sequence = 0;
  uint64_t first_byte = 0, byte_count = 0;
  std::string emitter, party;
  std::string consents;
  std::string where;  ///< "http PUT /v1/logs body".
};

struct AuditReport {
  std::string policy_name;
  std::vector<std::string> policy_parties;  ///< Keys of all that the policy knows, judged or not.
  std::string recording_path;
  bool sealed = false;
  bool ended_early = false;       ///< By a person, or a limit set for this run alone.
  SimTime end;                    ///< Time of the last message.
  std::vector<Finding> findings;  ///< By time.
  std::vector<VerdictRow>
      verdicts;  ///< By emitter, category, party, purpose, phase, reading, in the policy's order.
  std::vector<PathTaken> paths_taken;  ///< By category and party.
  std::vector<UsefulnessCheck> usefulness;
  std::vector<PartyBytes> bytes_by_party;
  std::vector<UnexplainedBytes> unexplained;
  std::vector<ConsentChange> consent_changes;
  /// Categories to values: what no output but the page may quote (`Redactor`).
  std::map<std::string, std::vector<std::string>> planted;
  std::string doubt;  ///< Where not all could be seen, why: the beginning of a sentence; then nothing passes.
  std::vector<Diagnostic>
      warnings;  ///< What could not be seen, and what is missing in the recording.

  const Finding* FindFinding(const std::string& id) const;
  /// The worst verdict of a category over parties and purposes for one emitter: fail, undetermined,
  /// pass, not exercised.
  Verdict Worst(const std::string& emitter, const std::string& category, Reading reading) const;
  bool HasFailure(Reading reading) const;
  bool useful() const;
};

}  // namespace dustproof
