#include "robots/vacuum/firmware/consents.h"

namespace vacuum {
namespace {

constexpr const char* kConsentWords[kConsentCount] = {"C_POLICY", "C_MAP_UPLOAD", "C_IMPROVE",
                                                      "C_DEVID", "C_LOCATION"};
constexpr const char* kStateWords[] = {"unset", "granted", "denied", "withdrawn"};

}  // namespace

const char* ToWord(Consent consent) { return kConsentWords[static_cast<size_t>(consent)]; }

std::optional<Consent> ConsentFromWord(std::string_view word) {
  for (int i = 0; i < kConsentCount; ++i) {
    if (word == kConsentWords[i]) return static_cast<Consent>(i);
  }
  return std::nullopt;
}

const char* ToWord(ConsentState state) { return kStateWords[static_cast<size_t>(state)]; }

std::optional<ConsentState> ConsentStateFromWord(std::string_view word) {
  for (uint8_t i = 0; i < 4; ++i) {
    if (word == kStateWords[i]) return static_cast<ConsentState>(i);
  }
  return std::nullopt;
}

Consents Consents::TightenedBy(const Consents& other) const {
  Consents tight = *this;
  for (int i = 0; i < kConsentCount; ++i) {
    const auto consent = static_cast<Consent>(i);
    if (Granted(consent) && !other.Granted(consent)) tight.Set(consent, other.Get(consent));
  }
  return tight;
}

}  // namespace vacuum
