#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "hil/capture/messages.h"
#include "sim/core/result.h"

namespace dustproof {

/// One message of a recording, as it was given to the writer.
using RecordedMessage =
    std::variant<Emission, ConsentChange, RunEvent, LogLine, PoseSample, ScanSample, MapSample,
                 DriveSample, BatterySample, StateHashes>;

/// The channel that a message is recorded on, e.g. "/emission".
const std::string& TopicOf(const RecordedMessage& message);

/// Reads a recording: messages in the order in which they were written, attachments and metadata at
/// once.
///
/// A file that ends early gives its messages up to the last whole chunk; a damaged chunk is left
/// out. `problems()` says what is missing, so nobody takes half a recording for a whole one.
class RecordingReader {
 public:
  /// Fails where the file can't be read, or isn't a recording of ours at all.
  static Result<RecordingReader> Open(const std::string& path);
  ~RecordingReader();
  RecordingReader(RecordingReader&&) noexcept;
  RecordingReader& operator=(RecordingReader&&) noexcept;

  /// The next message, or nothing at the end.
  std::optional<RecordedMessage> Next();
  /// Back to the first message.
  void Rewind();

  const std::vector<Attachment>& attachments() const;
  /// The last attachment of that name, or null.
  const Attachment* FindAttachment(const std::string& name) const;
  /// Metadata by name; where a name was written twice, later keys replace earlier ones.
  const std::map<std::string, std::map<std::string, std::string>>& metadata() const;

  /// Calendar time of SimTime zero.
  WallTime start() const;
  /// Whether the file was closed or sealed: it has a summary and an end.
  bool sealed() const;
  /// What is damaged or missing, found by `Open` and, for chunks, as they are read.
  const std::vector<Diagnostic>& problems() const;

 private:
  struct State;
  explicit RecordingReader(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace dustproof
