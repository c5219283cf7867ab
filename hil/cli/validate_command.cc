#include <cstdio>
#include <memory>

#include "hil/cli/commands.h"
#include "hil/cli/console.h"
#include "hil/cli/check_files.h"
#include "hil/report/run_table.h"

namespace dustproof {
namespace {

int Validate(const std::vector<std::string>& files) {
  int exit_code = kPass;
  for (const std::string& file : files) {
    const Result<std::string> kind = CheckFile(file);
    if (kind) {
      std::printf("%s: a valid %s\n", file.c_str(), kind->c_str());
    } else {
      exit_code = PrintError(kind.error());
    }
  }
  return exit_code;
}

// What dustproof writes, where the rest is what it reads.
constexpr const char* kReport = "report";

int PrintSchemas(const std::string& kind, bool json) {
  if (kind == kReport) {
    std::printf("%s", RenderRunJsonSchema().c_str());
    return kPass;
  }
  std::vector<NamedSchema> schemas = AllSchemas();
  if (!kind.empty()) std::erase_if(schemas, [&](const NamedSchema& s) { return s.kind != kind; });
  if (schemas.empty()) {
    std::vector<std::string> known = {kReport};
    for (const NamedSchema& s : AllSchemas()) known.push_back(s.kind);
    const std::string near = SuggestWord(kind, known);
    return PrintError(Error::BadInput(
        "schema: knows scenario, home, map_overrides, robot, policy, message_schema, consents, bench, baseline and report, not '" +
        kind + "'" + (near.empty() ? "" : "; did you mean '" + near + "'?")));
  }
  if (json && schemas.size() > 1) std::printf("[\n");
  for (size_t i = 0; i < schemas.size(); ++i) {
    if (json) {
      std::printf("%s%s\n", ToJsonSchema(schemas[i].schema, "Dustproof " + schemas[i].kind).c_str(),
                  i + 1 < schemas.size() ? "," : "");
    } else {
      std::printf("kind: %s\n%s\n", schemas[i].kind.c_str(), ToText(schemas[i].schema).c_str());
    }
  }
  if (json && schemas.size() > 1) std::printf("]\n");
  return kPass;
}

}  // namespace

void AddValidateCommand(CLI::App& app, int& exit_code) {
  const auto files = std::make_shared<std::vector<std::string>>();
  CLI::App* validate = app.add_subcommand(
      "validate", "Checks scenarios, homes, robots and policies; says every problem at once");
  validate->footer(
      "Example:\n  dustproof validate scenarios/first_run.yaml scenarios/homes/*.yaml");
  validate->add_option("files", *files, "YAML files")->required()->type_name("FILE…");
  validate->callback([files, &exit_code] { exit_code = Validate(*files); });
}

void AddSchemaCommand(CLI::App& app, int& exit_code) {
  const auto kind = std::make_shared<std::string>();
  const auto json = std::make_shared<bool>(false);
  CLI::App* schema = app.add_subcommand(
      "schema", "Prints what each kind of file may hold, with defaults and ranges");
  schema->footer("Example:\n  dustproof schema scenario --json > scenario.schema.json");
  schema->add_option(
      "kind", *kind,
      "scenario, home, map_overrides, robot, policy, message_schema, consents, bench or baseline; all of them where absent. report: of report.json, as JSON Schema");
  schema->add_flag("--json", *json, "As JSON Schema, for editors");
  schema->callback([kind, json, &exit_code] { exit_code = PrintSchemas(*kind, *json); });
}

}  // namespace dustproof
