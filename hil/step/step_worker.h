#pragma once

#include <string>

namespace dustproof {

/// What a stepped run's own process executes: `dustproof` starts with this word and a request.
inline constexpr const char* kStepWorkerWord = "--step-worker";
/// Entry of that process: makes the run of `request` (a RunRequest as JSON), and obeys the StepClient that started it. Returns
/// its exit code.
int RunStepWorker(const std::string& request);

}  // namespace dustproof
