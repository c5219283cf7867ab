#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace dustproof::internal {

/// What the first bytes of a client tell about whom it wants.
struct StreamOpening {
  bool complete = true;  ///< False: more bytes may tell more.
  std::string host;      ///< TLS's server name or HTTP's Host without its port; "" where none.
};

/// Reads as far as the host's name. A few kilobytes are enough for any opening: longer ones count
/// as complete and nameless.
StreamOpening ReadStreamOpening(std::span<const std::byte> bytes);

}  // namespace dustproof::internal
