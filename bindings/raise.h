#pragma once

#include <pybind11/pybind11.h>

#include <utility>

#include "sim/core/result.h"

namespace dustproof {

/// Raises `error` in Python: `dustproof.ScenarioError` where somebody's input is wrong,
/// `dustproof.EnvironmentFailure` where the machine is. @pre the GIL is held
[[noreturn]] void Raise(const Error& error);

/// The value, or the exception. @pre the GIL is held
template <typename T>
T OrRaise(Result<T> result) {
  if (!result) Raise(result.error());
  return std::move(*result);
}
inline void OrRaise(const Result<void>& result) {
  if (!result) Raise(result.error());
}

/// What `work` returns, while other threads of Python run. It must not touch Python.
template <typename Work>
auto WithoutGil(Work work) {
  const pybind11::gil_scoped_release others_run;
  return work();
}

}  // namespace dustproof
