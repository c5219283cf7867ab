#pragma once

#include "hil/protocol/stream_core.h"

namespace dustproof::internal {

/// Answers for hosts that nobody declared, so that firmware goes on talking and what it says is
/// seen: HTTP requests get 200 with an empty JSON object, MQTT packets their acknowledgement,
/// anything else silence.
class PlausibleService : public StreamService {
 public:
  std::unique_ptr<StreamCore> Accept(SimTime now, const StreamPeer& peer) override;
};

}  // namespace dustproof::internal
