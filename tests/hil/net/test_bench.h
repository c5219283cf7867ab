#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "hil/capture/capture_sink.h"
#include "hil/net/network.h"

namespace dustproof {

inline std::string Text(std::span<const std::byte> bytes) {
  return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}
inline std::span<const std::byte> AsBytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

/// Keeps what it is given.
class MemorySink : public CaptureSink {
 public:
  void Write(const Emission& emission) override { emissions.push_back(emission); }
  void Write(const ConsentChange&) override {}
  void Write(const RunEvent& event) override { events.push_back(event); }
  void Write(const LogLine&) override {}
  void Write(const PoseSample&) override {}
  void Write(const ScanSample&) override {}
  void Write(const MapSample&) override {}
  void Write(const DriveSample&) override {}
  void Write(const BatterySample&) override {}
  void Write(const StateHashes&) override {}
  void Write(const Attachment& attachment) override { attachments.push_back(attachment); }
  void WriteMetadata(const std::string&, const std::map<std::string, std::string>&) override {}

  /// All payloads of a kind and direction, joined.
  std::string Joined(EmissionKind kind, Direction direction) const {
    std::string joined;
    for (const Emission& emission : emissions) {
      if (emission.kind == kind && emission.direction == direction)
        joined += Text(emission.payload);
    }
    return joined;
  }
  const RunEvent* FindEvent(const std::string& name) const {
    for (const RunEvent& event : events) {
      if (event.name == name) return &event;
    }
    return nullptr;
  }

  std::vector<Emission> emissions;
  std::vector<RunEvent> events;
  std::vector<Attachment> attachments;
};

/// A core that does what its functions say and keeps what it hears.
class ScriptedCore : public StreamCore {
 public:
  struct Heard {
    std::string text;
    bool opened = false;
    int closes = 0;
  };
  using Reply = std::function<std::string(const std::string& heard)>;
  ScriptedCore(Heard& heard, std::string greeting, Reply reply)
      : heard_(heard), greeting_(std::move(greeting)), reply_(std::move(reply)) {}

  void OnOpen(SimTime) override {
    heard_.opened = true;
    Send(AsBytes(greeting_));
  }
  void OnBytes(SimTime, std::span<const std::byte> bytes) override {
    heard_.text += Text(bytes);
    if (reply_) Send(AsBytes(reply_(Text(bytes))));
  }
  void OnClose(SimTime) override { ++heard_.closes; }

 private:
  Heard& heard_;
  const std::string greeting_;
  const Reply reply_;
};

/// Answers every connection alike.
class ScriptedService : public StreamService {
 public:
  explicit ScriptedService(ScriptedCore::Reply reply = nullptr, std::string greeting = "")
      : reply_(std::move(reply)), greeting_(std::move(greeting)) {}
  std::unique_ptr<StreamCore> Accept(SimTime, const StreamPeer& peer) override {
    peers.push_back(peer);
    return std::make_unique<ScriptedCore>(heard, greeting_, reply_);
  }
  ScriptedCore::Heard heard;
  std::vector<StreamPeer> peers;

 private:
  const ScriptedCore::Reply reply_;
  const std::string greeting_;
};

/// A network with its queue and its sink. Time stands still but in `Run…`.
class TestBench {
 public:
  virtual ~TestBench() = default;
  explicit TestBench(uint64_t seed = 1, NetworkConfig config = MakeConfig())
      : network(queue, Seed(seed), config, CertificateAuthority::Create(Seed(seed), config.start),
                sink) {
    network.SetConsents([] { return "C_POLICY=granted"; });
  }

  static NetworkConfig MakeConfig() {
    NetworkConfig config;
    config.home.ssid = "Casa";
    config.home_password = "open sesame";
    config.neighbours = {
        {.ssid = "Next door", .bssid = {2, 2, 2, 2, 2, 2}, .rssi_dbm = -80, .channel = 11}};
    config.start = WallTime::FromUnixSeconds(1'772'413'200);  // 2026-03-02T01:00:00Z.
    config.internet.loss = 0;
    return config;
  }

  void RunFor(SimDuration duration) { queue.RunUntil(queue.now() + duration); }
  /// Runs events until `done`, at most a minute. False when it never came true.
  bool RunUntil(const std::function<bool()>& done, SimDuration limit = SimDuration::Seconds(60)) {
    const SimTime end = queue.now() + limit;
    while (!done()) {
      if (queue.empty() || queue.next_time() > end) return false;
      queue.RunNext();
    }
    return true;
  }
  NetStatus Join(const std::string& ssid = "Casa", const std::string& password = "open sesame") {
    network.robot().StartJoin(ssid, password, "");
    RunUntil([&] { return network.robot().PollJoin() != NetStatus::kNotYet; });
    return network.robot().PollJoin();
  }
  uint32_t Resolve(const std::string& host) {
    const int32_t lookup = network.robot().StartLookup(host);
    uint32_t address = 0;
    int32_t count = 0;
    RunUntil([&] {
      count = network.robot().PollLookup(lookup, std::span(&address, 1));
      return count != static_cast<int32_t>(NetStatus::kNotYet);
    });
    return count == 1 ? address : 0;
  }
  /// A connected socket, or a negative status.
  int32_t Connect(NetEndpoint to) {
    RobotInterface& robot = network.robot();
    const int32_t socket = robot.Open(SocketKind::kTcp);
    robot.StartConnect(socket, to);
    RunUntil([&] { return robot.PollConnect(socket) != NetStatus::kNotYet; },
             SimDuration::Seconds(120));
    const NetStatus status = robot.PollConnect(socket);
    return status == NetStatus::kOk ? socket : static_cast<int32_t>(status);
  }
  void SendAll(int32_t socket, std::string_view text) {
    RunUntil(
        [&] {
          const int32_t count = network.robot().Send(socket, AsBytes(text));
          if (count > 0) text.remove_prefix(static_cast<size_t>(count));
          return text.empty() || (count < 0 && count != static_cast<int32_t>(NetStatus::kNotYet));
        },
        SimDuration::Seconds(600));
  }
  /// What arrives until `bytes` are there, the peer closes, or a minute has passed.
  std::string ReceiveText(int32_t socket, size_t bytes) {
    std::string text;
    RunUntil([&] {
      std::array<std::byte, 1024> buffer;
      const int32_t count = network.robot().Receive(socket, buffer);
      if (count > 0) text += Text(std::span(buffer).first(static_cast<size_t>(count)));
      return text.size() >= bytes ||
             (count <= 0 && count != static_cast<int32_t>(NetStatus::kNotYet));
    });
    return text;
  }

  EventQueue queue;
  MemorySink sink;
  Network network;
};

}  // namespace dustproof
