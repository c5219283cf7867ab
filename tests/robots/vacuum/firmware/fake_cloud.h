#pragma once

#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/robots/vacuum/firmware/fake_hal.h"

/// The vendor's cloud for tests of the client: TLS, the HTTPS API and a broker, in the test's own
/// hands.
namespace vacuum::test {

/// A certificate authority and a server certificate of it.
struct ServerIdentity {
  std::string ca_pem, cert_pem, key_pem;
};
/// Dates are YYYYMMDDhhmmss.
ServerIdentity MakeServerIdentity(const std::string& host,
                                  const char* not_after = "20991231235959");

struct FakeCloud {
  /// Answers `fake.connect` from now on: the API on port 443, the broker on 8883.
  FakeCloud(FakeHal& fake, const ServerIdentity& identity);

  struct Request {
    std::string line, authorization, content_type, body;
  };
  std::vector<Request> requests;
  std::vector<std::pair<std::string, std::string>> published;  ///< Topic and payload.
  int bind_status = 200;
  int session_status = 200;
  int map_status = 204;
  std::string consents = R"({"C_POLICY":"granted"})";
  int consent_version = 1;
  /// Topic below `s/<client_id>/down/` and payload; sent when the robot next looks.
  std::deque<std::pair<std::string, std::string>> to_robot;
  bool drop_mqtt = false;  ///< Closes the broker's connections.
  int bytes_in = 0;        ///< Plaintext from the robot, all in all.
  int session_count = 0;

  /// How many requests have a line that begins so.
  int Count(const std::string& line_start) const;
  /// Payloads published to `s/<any client>/up/<name>`.
  std::vector<std::string> Published(const std::string& name) const;
};

}  // namespace vacuum::test
