#pragma once

#include <pybind11/stl.h>

#include <string>
#include <variant>

namespace dustproof {

/// Text of ours in Python. It may hold bytes that are no UTF-8, from files or firmware: they are
/// replaced.
inline pybind11::str Text(const std::string& text) {
  return pybind11::reinterpret_steal<pybind11::str>(
      PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), "replace"));
}

/// What a file holds, on its way in: Python reads bytes, and people write text. Either fits the
/// string.
using FileText = std::variant<std::string, pybind11::bytes>;
inline std::string BytesOf(const FileText& text) {
  const auto* given = std::get_if<std::string>(&text);
  return given != nullptr ? *given : std::string(std::get<pybind11::bytes>(text));
}

/// Whole nanoseconds as seconds. Divided, not multiplied by 1e-9: 300 ms are 0.3.
inline double Seconds(int64_t nanoseconds) { return static_cast<double>(nanoseconds) / 1e9; }

}  // namespace dustproof
