#pragma once

#include <map>
#include <string>
#include <vector>

#include "hil/audit/internal/content.h"
#include "hil/capture/messages.h"

namespace dustproof::internal {

/// Bytes that went one way: a stream put together from its pieces, or one datagram, image or name.
struct Flow {
  struct Segment {
    size_t begin = 0;  ///< Offset in `data` of the emission's first byte.
    SimTime time;
    uint64_t sequence = 0;
    uint32_t consents = 0;  ///< Index into FlowSet::consents.
  };
  std::string emitter;
  Party party;
  EmissionKind kind{};
  Direction direction{};
  uint32_t connection = 0;
  uint16_t destination_port = 0, source_port = 0;
  uint32_t source_address = 0;
  std::string protocol;
  bool encrypted = false;
  bool opaque = false;     ///< Sent under TLS, and nobody could decrypt it.
  bool handshake = false;  ///< The clear beginning of a TLS conversation as it went over the air.
  Bytes data;
  std::vector<Segment> segments;

  bool from_robot() const { return direction == Direction::kFromRobot; }
  /// The segment that holds byte `at`.
  const Segment& SegmentAt(size_t at) const;
};

/// All flows of a recording, in the order in which each began.
class FlowSet {
 public:
  void Add(const Emission& emission);
  /// Call once all emissions were added: tells apart what is TLS and what is plain on the wire.
  void Finish();

  const std::vector<Flow>& flows() const { return flows_; }
  const std::string& consents(const Flow::Segment& segment) const {
    return consents_[segment.consents];
  }

 private:
  std::vector<Flow> flows_, wire_;
  std::map<std::pair<uint32_t, int>, size_t> plaintext_index_, wire_index_, uart_index_;
  std::vector<std::string> consents_;
  std::map<std::string, uint32_t> consent_index_;
};

}  // namespace dustproof::internal
