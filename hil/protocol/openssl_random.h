#pragma once

#include "sim/core/random.h"

/// OpenSSL draws its randomness from seeded streams, so that the same run gives the same
/// ciphertext.
namespace dustproof {

/// Replaces OpenSSL's generator for the whole process and keeps its configuration files out. Called
/// by everything here that touches OpenSSL; only the first call does something.
void InstallSeededOpenssl();

/// While one lives, OpenSSL draws from `stream`, which is borrowed. One stream a connection, so
/// that an additional connection changes nobody else's bytes. Scopes nest. Outside of any, a fixed
/// stream of the process serves.
class OpensslRandomScope {
 public:
  explicit OpensslRandomScope(RandomStream& stream);
  ~OpensslRandomScope();
  OpensslRandomScope(const OpensslRandomScope&) = delete;
  OpensslRandomScope& operator=(const OpensslRandomScope&) = delete;

 private:
  RandomStream* previous_;
};

}  // namespace dustproof
