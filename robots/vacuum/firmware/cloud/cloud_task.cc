#include "robots/vacuum/firmware/cloud/cloud_task.h"

namespace vacuum {
namespace {

constexpr uint64_t kJoinTimeoutUs = Seconds(20);
// A session that lasted this long shows that the way is clear: the next attempt comes soon.
constexpr uint64_t kGoodSessionUs = Seconds(60);
constexpr int kRefusalsMax = 3;

}  // namespace

CloudTask::CloudTask(const CloudClient::Parts& parts)
    : parts_(parts),
      hal_(parts.hal),
      client_(parts),
      setup_(parts.hal, parts.settings),
      back_off_(*parts.hal.random) {}

void CloudTask::Run() {
  for (;;) Step();
}

void CloudTask::Step() {
  if (!parts_.settings.current().provisioned()) return SetUp();
  if (!parts_.gate.Allows(Payload::kNetwork)) {
    if (hal_.wifi->state() != DP_WIFI_OFF) hal_.wifi->stop();
    state_ = NetworkState::kOff;
    return Wait(Seconds(1));
  }
  state_ = NetworkState::kConnecting;
  if (!Join()) {
    // A password that never worked was mistyped: the app may hand over another.
    if (refusals_ >= kRefusalsMax && parts_.settings.current().credential.empty()) return SetUp();
    return Wait(back_off_.NextUs());
  }
  const uint64_t began_us = hal_.clock->now_us();
  const CloudClient::Outcome outcome = client_.Run();
  if (outcome == CloudClient::Outcome::kUnbound) return Forget();
  if (outcome == CloudClient::Outcome::kEnded && hal_.clock->now_us() - began_us >= kGoodSessionUs)
    back_off_.Reset();
  if (parts_.settings.current().provisioned()) Wait(back_off_.NextUs());
}

void CloudTask::SetUp() {
  state_ = NetworkState::kSetup;
  refusals_ = 0;
  if (!setup_.Run()) return Wait(Seconds(5));
  hal_.Info("provisioned");
  hal_.DataReady("wifi_ssid");
  hal_.DataReady("wifi_password");
  back_off_.Reset();
}

bool CloudTask::Join() {
  if (hal_.wifi->state() == DP_WIFI_CONNECTED) return true;
  const std::string ssid =
      parts_.settings.current().ssid;  // Settings may change while the call blocks.
  const std::string password = parts_.settings.current().wifi_password;
  // No host name: DHCP would tell it to the whole network.
  const dp_status joined = hal_.wifi->join(
      ssid.c_str(), password.empty() ? nullptr : password.c_str(), nullptr, kJoinTimeoutUs);
  refusals_ = joined == DP_ERR_REFUSED ? refusals_ + 1 : 0;
  if (joined == DP_OK) hal_.DataReady("ip_address");
  if (joined != DP_OK)
    hal_.Warn("the home network can't be joined, status " + std::to_string(joined));
  return joined == DP_OK;
}

void CloudTask::Forget() {
  hal_.Info("the cloud doesn't know this robot: the pairing is forgotten");
  parts_.outbox.Clear();
  parts_.settings.Update([](Settings& settings) { settings = settings.WithoutPairing(); });
  hal_.wifi->stop();
}

void CloudTask::Wait(uint64_t duration_us) {
  const uint32_t reset_count = parts_.settings.reset_count();
  const uint64_t until_us = hal_.clock->now_us() + duration_us;
  while (hal_.clock->now_us() < until_us && parts_.settings.reset_count() == reset_count) {
    hal_.clock->sleep_until_us(std::min(until_us, hal_.clock->now_us() + Seconds(0.5)));
  }
}

}  // namespace vacuum
