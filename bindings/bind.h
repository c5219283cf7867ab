#pragma once

#include <pybind11/pybind11.h>

/// One function for each bound header: it adds what Python sees of it to the extension module.
namespace dustproof {

void BindConfig(pybind11::module_& m);
void BindMessages(pybind11::module_& m);
void BindRecordingReader(pybind11::module_& m);
void BindStepClient(pybind11::module_& m);
void BindSteppedWorld(pybind11::module_& m);

}  // namespace dustproof
