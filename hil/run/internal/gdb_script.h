#pragma once

#include <string_view>

namespace dustproof::internal {

/// The text of hil/run/gdb/dustproof_gdb.py.
extern const std::string_view kGdbScript;

}  // namespace dustproof::internal
