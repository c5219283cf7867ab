#pragma once

#include <deque>
#include <optional>
#include <string>

#include "robots/vacuum/firmware/byte_io.h"
#include "robots/vacuum/firmware/cloud/consent_gate.h"

namespace vacuum {

/// What waits in RAM for a session: the latest map, and answers to commands.
class Outbox {
 public:
  static constexpr size_t kAcksMax = 16;

  /// Takes the place of a map that waits.
  void QueueMap(Bytes map_file) {
    map_ = std::move(map_file);
    ++map_version_;
  }
  /// The oldest go first where there are too many.
  void QueueAck(std::string json);

  const std::optional<Bytes>& map() const { return map_; }
  /// Changes with each map that is queued.
  uint32_t map_version() const { return map_version_; }
  /// Takes the map off, unless a newer one than `version` has come.
  void MapSent(uint32_t version) {
    if (version == map_version_) map_.reset();
  }
  /// The oldest answer, or none.
  std::optional<std::string> TakeAck();

  /// Drops what the gate doesn't let through now.
  void Purge(const ConsentGate& gate);
  void Clear();

 private:
  std::optional<Bytes> map_;
  uint32_t map_version_ = 0;
  std::deque<std::string> acks_;
};

}  // namespace vacuum
