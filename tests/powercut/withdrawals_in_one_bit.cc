#include "robots/vacuum/firmware/store/settings.h"

namespace vacuum {
namespace {

// Unsafe: of a consent's state only the lowest bit is kept. That tells granted from denied, but
// turns withdrawn into granted; nor is the consents' version kept. As long as the power stays on,
// RAM knows better. Takes the place of the honest settings at link time.
constexpr uint8_t kFormat = 1;
constexpr uint8_t kMapEraseDue = 1;
constexpr uint8_t kResetDue = 2;
constexpr uint8_t kUnderWay = 4;

}  // namespace

Bytes Settings::Serialize() const {
  ByteWriter out;
  out.U8(kFormat);
  out.U8(static_cast<uint8_t>((map_erase_due ? kMapEraseDue : 0) | (reset_due ? kResetDue : 0) |
                              (under_way ? kUnderWay : 0)));
  out.Text(ssid);
  out.Text(wifi_password);
  out.Text(host);
  out.U16(api_port);
  out.U16(mqtt_port);
  out.Text(pairing_token);
  out.Text(credential);
  out.Text(policy_version);
  for (int i = 0; i < kConsentCount; ++i)
    out.U8(static_cast<uint8_t>(consents.Get(static_cast<Consent>(i))) & 1);
  return out.Take();
}

std::optional<Settings> Settings::Parse(const Bytes& bytes) {
  ByteReader in(bytes);
  if (in.U8() != kFormat) return std::nullopt;
  const uint8_t flags = in.U8();
  Settings settings;
  settings.map_erase_due = (flags & kMapEraseDue) != 0;
  settings.reset_due = (flags & kResetDue) != 0;
  settings.under_way = (flags & kUnderWay) != 0;
  settings.ssid = in.Text();
  settings.wifi_password = in.Text();
  settings.host = in.Text();
  settings.api_port = in.U16();
  settings.mqtt_port = in.U16();
  settings.pairing_token = in.Text();
  settings.credential = in.Text();
  settings.policy_version = in.Text();
  for (int i = 0; i < kConsentCount; ++i) {
    const uint8_t state = in.U8();
    if (state > static_cast<uint8_t>(ConsentState::kWithdrawn)) return std::nullopt;
    settings.consents.Set(static_cast<Consent>(i), static_cast<ConsentState>(state));
  }
  if (!in.ok() || in.left() != 0) return std::nullopt;
  return settings;
}

Settings Settings::WithoutPairing() const {
  Settings left;
  left.under_way = under_way;
  return left;
}

bool Settings::LeavesSecretBehind(const Settings& next) const {
  const auto gone = [](const std::string& old_value, const std::string& new_value) {
    return !old_value.empty() && old_value != new_value;
  };
  return gone(ssid, next.ssid) || gone(wifi_password, next.wifi_password) ||
         gone(pairing_token, next.pairing_token) || gone(credential, next.credential);
}

}  // namespace vacuum
