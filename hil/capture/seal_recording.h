#pragma once

#include <map>
#include <string>
#include <vector>

#include "hil/capture/messages.h"
#include "sim/core/result.h"

namespace dustproof {

/// What the supervisor adds to the recording of a run that died, e.g. metadata "result" with the
/// diagnosis.
struct SealExtras {
  std::vector<Attachment> attachments;
  std::map<std::string, std::map<std::string, std::string>> metadata;
};

struct SealOutcome {
  bool was_sealed = false;  ///< The file was whole already; it was not touched.
  uint64_t bytes_cut = 0;   ///< What followed the last whole record.
};

/// Makes a file that a dead run left behind a whole one: cuts it after its last whole record, then
/// writes the extras, the summary and the end. A file that is whole already stays as it is.
Result<SealOutcome> SealRecording(const std::string& path, const SealExtras& extras = {});

}  // namespace dustproof
