#include "hil/cloud/internal/cloud_store.h"

#include <algorithm>
#include <utility>

namespace dustproof {
namespace {

constexpr std::string_view kSecretAlphabet = "abcdefghijklmnopqrstuvwxyz0123456789";

}  // namespace

CloudStore::CloudStore(const Cloud::Config& config, CaptureSink& sink)
    : config_(config), sink_(sink) {
  for (const Cloud::Account& account : config.accounts) {
    accounts[account.id] = {
        .password = account.password, .first_token = account.session_token, .tokens = {}};
  }
}

void CloudStore::Event(SimTime now, std::string name, std::string detail) {
  sink_.Write(RunEvent{
      .time = now, .source = "cloud", .name = std::move(name), .detail = std::move(detail)});
}

std::string CloudStore::NewSecret(const std::string& kind, size_t length) {
  RandomStream random =
      config_.seed.Stream("cloud." + kind + "." + std::to_string(++secrets_drawn_[kind]));
  std::string secret;
  while (secret.size() < length) secret += kSecretAlphabet[random.Below(kSecretAlphabet.size())];
  return secret;
}

RobotRecord& CloudStore::AddRobot(const PendingPairing& pairing) {
  RobotRecord& robot = robots[++last_robot_number_];
  robot.number = last_robot_number_;
  robot.account = pairing.account;
  robot.credential = NewSecret("credential");
  robot.consents = pairing.consents;
  return robot;
}

RobotRecord* CloudStore::FindByCredential(std::string_view credential) {
  for (auto& [number, robot] : robots) {
    if (!credential.empty() && robot.credential == credential && !robot.deleted) return &robot;
  }
  return nullptr;
}

RobotRecord* CloudStore::FindByClientId(std::string_view client_id) {
  for (auto& [number, robot] : robots) {
    if (!client_id.empty() && robot.session.client_id == client_id) return &robot;
  }
  return nullptr;
}

std::string CloudStore::FindAccountByToken(std::string_view token) const {
  for (const auto& [id, account] : accounts) {
    const auto& tokens = account.tokens;
    if (!token.empty() && std::find(tokens.begin(), tokens.end(), token) != tokens.end()) return id;
  }
  return "";
}

bool CloudStore::RestoreEarlierConsents(RobotRecord& robot) {
  const bool confirmed = robot.consent_version_confirmed == robot.consent_version;
  if (!confirmed || robot.earlier_consents.empty() || robot.deleted) return false;
  robot.consents = robot.earlier_consents.back();
  robot.earlier_consents.pop_back();
  robot.consent_version_known = robot.consent_version_confirmed = --robot.consent_version;
  return true;
}

void CloudStore::EraseObjects(RobotRecord& robot) {
  robot.map.clear();
  robot.logs.clear();
  robot.robot_id.clear();
  robot.mac.clear();
}

size_t CloudStore::CountObjects() const {
  size_t count = 0;
  for (const auto& [number, robot] : robots) {
    count += robot.logs.size() + (robot.map.empty() ? 0 : 1) + (robot.robot_id.empty() ? 0 : 1);
  }
  return count;
}

void CloudStore::AddToHash(Hasher& hasher) const {
  hasher.Add(accounts.size());
  for (const auto& [id, account] : accounts) {
    hasher.Add(id);
    hasher.Add(account.tokens.size());
  }
  hasher.Add(pairings.size());
  for (const auto& [kind, count] : secrets_drawn_) {
    hasher.Add(kind);
    hasher.Add(count);
  }
  for (const auto& [number, robot] : robots) {
    hasher.Add(number);
    hasher.Add(robot.state);
    hasher.Add(robot.consent_version);
    hasher.Add(robot.consent_version_known);
    for (const auto& [consent, state] : robot.consents) {
      hasher.Add(consent);
      hasher.Add(state);
    }
    for (const CloudCommand& command : robot.commands) {
      hasher.Add(command.id);
      hasher.Add(command.status);
    }
    hasher.Add(robot.robot_id);
    hasher.Add(robot.map_version);
    hasher.AddBytes(robot.map);
    for (const StoredLog& log : robot.logs) hasher.AddBytes(log.body);
    hasher.Add(robot.deleted);
  }
}

}  // namespace dustproof
