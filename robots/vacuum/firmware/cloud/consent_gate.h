#pragma once

#include <optional>

#include "robots/vacuum/firmware/cloud/cloud_hooks.h"
#include "robots/vacuum/firmware/cloud/payload.h"
#include "robots/vacuum/firmware/store/settings_store.h"

namespace vacuum {

class ConsentGate;

/// Leave to send one kind of thing. Only the gate makes one, and every sender asks for one: what
/// was not asked for can't be sent. It is looked at again with each write (`valid`), so that a
/// withdrawal stops an upload half-way.
class Permit {
 public:
  bool valid() const;

 private:
  friend class ConsentGate;
  Permit(const ConsentGate& gate, Payload kind) : gate_(&gate), kind_(kind) {}

  const ConsentGate* gate_;
  Payload kind_;
};

/// Where the user's consents are enforced: the one place that says what may leave the robot now.
class ConsentGate {
 public:
  /// Both outlive the gate.
  ConsentGate(const SettingsStore& settings, const CloudHooks& hooks)
      : settings_(settings), hooks_(hooks) {}

  bool Allows(Payload kind) const { return hooks_.Allows(kind, settings_.current().consents); }
  std::optional<Permit> Ask(Payload kind) const {
    return Allows(kind) ? std::optional<Permit>(Permit(*this, kind)) : std::nullopt;
  }

 private:
  const SettingsStore& settings_;
  const CloudHooks& hooks_;
};

inline bool Permit::valid() const { return gate_->Allows(kind_); }

}  // namespace vacuum
