#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "hil/step/happening.h"
#include "sim/core/result.h"

/// Happenings and errors as bytes between two processes of one build on one machine: no other reads them.
namespace dustproof::internal {

void Append(const Emission& emission, std::string& out);
void Append(const ConsentChange& change, std::string& out);
void Append(const RunEvent& event, std::string& out);
void Append(const LogLine& line, std::string& out);
void Append(const Contact& contact, std::string& out);
/// Adds what `bytes` hold to `out`. False where they are damaged: firmware shares the memory of the process that wrote them.
[[nodiscard]] bool Decode(std::string_view bytes, std::vector<Happening>& out);

std::string Encode(const Error& error);
/// The code is the caller's to set. Nothing but a general message where the bytes are damaged.
Error DecodeError(std::string_view bytes, ErrorCode code);

}  // namespace dustproof::internal
