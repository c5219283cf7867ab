#include "hil/run/run_guards.h"

#include <fcntl.h>
#include <unistd.h>

#include <filesystem>

#include "hil/run/firmware_kind.h"

namespace dustproof {

Result<std::unique_ptr<RunGuards>> RunGuards::Install(const RunRequest& request) {
  std::unique_ptr<RunGuards> guards(new RunGuards());
  guards->diagnosis_ = std::filesystem::path(request.recording).replace_extension(".diagnosis.json");
  guards->fd_ = open(guards->diagnosis_.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  Result<std::unique_ptr<CrashReporter>> reporter = CrashReporter::Install({.fd = guards->fd_});
  if (!reporter) return reporter.error();
  guards->reporter_ = std::move(*reporter);
  if (request.kind != ToWord(FirmwareKind::kLibrary)) return guards;
  Result<std::unique_ptr<Boundary>> boundary = Boundary::Install();
  if (!boundary) return boundary.error();
  guards->boundary_ = std::move(*boundary);
  return guards;
}

RunGuards::~RunGuards() {
  boundary_.reset();
  reporter_.reset();
  if (fd_ >= 0) close(fd_);
  unlink(diagnosis_.c_str());  // Written only where the firmware died.
}

}  // namespace dustproof
