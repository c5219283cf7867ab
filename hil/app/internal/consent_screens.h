#pragma once

#include <functional>
#include <string>

#include "hil/app/app.h"
#include "sim/scenario/consent.h"

namespace dustproof {

/// The user's answers: one screen after another while pairing, single switches later. Each answer
/// goes into the ledger and into the recording at the instant it is given.
class ConsentScreens {
 public:
  /// Everything borrowed outlives it.
  ConsentScreens(const App::Config& config, EventQueue& queue, CaptureSink& sink);

  /// Shows the policy, then every other consent. `done` hears whether the policy was accepted;
  /// where it wasn't, no other screen is shown.
  void Ask(std::function<void(bool accepted)> done);

  /// The user turns a switch in the settings. Taking the policy back takes back with it all that
  /// was granted.
  void Change(const ConsentStep& step);

  const ConsentLedger& ledger() const { return ledger_; }
  bool accepted() const { return ledger_.granted("C_POLICY"); }

 private:
  void Answer(const std::string& consent, ConsentState state, const char* cause);
  void AskNext(size_t index, std::function<void(bool)> done);
  ConsentState Wanted(const std::string& consent) const;

  const App::Config& config_;
  EventQueue& queue_;
  CaptureSink& sink_;
  ConsentLedger ledger_;
};

}  // namespace dustproof
