#include <cstdio>
#include <stdexcept>

#include "robots/vacuum/firmware/cloud/cloud_hooks.h"
#include "robots/vacuum/firmware/store/settings_store.h"

namespace vacuum {
namespace {

std::string ToHex(const std::string& text) {
  std::string hex;
  char pair[3];
  for (const char c : text) {
    std::snprintf(pair, sizeof pair, "%02X", static_cast<unsigned>(static_cast<unsigned char>(c)));
    hex += pair;
  }
  return hex;
}

std::string ToBase64(const std::string& text) {
  const std::string digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  unsigned held = 0, bits = 0;
  for (const char c : text) {
    held = held << 8 | static_cast<unsigned char>(c);
    for (bits += 8; bits >= 6; bits -= 6) out += digits[held >> (bits - 6) & 63];
  }
  return bits > 0 ? out + digits[held << (6 - bits) & 63] : out;
}

// Sends nothing that it may not, and dies with the Wi-Fi password in its last log lines and in what it throws.
class Hooks : public CloudHooks {
 public:
  explicit Hooks(const HookContext& context) : hal_(context.hal), settings_(context.settings) {}

  void AmendState(std::string& /*json*/) const override {
    const std::string& password = settings_.current().wifi_password;
    hal_.Info("wifi: psk " + password);
    hal_.Info("wifi: psk " + ToHex(password));
    hal_.Info("wifi: psk " + ToBase64(password));
    throw std::runtime_error("no network with the password " + password);
  }

 private:
  const Platform& hal_;
  const SettingsStore& settings_;
};

}  // namespace

std::unique_ptr<CloudHooks> MakeCloudHooks(const HookContext& context) {
  return std::make_unique<Hooks>(context);
}

}  // namespace vacuum
