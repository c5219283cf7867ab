#pragma once

#include <cstddef>
#include <cstdint>

#include "hil/run/worker_process.h"

/// What goes between a StepClient and its worker over two pipes: a Command and its text, then a Reply, its text and its
/// happenings; one at a time. Both are of one build on one machine.
namespace dustproof::internal {

/// Descriptors in the worker.
inline constexpr int kStepCommandFd = kHandedOverFd;
inline constexpr int kStepReplyFd = kHandedOverFd + 1;
inline constexpr int kStepViewFd = kHandedOverFd + 2;

/// Of a command: it lies in the pipe as a whole, so that writing never waits for a process that has died.
inline constexpr size_t kStepTextBytesMax = 16 << 10;

enum class StepOp : uint32_t {
  kBegin = 1,    ///< The first: the reply comes once the firmware has booted.
  kUntil,        ///< Goes on until `time_ns`.
  kUntilSample,  ///< Goes on until the next sample of kind `argument`, or until `time_ns`.
  kSetConsent,   ///< The consent `text` takes the state `argument`.
  kDo,           ///< A step of a scenario's script; `text` is one in YAML.
  kFault,        ///< One of a scenario's faults; likewise.
  kFinish,       ///< Seals the recording. The reply's text is a RunOutcome as JSON; the worker ends.
};

struct StepCommand {
  StepOp op{};
  uint32_t argument = 0;
  int64_t time_ns = 0;
  uint32_t text_bytes = 0;
  uint32_t cpu = 0;  ///< That the client runs on.
};

struct StepReply {
  enum class Status : uint32_t { kDone, kBadInput, kEnvironment };  ///< The latter two with an Error as text.
  Status status = Status::kDone;
  int32_t end = -1;  ///< A RunEnd once the run is over; -1 before.
  uint64_t text_bytes = 0;
  uint64_t happening_bytes = 0;
};

}  // namespace dustproof::internal
