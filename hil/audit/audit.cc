#include "hil/audit/audit.h"

#include <variant>

#include "hil/audit/audit_fold.h"
#include "hil/capture/recording_reader.h"

namespace dustproof {

Result<AuditReport> AuditRecording(const std::string& path, const Policy& policy,
                                   const AuditOptions& options) {
  auto reader = RecordingReader::Open(path);
  if (!reader) return reader.error();
  AuditFold fold(policy, options.null_homes);
  for (const Attachment& attachment : reader->attachments()) fold.Write(attachment);
  for (const auto& [name, values] : reader->metadata()) fold.WriteMetadata(name, values);
  while (const auto message = reader->Next())
    std::visit([&fold](const auto& m) { fold.Write(m); }, *message);
  // Only now does the reader know of all its problems.
  return fold.Judge({path, reader->sealed(), reader->problems(), options.dependent}, options.control);
}

}  // namespace dustproof
