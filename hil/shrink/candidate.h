#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "hil/matrix/cell.h"
#include "sim/config/node.h"
#include "sim/core/result.h"

namespace dustproof {

/// A scenario that is tried: its file, and its home's where that is one of ours to change.
struct Candidate {
  ConfigNode scenario;
  std::optional<ConfigNode> home;
};

/// The text of a setting; "" where there is none.
std::string TextOf(const ConfigNode& map, const std::string& key);
/// Puts others in the place of a scenario's paths: home, robot, policy, trust, and a firmware that is named by its path.
void ChangePaths(ConfigNode* scenario, const std::function<std::string(const std::string&)>& change);
/// A scenario's file whose paths are absolute, so that it can lie anywhere; with another firmware where one is named.
Result<ConfigNode> LoadPortable(const std::string& scenario, const std::string& firmware);

/// A way to fail, without what may be another the next time: digits, addresses.
std::string KindOfFailure(const std::string& signature);

/// How a candidate fails.
struct Failing {
  std::string signature;       ///< As `CellResult::Signatures` has it.
  std::optional<double> at_s;  ///< When, of what fails at an instant.
};

/// Runs candidates in a folder of its own, each once.
class Trials {
 public:
  /// `folder` exists; `consent` names the configuration that is run; not more than `most` runs are made.
  Trials(std::string folder, std::string consent, size_t most) : folder_(std::move(folder)), consent_(std::move(consent)), most_(most) {}

  /// All that is wrong in a run of it; an error where there is none to be made.
  Result<std::vector<Failing>> Run(const Candidate& candidate);
  /// The same of a file; `home` "" takes the scenario's.
  Result<std::vector<Failing>> RunFile(const std::string& scenario, const std::string& home);
  /// Whether it fails in that way; false where the candidate is no valid scenario, or the runs are used up.
  bool Fails(const Candidate& candidate, const std::string& kind);

  size_t count() const { return count_; }
  bool used_up() const { return count_ >= most_; }
  /// Why a run could not be made or told nothing, of the first; "" where all could.
  const std::string& problem() const { return problem_; }
  /// Asked before each run; true ends them.
  std::function<bool()> is_over = [] { return false; };
  /// When the last candidate failed that did, of what fails at an instant.
  std::optional<double> last_instant_s() const { return last_instant_s_; }

 private:
  std::string folder_, consent_, problem_;
  const size_t most_;
  size_t count_ = 0;
  std::optional<double> last_instant_s_;
  std::map<std::string, std::vector<Failing>> known_;  // By the candidate's text.
};

}  // namespace dustproof
