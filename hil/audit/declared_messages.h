#pragma once

#include <string>
#include <string_view>

#include "sim/config/schema.h"
#include "sim/core/result.h"

namespace dustproof {

/// Checks what a product declares to send: `messages.yaml` beside its robot's file
/// (`kind: message_schema`). Every problem at once, located in the file.
Result<void> CheckDeclaredMessages(std::string_view text, const std::string& file_name);

/// `kind: message_schema`, for `dustproof schema`.
SchemaNode DeclaredMessagesSchema();

}  // namespace dustproof
