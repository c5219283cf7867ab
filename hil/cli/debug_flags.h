#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "hil/run/debug_session.h"

namespace dustproof {

/// The flags by which `run` and `replay` go into a debugger.
struct DebugFlags {
  bool gdb = false;
  std::string break_at;
  std::vector<std::string> commands;

  bool wanted() const { return gdb || !break_at.empty() || !commands.empty(); }
};

void AddDebugFlags(CLI::App& command, DebugFlags* flags);

/// Debugs the planned run, tells what became of it, and returns the exit code.
int DebugAndTell(const DebugPlan& plan, const DebugFlags& flags);

}  // namespace dustproof
