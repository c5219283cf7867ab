#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "hil/capture/messages.h"
#include "hil/net/network.h"
#include "hil/protocol/certificate_authority.h"
#include "hil/protocol/stream_core.h"
#include "sim/core/random.h"

namespace dustproof::internal {

struct ServedPort {
  PortSecurity security = PortSecurity::kTls;
  StreamService* service = nullptr;
};

/// A name or a bare address on the internet.
struct Host {
  std::string name;  ///< Lower case, or the address in dotted form.
  uint32_t address = 0;
  bool declared = false;
  Party party;
  std::map<uint16_t, ServedPort> ports;
  std::optional<TlsIdentity> identity;  ///< Instead of one minted by the run's authority.
  bool rogue = false;                   ///< Shows a certificate of an authority that nobody trusts.
};

/// Every host of the simulated internet. Names that nobody declared come into being when they are
/// asked for.
class Hosts {
 public:
  explicit Hosts(const Seed& seed) : seed_(seed) {}

  Host& Declare(const std::string& name, std::optional<uint32_t> address, Party party);
  /// By name; on first sight makes one: like the declared "*.suffix" that covers it, else
  /// undeclared.
  Host& ByName(const std::string& name);
  /// By address: the host that `name_hint` names if it lives there, else the first one, else a new
  /// undeclared one.
  Host& ByAddress(uint32_t address, const std::string& name_hint);
  Host* Find(const std::string& name);

 private:
  uint32_t FreeAddress(const std::string& name) const;
  /// The declared "*.suffix" that covers a name, or null.
  const Host* FindPattern(const std::string& name) const;

  const Seed seed_;
  std::map<std::string, std::unique_ptr<Host>> by_name_;
  std::map<uint32_t, Host*> by_address_;  // The first host of an address.
};

std::string ToLower(std::string text);

}  // namespace dustproof::internal
