#pragma once

#include <map>
#include <string>

#include "hil/capture/capture_sink.h"

namespace dustproof {

/// Passes everything on to two sinks, which outlive it.
class TeeSink final : public CaptureSink {
 public:
  TeeSink(CaptureSink& first, CaptureSink& second) : first_(first), second_(second) {}

  void Write(const Emission& emission) override { Pass(emission); }
  void Write(const ConsentChange& change) override { Pass(change); }
  void Write(const RunEvent& event) override { Pass(event); }
  void Write(const LogLine& line) override { Pass(line); }
  void Write(const PoseSample& pose) override { Pass(pose); }
  void Write(const ScanSample& scan) override { Pass(scan); }
  void Write(const MapSample& map) override { Pass(map); }
  void Write(const DriveSample& drive) override { Pass(drive); }
  void Write(const BatterySample& battery) override { Pass(battery); }
  void Write(const StateHashes& state) override { Pass(state); }
  void Write(const Attachment& attachment) override { Pass(attachment); }
  void WriteMetadata(const std::string& name, const std::map<std::string, std::string>& values) override {
    first_.WriteMetadata(name, values);
    second_.WriteMetadata(name, values);
  }

 private:
  template <typename Message>
  void Pass(const Message& message) {
    first_.Write(message);
    second_.Write(message);
  }

  CaptureSink& first_;
  CaptureSink& second_;
};

}  // namespace dustproof
