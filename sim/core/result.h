#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "sim/core/check.h"
#include "sim/core/diagnostic.h"

namespace dustproof {

/// Whose fault a failure is; the command line maps it to exit codes 2 and 3.
enum class ErrorCode { kBadInput, kEnvironment };

/// Why something could not be had: every problem found, not just the first.
struct Error {
  ErrorCode code = ErrorCode::kBadInput;
  std::vector<Diagnostic> diagnostics;

  static Error BadInput(std::string message) {
    return {ErrorCode::kBadInput, {{.where = {}, .field = {}, .message = std::move(message)}}};
  }
  static Error BadInput(SourceLocation where, std::string field, std::string message) {
    return {ErrorCode::kBadInput, {{std::move(where), std::move(field), std::move(message)}}};
  }
  static Error BadInput(std::vector<Diagnostic> diagnostics) {
    return {ErrorCode::kBadInput, std::move(diagnostics)};
  }
  static Error Environment(std::string message) {
    return {ErrorCode::kEnvironment, {{.where = {}, .field = {}, .message = std::move(message)}}};
  }
};

inline std::string ToString(const Error& error) { return ToString(error.diagnostics); }

/// A value, or an `Error` that says why there is none.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}      // NOLINT: implicit by design.
  Result(Error error) : error_(std::move(error)) {}  // NOLINT: implicit by design.

  bool ok() const { return value_.has_value(); }
  explicit operator bool() const { return ok(); }

  /// @pre ok()
  T& value() & { return CheckedValue(); }
  const T& value() const& { return const_cast<Result*>(this)->CheckedValue(); }
  T&& value() && { return std::move(CheckedValue()); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  /// @pre !ok()
  const Error& error() const {
    DP_CHECK(!ok());
    return error_;
  }

 private:
  T& CheckedValue() {
    DP_CHECK(value_.has_value(), ToString(error_));
    return *value_;
  }

  std::optional<T> value_;
  Error error_;
};

/// Success, or an `Error`.
template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}  // NOLINT: implicit by design.
  bool ok() const { return !error_.has_value(); }
  explicit operator bool() const { return ok(); }
  const Error& error() const {
    DP_CHECK(!ok());
    return *error_;
  }

 private:
  std::optional<Error> error_;
};

}  // namespace dustproof
