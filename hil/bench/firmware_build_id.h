#pragma once

#include <string>

namespace dustproof {

/// The GNU build id of an ELF file, in hex; "" where it has none.
std::string FirmwareBuildId(const std::string& path);

}  // namespace dustproof
