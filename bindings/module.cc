#include "bindings/bind.h"

// What of Dustproof is C++; users meet it through the package's Python files.
PYBIND11_MODULE(_core, m) {
  m.doc() = "What of Dustproof is C++. The package `dustproof` around it is for users.";
  dustproof::BindConfig(m);
  dustproof::BindMessages(m);
  dustproof::BindRecordingReader(m);
  dustproof::BindStepClient(m);
  dustproof::BindSteppedWorld(m);
}
