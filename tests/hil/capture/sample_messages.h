#pragma once

#include <span>
#include <string>

#include "hil/capture/capture_sink.h"

/// One message of each kind with values that differ from their defaults, for tests of the writer
/// and its readers.
namespace dustproof::test {

inline Bytes ToBytes(const std::string& text) {
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

inline SimTime At(double seconds) { return SimTime::Zero() + SimDuration::FromSeconds(seconds); }

inline Emission SampleEmission(double seconds, const std::string& payload) {
  return {.time = At(seconds),
          .sequence = 0,
          .emitter = "robot",
          .kind = EmissionKind::kPlaintext,
          .direction = Direction::kFromRobot,
          .connection = 7,
          .stream_offset = 1234567890123,
          .source_address = 0xC0A80117,
          .destination_address = 0x0A000001,
          .source_port = 49152,
          .destination_port = 8883,
          .party = {"vendor_cloud_cn", "JT-Innovation", "first_party", "CN", "mqtt.example.cn"},
          .protocol = "mqtt",
          .encrypted = true,
          .consents = "C_MAP_UPLOAD=denied,C_POLICY=granted",
          .payload = ToBytes(payload)};
}

inline void WriteSampleMessages(CaptureSink& sink) {
  sink.Write(Attachment{"scenario.yaml", "application/yaml", ToBytes("kind: scenario\n")});
  sink.Write(ConsentChange{At(0.5), "C_POLICY", "granted", "app: consent screen"});
  sink.Write(RunEvent{At(0.75), "network", "tls_handshake_done", "mqtt.example.cn"});
  sink.Write(LogLine{At(1), 30, "slam", "matched 87 % of the scan"});
  sink.Write(PoseSample{At(1), "W", {1.25, -2.5, 0.5}});
  sink.Write(PoseSample{At(1), "M", {1.5, -2.25, -3.0}});
  sink.Write(ScanSample{
      At(1.1), 0.0005, -3.0, 0.25, 0.125, 8.0, {1.5F, 0.0F, 2.25F}, {10.0F, 0.0F, 20.0F}});
  sink.Write(MapSample{At(1.2), 3, 2, 0.05, -1.5, 2.5, {0, 100, -1, 0, 0, 50}});
  sink.Write(DriveSample{At(1.3), 0.25, -0.125});
  sink.Write(BatterySample{At(1.4), 14.5, -0.75, 62.5, false});
  sink.Write(StateHashes{At(1.5), 12345, {"physics", "robot"}, {0xFEDCBA9876543210, 7}});
  sink.Write(SampleEmission(2, "{\"state\":\"cleaning\"}"));
  sink.WriteMetadata("result", {{"outcome", "done"}});
}

}  // namespace dustproof::test
