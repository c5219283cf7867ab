// Firmware of the shim's tests that brings libraries of its own, by names that the harness's
// libraries have too: linked statically, every symbol visible, as a build that thinks of nothing
// else makes it.
#include <stdio.h>
#include <stdlib.h>

#include <new>
#include <string>
#include <vector>

#include "hil/hal/dp_hal.h"

extern "C" {
// "OpenSSL", "Boost.Context", "zlib", "LZ4", "Zstandard", "protobuf": answers that no other gives.
const char* OpenSSL_version(int) { return "own OpenSSL"; }
void* SSL_CTX_new(const void*) { return nullptr; }
int EVP_EncryptInit_ex(void*, const void*, void*, const unsigned char*, const unsigned char*) {
  return 4711;
}
void* jump_fcontext(void*, void*) { return nullptr; }
const char* zlibVersion() { return "own zlib"; }
int LZ4_versionNumber() { return 4712; }
unsigned ZSTD_versionNumber() { return 4713; }
}

namespace google::protobuf::internal {
void VerifyVersion(int, int, const char*) {}
}  // namespace google::protobuf::internal

namespace YAML {
class BadPushback {  // Vague linkage: one of ours has the same name.
 public:
  virtual ~BadPushback() = default;
  virtual int number() const { return 4714; }
};
}  // namespace YAML

// A memory of its own, as embedded firmware has. All libraries of a process share one, so it is not
// used; what matters is that both ends of an allocation agree.
void* operator new(size_t bytes) {
  auto* block = static_cast<char*>(malloc(bytes + 64));
  return block + 64;
}
void operator delete(void* block) noexcept { free(static_cast<char*>(block) - 64); }
void operator delete(void* block, size_t) noexcept { free(static_cast<char*>(block) - 64); }

namespace {

std::string Answers() {
  const YAML::BadPushback pushback;
  return std::string(OpenSSL_version(0)) + ' ' +
         std::to_string(EVP_EncryptInit_ex(nullptr, nullptr, nullptr, nullptr, nullptr)) + ' ' +
         zlibVersion() + ' ' + std::to_string(LZ4_versionNumber()) + ' ' +
         std::to_string(ZSTD_versionNumber()) + ' ' + std::to_string(pushback.number());
}

// Libraries register themselves before main.
const std::string at_start = Answers();
const char* (*const version)(int) = OpenSSL_version;  // By a relocation in data.

void Main() {
  const auto* log = static_cast<const dp_log_v1*>(dp_hal_query(DP_LOG, 1));
  log->write(DP_LOG_INFO, at_start.c_str());
  log->write(DP_LOG_INFO, Answers().c_str());
  log->write(DP_LOG_INFO, version(0));
  std::vector<std::string> texts;  // Memory to and fro between libstdc++ and the firmware.
  for (int i = 0; i < 1000; ++i) texts.push_back(std::string(static_cast<size_t>(i), 'x'));
  if (SSL_CTX_new(nullptr) == nullptr && jump_fcontext(nullptr, nullptr) == nullptr)
    log->write(DP_LOG_INFO, "own until the end");
}

}  // namespace

extern "C" const dp_firmware_t dp_firmware = {DP_HAL_VERSION, "clash", "1.0", Main};
