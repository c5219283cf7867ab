// Writes the sample messages to the file named on the command line, for readers that are not ours.
#include <iostream>

#include "hil/capture/recording_writer.h"
#include "tests/hil/capture/sample_messages.h"

int main(int argc, char** argv) {
  using namespace dustproof;
  if (argc != 2) return 2;
  auto writer =
      RecordingWriter::Create(argv[1], {.start = WallTime::FromUnixSeconds(1'772'442'000)});
  if (!writer) {
    std::cerr << ToString(writer.error()) << '\n';
    return 3;
  }
  test::WriteSampleMessages(**writer);
  return (*writer)->Close().ok() ? 0 : 3;
}
