#pragma once

#include "hil/cloud/cloud.h"
#include "hil/net/host_table.h"
#include "hil/protocol/certificate_authority.h"
#include "hil/run/inputs.h"
#include "sim/core/result.h"
#include "sim/scenario/planted.h"

/// What a scenario says of the cloud and the internet's hosts: the same whether a simulated robot
/// or a real one calls.
namespace dustproof {

/// The scenario's own authority, or a fresh one by the seed. `now` is what certificates are valid
/// around.
Result<CertificateAuthority> AuthorityOf(const RunInputs& inputs, WallTime now);

/// Beside a recording, the certificate that clients on real sockets need; returns its path.
Result<std::string> WriteAuthority(const std::string& recording, const std::string& pem);

Cloud::Config CloudConfigOf(const RunInputs& inputs, const PlantedValues& planted);

/// The hosts of the scenario's parties, the vendor's cloud among them; what the cloud serves is
/// still open.
void DeclareHosts(const Scenario& scenario, HostTable& hosts);

}  // namespace dustproof
