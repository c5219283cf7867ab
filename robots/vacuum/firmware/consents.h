#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace vacuum {

/// The user's consents that concern the robot (PROTOCOL.md, 6).
enum class Consent { kPolicy, kMapUpload, kImprove, kDeviceId, kLocation };
constexpr int kConsentCount = 5;

enum class ConsentState : uint8_t { kUnset = 0, kGranted = 1, kDenied = 2, kWithdrawn = 3 };

/// `C_POLICY` and so on, as in the protocol.
const char* ToWord(Consent consent);
std::optional<Consent> ConsentFromWord(std::string_view word);
const char* ToWord(ConsentState state);
std::optional<ConsentState> ConsentStateFromWord(std::string_view word);

/// What the user has answered; unset where nothing was.
class Consents {
 public:
  ConsentState Get(Consent consent) const { return states_[static_cast<size_t>(consent)]; }
  void Set(Consent consent, ConsentState state) { states_[static_cast<size_t>(consent)] = state; }
  bool Granted(Consent consent) const { return Get(consent) == ConsentState::kGranted; }

  /// These, less every grant that `other` does not share: it takes `other`'s state.
  Consents TightenedBy(const Consents& other) const;

  bool operator==(const Consents&) const = default;

 private:
  std::array<ConsentState, kConsentCount> states_{};
};

}  // namespace vacuum
