#pragma once

#include <string>
#include <vector>

#include "hil/capture/recording_reader.h"

namespace dustproof {

/// One field of a message: what people read, and the bytes by which two are the same or not.
struct MessageField {
  std::string name;
  std::string text;  ///< A number with every bit showing, a text in full, an array's length.
  Bytes bytes;
  size_t element_bytes = 0;  ///< Of an array's elements; 1 for texts; 0 for a single value.
};

/// A message taken apart. `time` is a field of its own here.
struct MessageText {
  SimTime time;
  std::string topic;    ///< "/emission"
  std::string summary;  ///< One line without time and topic; no control characters.
  std::vector<MessageField> fields;
};

MessageText Describe(const RecordedMessage& message);

/// "12.345678 s  /emission  plaintext robot → …"
std::string OneLine(const MessageText& message);

/// Printable ASCII as it is, everything else as a dot.
std::string Printable(const std::byte* begin, const std::byte* end);

}  // namespace dustproof
