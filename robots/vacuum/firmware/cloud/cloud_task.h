#pragma once

#include "robots/vacuum/firmware/cloud/back_off.h"
#include "robots/vacuum/firmware/cloud/cloud_client.h"
#include "robots/vacuum/firmware/cloud/setup_server.h"

namespace vacuum {

/// What the network light shows.
enum class NetworkState { kOff, kSetup, kConnecting, kOnline };

/// The task that keeps the robot in touch: setup, home network, sessions, one after another and for
/// ever.
class CloudTask {
 public:
  explicit CloudTask(const CloudClient::Parts& parts);

  /// Never returns.
  void Run();

  NetworkState state() const { return client_.online() ? NetworkState::kOnline : state_; }

 private:
  void Step();
  void SetUp();
  bool Join();
  void Forget();
  void Wait(uint64_t duration_us);

  const CloudClient::Parts parts_;
  const Platform& hal_;
  CloudClient client_;
  SetupServer setup_;
  BackOff back_off_;
  NetworkState state_ = NetworkState::kOff;
  int refusals_ = 0;  // Of the password, one after another.
};

}  // namespace vacuum
