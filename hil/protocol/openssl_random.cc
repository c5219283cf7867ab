#include "hil/protocol/openssl_random.h"

// RAND_set_rand_method is deprecated since OpenSSL 3.0 and the only hook that covers keys, nonces
// and session ids at once.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "sim/core/check.h"

namespace dustproof {
namespace {

RandomStream* current_stream = nullptr;

RandomStream& FallbackStream() {
  static RandomStream stream(0);
  return stream;
}

int FillFromStream(unsigned char* out, int count) {
  RandomStream& stream = current_stream != nullptr ? *current_stream : FallbackStream();
  stream.Fill(std::as_writable_bytes(std::span(out, static_cast<size_t>(count))));
  return 1;
}

int Ignore(const void*, int) { return 1; }
int IgnoreEntropy(const void*, int, double) { return 1; }
int AlwaysReady() { return 1; }

const RAND_METHOD kSeededMethod = {Ignore,        FillFromStream, nullptr,
                                   IgnoreEntropy, FillFromStream, AlwaysReady};

}  // namespace

void InstallSeededOpenssl() {
  static const bool installed = [] {
    DP_CHECK(OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr) == 1);
    DP_CHECK(RAND_set_rand_method(&kSeededMethod) == 1);
    return true;
  }();
  (void)installed;
}

OpensslRandomScope::OpensslRandomScope(RandomStream& stream) : previous_(current_stream) {
  InstallSeededOpenssl();
  current_stream = &stream;
}

OpensslRandomScope::~OpensslRandomScope() { current_stream = previous_; }

}  // namespace dustproof
