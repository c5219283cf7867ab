#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "hil/audit/internal/content.h"
#include "hil/audit/internal/flows.h"

namespace dustproof::internal {

/// A piece of a flow that a protocol gives a meaning.
struct ProtocolPart {
  enum class Kind {
    kFraming,  ///< Inherent to the protocol: it would stand there whatever was sent.
    kRoute,    ///< Path or topic: chosen by the sender.
    kValue,    ///< A header's or connect field's value.
    kPayload,  ///< Body of a message.
  };
  Kind kind = Kind::kFraming;
  std::string label;  ///< Of the decoder chain: "http header User-Agent", "mqtt topic".
  std::string
      where;        ///< Of the whole message: "http PUT /v1/maps/current", "mqtt s/1f3c/up/state".
  ByteRange range;  ///< In the flow.
  /// Where the payload came in chunks: its bytes put together, and where each came from.
  std::optional<Bytes> joined;
  std::vector<uint32_t> table;
};

/// Takes a flow apart by what it looks like: HTTP, MQTT, DNS, DHCP, TLS hello; anything else is one
/// payload.
std::vector<ProtocolPart> SplitFlow(const Flow& flow);

/// The server name and the like of a TLS ClientHello at the start of a flow.
std::vector<ProtocolPart> SplitClientHello(std::span<const std::byte> bytes);

}  // namespace dustproof::internal
