// MCAP recordings: whatever opens can be read to its end, twice the same, and once sealed it is
// whole and says the same.
#include "hil/capture/recording_reader.h"
#include "hil/capture/seal_recording.h"
#include "tests/fuzz/fuzz_input.h"

namespace dustproof {
namespace {

size_t CountMessages(RecordingReader& reader) {
  size_t count = 0;
  while (reader.Next()) ++count;
  return count;
}

}  // namespace
}  // namespace dustproof

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace dustproof;
  static fuzz::MemoryFile file;
  file.Fill(fuzz::Input(data, size).Rest());
  size_t messages = 0;
  bool opened = false;
  {
    Result<RecordingReader> reader = RecordingReader::Open(file.path());
    opened = reader.ok();
    if (opened) {
      messages = CountMessages(*reader);
      reader->Rewind();
      DP_CHECK(CountMessages(*reader) == messages);
    }
  }
  const Result<SealOutcome> sealed =
      SealRecording(file.path(), {.attachments = {}, .metadata = {{"result", {{"end", "died"}}}}});
  if (!sealed) return 0;
  Result<RecordingReader> reader = RecordingReader::Open(file.path());
  DP_CHECK(reader.ok() == opened);
  if (!opened) return 0;
  DP_CHECK(reader->sealed());
  DP_CHECK(CountMessages(*reader) == messages);
  return 0;
}
