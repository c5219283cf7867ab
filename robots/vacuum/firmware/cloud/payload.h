#pragma once

namespace vacuum {

/// The kinds of thing that the robot may send (PROTOCOL.md), as the consents distinguish them.
enum class Payload {
  kNetwork,        ///< Joining the home network, looking the cloud's host up.
  kSession,        ///< Bind and session requests, the MQTT session itself.
  kState,          ///< `up/state`.
  kAck,            ///< `up/ack`.
  kMap,            ///< Map and path.
  kIdentity,       ///< Robot id and MAC.
  kFirmwareQuery,  ///< Asking for the latest firmware.
};

}  // namespace vacuum
