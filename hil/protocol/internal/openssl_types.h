#pragma once

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>
#include <string>
#include <string_view>

/// Owners for OpenSSL's objects. For .cc files only.
namespace dustproof::internal {

template <auto Free>
struct Freed {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};

using X509Ptr = std::unique_ptr<X509, Freed<X509_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using BioPtr = std::unique_ptr<BIO, Freed<BIO_free_all>>;
using SslContextPtr = std::unique_ptr<SSL_CTX, Freed<SSL_CTX_free>>;
using SslPtr = std::unique_ptr<SSL, Freed<SSL_free>>;

/// Never asks for a passphrase on the terminal: an encrypted key is simply unreadable.
inline int NoPassphrase(char*, int, int, void*) { return 0; }

inline BioPtr ReadBio(std::string_view text) {
  return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}
inline X509Ptr ReadCertificate(std::string_view pem) {
  ERR_clear_error();
  return X509Ptr(PEM_read_bio_X509(ReadBio(pem).get(), nullptr, NoPassphrase, nullptr));
}
inline KeyPtr ReadKey(std::string_view pem) {
  ERR_clear_error();
  return KeyPtr(PEM_read_bio_PrivateKey(ReadBio(pem).get(), nullptr, NoPassphrase, nullptr));
}
inline std::string TakeText(BIO* bio) {
  const char* data = nullptr;
  const long count = BIO_get_mem_data(bio, &data);
  return std::string(data, static_cast<size_t>(count));
}

}  // namespace dustproof::internal
