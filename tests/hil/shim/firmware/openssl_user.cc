// Firmware of the shim's tests that links the system's OpenSSL, as the harness does: two of it are
// in the process, and neither knows of the other.
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <stdio.h>

#include <string>

#include "hil/hal/dp_hal.h"

namespace {

std::string Hex(const unsigned char* bytes, size_t count) {
  std::string text;
  for (size_t i = 0; i < count; ++i) {
    char two[3];
    snprintf(two, sizeof two, "%02x", bytes[i]);
    text += two;
  }
  return text;
}

void Main() {
  const auto* log = static_cast<const dp_log_v1*>(dp_hal_query(DP_LOG, 1));
  unsigned char drawn[8], digest[EVP_MAX_MD_SIZE];
  unsigned int digest_bytes = 0;
  if (RAND_bytes(drawn, sizeof drawn) != 1) return;
  if (EVP_Digest("abc", 3, digest, &digest_bytes, EVP_sha256(), nullptr) != 1) return;
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  log->write(DP_LOG_INFO, Hex(digest, 4).c_str());
  log->write(DP_LOG_INFO, context != nullptr ? "a context" : "no context");
  log->write(DP_LOG_INFO, Hex(drawn, sizeof drawn).c_str());
  SSL_CTX_free(context);
}

}  // namespace

extern "C" const dp_firmware_t dp_firmware = {DP_HAL_VERSION, "openssl_user", "1.0", Main};
