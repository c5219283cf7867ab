#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "hil/capture/forwarding_sink.h"

namespace dustproof {

/// Hears everything of a run whose power is cut, and keeps what says how the robot fares. Passes
/// all on.
///
/// It goes by what anybody outside the robot can see: the air, the cloud's and the app's events,
/// and the debug port where the firmware serves it. It knows no firmware's flash layout.
class PowerCutWatch final : public ForwardingSink {
 public:
  /// What was known of the robot at an instant.
  struct Standing {
    bool provisioned = false;  ///< It has confirmed to the app what it needs for the cloud.
    bool parting = false;      ///< Somebody has asked it, or the cloud, to forget the pairing.
    bool policy_granted = false;
  };

  /// A map that the firmware said it believes in.
  struct SeenMap {
    uint64_t digest = 0;  ///< Of size, place and cells.
    int64_t known_cells = 0;
  };

  /// What it did since the last `BeginAftermath`.
  struct Aftermath {
    int boots = 0;
    std::optional<SimTime> session;        ///< When it first opened one with the cloud.
    std::optional<SimTime> setup_hotspot;  ///< When it first opened one.
    std::optional<SeenMap> first_map;
    std::vector<std::string> refusals;  ///< Of the cloud, e.g. an unknown credential.
  };

  /// From here on it passes on no more of the conversations so far: what was on its way when the
  /// power went cannot be read without its beginning, and is no deed of the robot after the boot.
  void BeginAftermath();
  const Standing& standing() const { return standing_; }
  const Aftermath& aftermath() const { return aftermath_; }
  /// Instants at which the robot sent something, each once.
  const std::vector<SimTime>& sends() const { return sends_; }
  /// How every consent changed so far: a recording that begins later needs it.
  const std::vector<ConsentChange>& consent_changes() const { return consent_changes_; }

  using ForwardingSink::Write;
  void Write(const Emission& emission) override;
  void Write(const ConsentChange& change) override;
  void Write(const RunEvent& event) override;
  void Write(const MapSample& map) override;

 private:
  Standing standing_;
  Aftermath aftermath_;
  std::vector<SimTime> sends_;
  std::vector<ConsentChange> consent_changes_;
  std::set<uint32_t> connections_, earlier_connections_;
};

}  // namespace dustproof
