#pragma once

#include <string>

#include "robots/vacuum/firmware/cloud/byte_stream.h"
#include "robots/vacuum/firmware/cloud/http.h"
#include "robots/vacuum/firmware/cloud/messages.h"
#include "robots/vacuum/firmware/platform.h"
#include "robots/vacuum/firmware/store/settings_store.h"

namespace vacuum {

/// The setup hotspot and what it serves (PROTOCOL.md, 1).
class SetupServer {
 public:
  /// Both outlive the server.
  SetupServer(const Platform& hal, SettingsStore& settings) : hal_(hal), settings_(settings) {}

  /// Blocking: opens the hotspot, and closes it once an app has provisioned the robot. False where
  /// there is no hotspot.
  bool Run();

  /// Serves one connection. Returns whether the robot was provisioned over it.
  bool Serve(ByteStream& stream);

 private:
  bool Provisioned(const std::string& body, std::string* error);

  const Platform& hal_;
  SettingsStore& settings_;
};

}  // namespace vacuum
