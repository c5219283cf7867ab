#pragma once

#include <memory>
#include <string>

#include "robots/vacuum/firmware/byte_io.h"
#include "robots/vacuum/firmware/cloud/payload.h"
#include "robots/vacuum/firmware/consents.h"
#include "robots/vacuum/firmware/platform.h"

namespace vacuum {

class Navigator;
class Outbox;
class SettingsStore;

/// The way out through a session that is up. What is sent passes the consent gate as the kind that
/// the caller names.
class CloudLink {
 public:
  virtual ~CloudLink() = default;
  /// To `s/<client_id>/<topic>` at QoS 0.
  virtual bool Publish(Payload kind, const std::string& topic, const std::string& payload) = 0;
  /// HTTPS PUT. Returns the status, or 0 where nothing came back.
  virtual int Put(Payload kind, const std::string& path, const std::string& content_type,
                  const Bytes& body) = 0;
};

/// What products of this family may add to the cloud client. The vacuum adds nothing: its hooks are
/// these.
class CloudHooks {
 public:
  virtual ~CloudHooks() = default;

  /// The rule of the consent gate: whether `kind` may be sent under `consents`. Here: the table of
  /// PROTOCOL.md, 6.
  virtual bool Allows(Payload kind, const Consents& consents) const;
  /// Last chance to change the JSON of `up/state`.
  virtual void AmendState(std::string& /*json*/) const {}
  /// A session is up, and what was queued has been sent.
  virtual void OnSession(CloudLink& /*link*/) {}
  /// About once a second while a session is up.
  virtual void OnTick(CloudLink& /*link*/) {}
};

/// What hooks may look at. All outlive them.
struct HookContext {
  const Platform& hal;
  const SettingsStore& settings;
  const Navigator& navigator;
  const Outbox& outbox;
};

/// Makes the product's hooks. Each product links its own definition; the vacuum's is in
/// honest_hooks.cc.
std::unique_ptr<CloudHooks> MakeCloudHooks(const HookContext& context);

}  // namespace vacuum
