#include "sim/core/hash.h"

#include <xxhash.h>

#include <cstdio>

#include "sim/core/check.h"

namespace dustproof {

struct Hasher::State {
  XXH3_state_t* xxh = XXH3_createState();
  ~State() { XXH3_freeState(xxh); }
};

Hasher::Hasher() : state_(std::make_unique<State>()) {
  DP_CHECK(XXH3_64bits_reset(state_->xxh) == XXH_OK);
}
Hasher::~Hasher() = default;
Hasher::Hasher(Hasher&&) noexcept = default;
Hasher& Hasher::operator=(Hasher&&) noexcept = default;

void Hasher::AddBytes(std::span<const std::byte> bytes) {
  XXH3_64bits_update(state_->xxh, bytes.data(), bytes.size());
}

void Hasher::Add(std::string_view text) {
  Add(static_cast<uint64_t>(text.size()));
  AddBytes(std::as_bytes(std::span(text.data(), text.size())));
}

uint64_t Hasher::Digest() const { return XXH3_64bits_digest(state_->xxh); }

std::string HexDigest(uint64_t hash) {
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(hash));
  return text;
}

}  // namespace dustproof
