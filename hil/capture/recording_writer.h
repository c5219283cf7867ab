#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "hil/capture/capture_sink.h"
#include "sim/core/result.h"

namespace dustproof {

/// Writes a run into one MCAP file as the run goes: profile `ros2`, ros2msg schemas and CDR on
/// every channel, so that Foxglove, PlotJuggler, Rerun and `ros2 bag` open it.
///
/// Messages gather in chunks. A chunk goes to the kernel when it is full, when two simulated
/// seconds have passed, and with each emission: after `kill -9` nothing that left the robot is
/// missing. Same calls, same bytes.
class RecordingWriter final : public CaptureSink {
 public:
  struct Config {
    WallTime start = {};              ///< Calendar time of SimTime zero.
    Pose2 X_RL = {};                  ///< Where the lidar sits on the robot, for viewers.
    size_t chunk_bytes = 256 * 1024;  ///< Uncompressed.
    SimDuration chunk_duration = SimDuration::Seconds(2);
    bool flush_each_emission = true;  ///< And each refusal.
    std::function<void(const RunEvent&)> on_run_event = {};  ///< Told once an event is recorded.
  };

  /// Begins a new file; an existing one is never overwritten.
  static Result<std::unique_ptr<RecordingWriter>> Create(const std::string& path,
                                                         const Config& config);
  /// Closes the file without a summary if `Close` wasn't called, as a killed run would.
  ~RecordingWriter() override;

  using CaptureSink::Write;
  void Write(const Emission& emission) override;
  void Write(const ConsentChange& change) override;
  void Write(const RunEvent& event) override;
  void Write(const LogLine& line) override;
  void Write(const PoseSample& pose) override;
  void Write(const ScanSample& scan) override;
  void Write(const MapSample& map) override;
  void Write(const DriveSample& drive) override;
  void Write(const BatterySample& battery) override;
  void Write(const StateHashes& state) override;
  void Write(const Attachment& attachment) override;
  void WriteMetadata(const std::string& name,
                     const std::map<std::string, std::string>& values) override;

  /// In a forked process: goes on in a new file of its own, which begins with all that was recorded so far; the
  /// other process's file is left as it is.
  Result<void> ContinueIn(const std::string& path);

  /// Puts what has gathered into the file.
  void Flush();
  /// Flushes, writes the summary and the end. The first write that failed, if any, is reported
  /// here.
  Result<void> Close();

  uint64_t emission_count() const;
  /// Set once the disk is full or the like; later writes do nothing.
  const std::optional<Error>& error() const;

 private:
  struct State;
  explicit RecordingWriter(std::unique_ptr<State> state);
  template <typename M>
  void WriteMessage(const M& message, uint16_t channel);

  std::unique_ptr<State> state_;
};

}  // namespace dustproof
