#pragma once

#include <map>
#include <string>

#include "hil/capture/capture_sink.h"

namespace dustproof {

/// Passes everything on to another sink, or drops it while there is none. Whoever wants to hear
/// some messages on their way overrides their `Write` and calls this one.
class ForwardingSink : public CaptureSink {
 public:
  /// `target` is borrowed until the next call; null drops.
  void ForwardTo(CaptureSink* target) { target_ = target; }

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
  void WriteMetadata(const std::string& name,
                     const std::map<std::string, std::string>& values) override {
    if (target_ != nullptr) target_->WriteMetadata(name, values);
  }

 private:
  template <typename Message>
  void Pass(const Message& message) {
    if (target_ != nullptr) target_->Write(message);
  }

  CaptureSink* target_ = nullptr;
};

}  // namespace dustproof
