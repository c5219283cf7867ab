#include "hil/shrink/candidate.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "hil/matrix/judge_cell.h"
#include "hil/run/inputs.h"

namespace dustproof {
namespace {

std::vector<Failing> FailingsOf(const CellResult& result) {
  std::vector<Failing> failings;
  for (const std::string& signature : result.Signatures()) {
    Failing failing{signature, {}};
    for (const CellFailure& failure : result.failures) {
      if (failure.Signature() == signature && (!failing.at_s || failure.time_s < *failing.at_s)) failing.at_s = failure.time_s;
    }
    if (result.died() && signature == result.Signatures().back()) failing.at_s = result.outcome.sim_s;
    failings.push_back(std::move(failing));
  }
  return failings;
}

Result<void> WriteText(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  return file ? Result<void>() : Result<void>(Error::Environment("cannot write '" + path + "'"));
}

}  // namespace

std::string TextOf(const ConfigNode& map, const std::string& key) {
  const ConfigNode::Entry* entry = map.Find(key);
  return entry == nullptr ? "" : entry->value.text;
}

void ChangePaths(ConfigNode* scenario, const std::function<std::string(const std::string&)>& change) {
  const auto at = [&](ConfigNode* map, const char* key) {
    if (const std::string path = TextOf(*map, key); !path.empty()) SetEntry(map, key, TextNode(change(path)));
  };
  for (const char* key : {"home", "robot", "policy"}) at(scenario, key);
  if (IsFirmwarePath(TextOf(*scenario, "firmware"))) at(scenario, "firmware");
  for (ConfigNode::Entry& entry : scenario->entries) {
    if (entry.key != "trust") continue;
    for (const char* key : {"ca_certificate", "ca_key", "device_certificate", "device_key"}) at(&entry.value, key);
  }
}

Result<ConfigNode> LoadPortable(const std::string& scenario, const std::string& firmware) {
  Result<ConfigNode> root = LoadYaml(scenario);
  if (!root) return root.error();
  ChangePaths(&*root, [&](const std::string& path) { return std::filesystem::absolute(PathBeside(scenario, path)).lexically_normal().string(); });
  if (!firmware.empty()) SetEntry(&*root, "firmware", TextNode(IsFirmwarePath(firmware) ? std::filesystem::absolute(firmware).lexically_normal().string() : firmware));
  return root;
}

std::string KindOfFailure(const std::string& signature) {
  std::string kind;
  for (size_t i = 0; i < signature.size(); ++i) {
    if (signature.compare(i, 2, "0x") == 0) {
      for (++i; i + 1 < signature.size() && std::isxdigit(static_cast<unsigned char>(signature[i + 1])); ++i) {
      }
      continue;
    }
    if (!std::isdigit(static_cast<unsigned char>(signature[i]))) kind += signature[i];
  }
  return kind;
}

Result<std::vector<Failing>> Trials::Run(const Candidate& candidate) {
  const std::string scenario_path = folder_ + "/candidate.yaml", home_path = folder_ + "/home.yaml";
  const std::string text = ToYaml(candidate.scenario), home_text = candidate.home ? ToYaml(*candidate.home) : "";
  const auto known = known_.find(text + '\0' + home_text);
  if (known != known_.end()) return known->second;
  if (Result<void> written = WriteText(scenario_path, text); !written) return written.error();
  if (Result<void> written = WriteText(home_path, home_text); candidate.home && !written) return written.error();
  Result<std::vector<Failing>> failings = RunFile(scenario_path, candidate.home ? home_path : "");
  if (failings) known_[text + '\0' + home_text] = *failings;
  return failings;
}

Result<std::vector<Failing>> Trials::RunFile(const std::string& scenario, const std::string& home) {
  const Result<RunInputs> inputs = LoadRunInputs({scenario, home, "", {}});
  if (!inputs) return inputs.error();
  const ConsentConfiguration* configuration = inputs->scenario.FindConfiguration(consent_);
  if (configuration == nullptr) return Error::BadInput(UnknownConfiguration(inputs->scenario, consent_));
  RunRequest request = inputs->request;
  request.consent = consent_;
  request.recording = folder_ + "/candidate.mcap";
  std::error_code ignored;
  std::filesystem::remove(request.recording, ignored);  // The one before.
  MatrixCell cell;
  cell.name = cell.scenario = inputs->scenario.name;
  cell.seed = inputs->seed;
  cell.consents = *configuration;
  ++count_;
  const Result<CellResult> result = LiveWhole(*inputs, request, cell, [](const RunProgress&) {});
  if (!result) return result.error();
  return FailingsOf(*result);
}

bool Trials::Fails(const Candidate& candidate, const std::string& kind) {
  if (used_up() || is_over()) return false;
  const Result<std::vector<Failing>> failings = Run(candidate);
  if (!failings && failings.error().code == ErrorCode::kEnvironment && problem_.empty()) problem_ = ToString(failings.error());
  if (!failings) return false;
  const auto same = std::find_if(failings->begin(), failings->end(), [&](const Failing& f) { return KindOfFailure(f.signature) == kind; });
  if (same == failings->end()) return false;
  last_instant_s_ = same->at_s;
  return true;
}

}  // namespace dustproof
