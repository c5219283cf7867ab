#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "hil/capture/capture_sink.h"

namespace dustproof {

/// Keeps run events and consent changes, and forgets the rest.
class CollectingSink final : public CaptureSink {
 public:
  void Write(const Emission&) override {}
  void Write(const ConsentChange& change) override {
    consents.push_back(change.consent + "=" + change.state);
  }
  void Write(const RunEvent& event) override { events.push_back(event); }
  void Write(const LogLine&) override {}
  void Write(const PoseSample&) override {}
  void Write(const ScanSample&) override {}
  void Write(const MapSample&) override {}
  void Write(const DriveSample&) override {}
  void Write(const BatterySample&) override {}
  void Write(const StateHashes&) override {}
  void Write(const Attachment&) override {}
  void WriteMetadata(const std::string&, const std::map<std::string, std::string>&) override {}

  /// How often an event of that name was told.
  size_t Count(std::string_view name) const {
    return static_cast<size_t>(std::count_if(events.begin(), events.end(),
                                             [&](const RunEvent& e) { return e.name == name; }));
  }
  /// The latest event's detail, or "".
  std::string Last(std::string_view name) const {
    const auto it = std::find_if(events.rbegin(), events.rend(),
                                 [&](const RunEvent& e) { return e.name == name; });
    return it == events.rend() ? "" : it->detail;
  }

  std::vector<RunEvent> events;
  std::vector<std::string> consents;
};

}  // namespace dustproof
