#pragma once

#include <sys/types.h>

#include <functional>
#include <map>
#include <string>

#include "hil/bench/bench_file.h"
#include "sim/core/result.h"

namespace dustproof {

/// What surrounds a command.
struct CommandHooks {
  std::function<void(pid_t group)> on_group = {};    ///< Hears its process group when it begins, and 0 when it has ended.
  std::function<bool()> stop_requested = {};         ///< True ends it.
};

/// What a command of the user's printed last, both streams, 64 KB at most. Fails as the bench's fault where it ended with another code than
/// 0, or took longer than it may: then it is killed, and what it started with it. What it left behind in a session of its own goes on.
[[nodiscard]] Result<std::string> RunBenchCommand(const std::string& what, const BenchCommand& command, const std::string& folder,
                                                  const std::map<std::string, std::string>& variables, const CommandHooks& hooks = {});

}  // namespace dustproof
