#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "hil/audit/internal/patterns.h"
#include "hil/audit/internal/raw_finding.h"
#include "hil/audit/internal/series_match.h"

namespace dustproof::internal {

/// Finds what no message shows by itself: values that were cut into pieces, and fields whose
/// numbers follow the robot's state from message to message.
class AcrossMessages {
 public:
  /// Where a message's bytes stand.
  struct Place {
    size_t flow = 0, part = 0;
    ByteRange range;
  };

  /// The payload of a message; messages of one `route` belong together. Large ones are left to the
  /// search within a message.
  void NotePayload(const std::string& route, const std::string& label, const std::string& where,
                   std::span<const std::byte> payload, const Place& place);
  /// A number in a field; `field` names the route and the field on it, in this order, with a space
  /// between.
  void NoteField(const std::string& field, const FieldValue& value);

  std::vector<RawFinding> FindSplitValues(const PatternMatcher& patterns) const;
  /// One finding for each value of each field that follows. `where` is left empty.
  std::vector<RawFinding> FindSeries(const std::vector<BatterySample>& battery,
                                     const std::vector<PoseSample>& poses) const;

 private:
  /// Small payloads of one route, joined.
  struct Fragments {
    Bytes joined;
    std::vector<size_t> begins;  ///< In `joined`, of each piece.
    std::vector<Place> places;
    std::string label, where;

    std::span<const std::byte> Piece(size_t index) const;
    size_t IndexAt(size_t at) const;
  };
  /// Bytes put together from `joined`, and where each stands there.
  struct View {
    Bytes bytes;
    std::vector<size_t> origins;
  };
  static View Whole(const Fragments& fragments);
  static View Varying(const Fragments& fragments);

  std::map<std::string, Fragments> fragments_;
  std::map<std::string, std::vector<FieldValue>> fields_;
};

}  // namespace dustproof::internal
