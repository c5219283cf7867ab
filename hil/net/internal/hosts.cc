#include "hil/net/internal/hosts.h"

#include <algorithm>
#include <cctype>

namespace dustproof::internal {
namespace {

// Set aside for benchmarks by RFC 2544, hence nobody's: the addresses of hosts that state none.
constexpr uint32_t kFirstAddress = MakeAddress(198, 18, 0, 0);
constexpr uint32_t kAddressCount = 1u << 17;

}  // namespace

std::string ToLower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  return text;
}

Host& Hosts::Declare(const std::string& name, std::optional<uint32_t> address, Party party) {
  Host& host = ByName(name);
  host.declared = true;
  host.party = std::move(party);
  if (host.party.host.empty()) host.party.host = host.name;
  if (address && *address != host.address) {
    if (by_address_[host.address] == &host) by_address_.erase(host.address);
    host.address = *address;
    by_address_.emplace(*address, &host);
  }
  return host;
}

Host& Hosts::ByName(const std::string& name) {
  const std::string key = ToLower(name);
  uint32_t literal = 0;
  if (ParseAddress(key, &literal)) return ByAddress(literal, "");
  std::unique_ptr<Host>& slot = by_name_[key];
  if (slot == nullptr) {
    slot = std::make_unique<Host>();
    slot->name = key;
    slot->address = FreeAddress(key);
    slot->party = {"other", "", "unknown", "", key};
    by_address_.emplace(slot->address, slot.get());
    if (const Host* pattern = FindPattern(key)) {
      slot->declared = true;
      slot->party = pattern->party;
      slot->party.host = key;
      slot->ports = pattern->ports;
      slot->rogue = pattern->rogue;
    }
  }
  return *slot;
}

const Host* Hosts::FindPattern(const std::string& name) const {
  for (size_t dot = name.find('.'); dot != std::string::npos; dot = name.find('.', dot + 1)) {
    const auto it = by_name_.find("*" + name.substr(dot));
    if (it != by_name_.end() && it->second != nullptr && it->second->declared)
      return it->second.get();
  }
  return nullptr;
}

Host& Hosts::ByAddress(uint32_t address, const std::string& name_hint) {
  if (Host* hinted = Find(name_hint); hinted != nullptr && hinted->address == address)
    return *hinted;
  if (const auto it = by_address_.find(address); it != by_address_.end()) return *it->second;
  auto host = std::make_unique<Host>();
  host->name = FormatAddress(address);
  host->address = address;
  host->party = {"other", "", "unknown", "", host->name};
  Host& made = *host;
  by_address_.emplace(address, &made);
  by_name_[made.name] = std::move(host);
  return made;
}

Host* Hosts::Find(const std::string& name) {
  const auto it = by_name_.find(ToLower(name));
  return it == by_name_.end() ? nullptr : it->second.get();
}

uint32_t Hosts::FreeAddress(const std::string& name) const {
  uint32_t offset =
      static_cast<uint32_t>(seed_.Stream("net.address." + name).Below(kAddressCount - 2)) + 1;
  // Who asks for tens of thousands of names has some that share an address, as on the internet.
  if (by_address_.size() > kAddressCount / 2) return kFirstAddress + offset;
  while (by_address_.contains(kFirstAddress + offset)) offset = offset % (kAddressCount - 2) + 1;
  return kFirstAddress + offset;
}

}  // namespace dustproof::internal
