#pragma once

#include <map>
#include <string>

#include "hil/capture/messages.h"

namespace dustproof {

/// Takes what a run emits, as it happens. Implemented by the recording's writer, and by tests.
class CaptureSink {
 public:
  virtual ~CaptureSink() = default;
  virtual void Write(const Emission& emission) = 0;
  virtual void Write(const ConsentChange& change) = 0;
  virtual void Write(const RunEvent& event) = 0;
  virtual void Write(const LogLine& line) = 0;
  virtual void Write(const PoseSample& pose) = 0;
  virtual void Write(const ScanSample& scan) = 0;
  virtual void Write(const MapSample& map) = 0;
  virtual void Write(const DriveSample& drive) = 0;
  virtual void Write(const BatterySample& battery) = 0;
  virtual void Write(const StateHashes& state) = 0;
  virtual void Write(const Attachment& attachment) = 0;
  /// Key-value facts about the run as one MCAP Metadata record, e.g. name "run": seed, build,
  /// scenario hash; name "result".
  virtual void WriteMetadata(const std::string& name,
                             const std::map<std::string, std::string>& values) = 0;
};

}  // namespace dustproof
