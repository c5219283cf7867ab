#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>

#include "hil/protocol/dns.h"

namespace dustproof::internal {

/// The answer to a DNS query in a world where every name exists; nothing where `query` is none.
/// Answers hold for `ttl_s`. `address_of` hears each name that is asked for, whatever the type of record.
std::optional<Bytes> AnswerEveryName(
    std::span<const std::byte> query, uint32_t ttl_s,
    const std::function<uint32_t(const std::string& name)>& address_of);

}  // namespace dustproof::internal
