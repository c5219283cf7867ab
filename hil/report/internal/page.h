#pragma once

#include <string_view>

namespace dustproof {

/// The files of hil/report/page, put into the library by the build.
extern const std::string_view kPageHtml, kPageScript, kPageStyle;

}  // namespace dustproof
