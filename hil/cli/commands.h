#pragma once

#include <CLI/CLI.hpp>

/// One function for each word of the command line: it adds its flags to `app` and stores its exit
/// code in `exit_code`.
namespace dustproof {

/// Exit codes of `dustproof`: part of its contract with scripts.
enum ExitCode { kPass = 0, kFindings = 1, kBadInput = 2, kEnvironment = 3 };

void AddRunCommand(CLI::App& app, int& exit_code);
void AddValidateCommand(CLI::App& app, int& exit_code);
void AddSchemaCommand(CLI::App& app, int& exit_code);
void AddAuditCommand(CLI::App& app, int& exit_code);
void AddReportCommand(CLI::App& app, int& exit_code);
void AddDeterminismCommand(CLI::App& app, int& exit_code);
void AddDiffCommand(CLI::App& app, int& exit_code);
void AddExplainHashCommand(CLI::App& app, int& exit_code);
void AddReplayCommand(CLI::App& app, int& exit_code);
void AddPowerCutCommand(CLI::App& app, int& exit_code);
void AddMatrixCommand(CLI::App& app, int& exit_code);
void AddWithdrawCommand(CLI::App& app, int& exit_code);
void AddCounterfactualCommand(CLI::App& app, int& exit_code);
void AddShrinkCommand(CLI::App& app, int& exit_code);
void AddRandomCommand(CLI::App& app, int& exit_code);
void AddCloudCommand(CLI::App& app, int& exit_code);
void AddBenchCommand(CLI::App& app, int& exit_code);
void AddKeysCommand(CLI::App& app, int& exit_code);
void AddListCommand(CLI::App& app, int& exit_code);
void AddVersionCommand(CLI::App& app, int& exit_code);

}  // namespace dustproof
