#include "hil/run/run_cloud.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace dustproof {

Result<CertificateAuthority> AuthorityOf(const RunInputs& inputs, WallTime now) {
  const Seed seed = Seed(inputs.seed).Derive("ca");
  const TrustFiles& trust = inputs.trust;
  if (trust.ca_certificate_pem.empty()) return CertificateAuthority::Create(seed, now);
  return CertificateAuthority::FromPem(trust.ca_certificate_pem, trust.ca_key_pem, seed, now);
}

Result<std::string> WriteAuthority(const std::string& recording, const std::string& pem) {
  const std::string path = std::filesystem::path(recording).replace_extension(".ca.pem");
  std::ofstream file(path, std::ios::binary);
  file << pem;
  file.close();
  if (!file)
    return Error::Environment("cannot write the CA's certificate to '" + path +
                              "': " + std::strerror(errno));
  return path;
}

Cloud::Config CloudConfigOf(const RunInputs& inputs, const PlantedValues& planted) {
  Cloud::Config config;
  config.seed = Seed(inputs.seed).Derive("cloud");
  config.accounts = {{planted.account_id, planted.account_password, planted.session_token}};
  return config;
}

void DeclareHosts(const Scenario& scenario, HostTable& hosts) {
  for (const PartySpec& party : scenario.parties) {
    for (const std::string& host : party.hosts) {
      hosts.AddHost({.name = host,
                     .address = {},
                     .party = {party.key, party.organisation, party.role, party.region, host},
                     .identity = {}});
    }
  }
}

}  // namespace dustproof
