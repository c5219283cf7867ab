#include "bindings/raise.h"

#include <pybind11/pybind11.h>

#include "bindings/text.h"

namespace py = pybind11;

namespace dustproof {

void Raise(const Error& error) {
  const py::module_ errors = py::module_::import("dustproof.errors");
  const py::object diagnostic = errors.attr("Diagnostic");
  py::list diagnostics;
  for (const Diagnostic& d : error.diagnostics)
    diagnostics.append(diagnostic(Text(d.where.file), d.where.line, d.where.column, Text(d.field),
                                  Text(d.message)));
  const py::object type =
      errors.attr(error.code == ErrorCode::kBadInput ? "ScenarioError" : "EnvironmentFailure");
  PyErr_SetObject(type.ptr(), type(diagnostics).ptr());
  throw py::error_already_set();
}

}  // namespace dustproof
