#include "hil/run/run_sources.h"

#include "hil/report/source_path.h"
#include "sim/config/config.h"

namespace dustproof {

RunSources SourcesOf(const std::string& scenario_path, const RunInputs& inputs) {
  RunSources sources;
  sources.scenario_file = SourcePath(scenario_path);
  sources.policy_file = SourcePath(PathBeside(scenario_path, inputs.scenario.policy));
  for (const PolicyRule& rule : inputs.policy.rules) sources.rule_lines[rule.id] = rule.where.line;
  for (const PartyRule& rule : inputs.policy.party_rules) sources.rule_lines[rule.id] = rule.where.line;
  return sources;
}

}  // namespace dustproof
