#include "hil/protocol/tls_end.h"

#include <array>
#include <cctype>
#include <string_view>

#include "hil/protocol/internal/openssl_types.h"
#include "hil/protocol/openssl_random.h"
#include "hil/protocol/tls_client.h"
#include "hil/protocol/tls_server.h"
#include "sim/core/check.h"

namespace dustproof {

using internal::KeyPtr;
using internal::SslContextPtr;
using internal::SslPtr;
using internal::X509Ptr;

/// OpenSSL's error queue belongs to the thread, hence to all connections: it is cleared before each
/// call and read right after it.
struct TlsEnd::Impl {
  SslContextPtr context;
  SslPtr ssl;
  BIO* input = nullptr;  // Owned by `ssl`, like `output`.
  BIO* output = nullptr;
  RandomStream random{0};
  bool is_server = false;
  bool peer_was_verified = false;
  bool handshake_done = false;
  bool peer_closed = false;
  bool close_wanted = false;
  bool failed = false;
  TlsFailure failure;
  Bytes waiting;  // Plaintext given before the handshake was done.
  Bytes plaintext;
  std::function<TlsIdentity(const std::string&)> choose_identity;
  TlsKeyLog key_log;

  void Advance();
  void ReadPlaintext();
  void WritePlaintext(std::span<const std::byte> bytes);
  void Fail(int ssl_error);
};

namespace {

constexpr const char* kCiphers12 =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-ECDSA-AES128-CCM8:ECDHE-ECDSA-AES128-CCM:ECDHE-ECDSA-AES128-SHA256:ECDHE-ECDSA-AES128-"
    "SHA:"
    "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384";
constexpr const char* kCiphers13 =
    "TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_256_GCM_SHA384";
constexpr const char* kGroups = "P-256:X25519:P-384";

TlsEnd::Impl& ImplOf(const SSL* ssl) { return *static_cast<TlsEnd::Impl*>(SSL_get_app_data(ssl)); }

void OnKeyLogLine(const SSL* ssl, const char* line) {
  if (ImplOf(ssl).key_log) ImplOf(ssl).key_log(line);
}

SslContextPtr MakeContext(const SSL_METHOD* method) {
  SslContextPtr context(SSL_CTX_new(method));
  DP_CHECK(context != nullptr);
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_max_proto_version(context.get(), TLS1_3_VERSION);
  DP_CHECK(SSL_CTX_set_cipher_list(context.get(), kCiphers12) == 1);
  DP_CHECK(SSL_CTX_set_ciphersuites(context.get(), kCiphers13) == 1);
  DP_CHECK(SSL_CTX_set1_groups_list(context.get(), kGroups) == 1);
  // Tickets hold the time of day, and a cache would tie connections to one another.
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_num_tickets(context.get(), 0);
  SSL_CTX_set_keylog_callback(context.get(), OnKeyLogLine);
  SSL_CTX_set_default_passwd_cb(context.get(), internal::NoPassphrase);
  return context;
}

void Trust(SSL_CTX* context, const std::string& pem, WallTime now) {
  X509_STORE* store = SSL_CTX_get_cert_store(context);
  const internal::BioPtr bio = internal::ReadBio(pem);
  while (true) {
    const X509Ptr certificate(
        PEM_read_bio_X509(bio.get(), nullptr, internal::NoPassphrase, nullptr));
    if (certificate == nullptr) break;
    X509_STORE_add_cert(store, certificate.get());
  }
  X509_VERIFY_PARAM_set_time(SSL_CTX_get0_param(context), now.unix_seconds());
  ERR_clear_error();
}

bool UseIdentity(SSL* ssl, const TlsIdentity& identity) {
  ERR_clear_error();
  const internal::BioPtr bio = internal::ReadBio(identity.certificate_pem);
  const X509Ptr leaf(PEM_read_bio_X509(bio.get(), nullptr, internal::NoPassphrase, nullptr));
  const KeyPtr key = internal::ReadKey(identity.key_pem);
  if (leaf == nullptr || key == nullptr) return false;
  if (SSL_use_certificate(ssl, leaf.get()) != 1 || SSL_use_PrivateKey(ssl, key.get()) != 1)
    return false;
  while (true) {
    const X509Ptr next(PEM_read_bio_X509(bio.get(), nullptr, internal::NoPassphrase, nullptr));
    if (next == nullptr) break;
    SSL_add1_chain_cert(ssl, next.get());
  }
  ERR_clear_error();
  return true;
}

int ChooseCertificate(SSL* ssl, void*) {
  TlsEnd::Impl& impl = ImplOf(ssl);
  if (!impl.choose_identity) return 1;
  const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  return UseIdentity(ssl, impl.choose_identity(name != nullptr ? name : "")) ? 1 : 0;
}

/// The client's first protocol that we know; MQTT over 443 is chosen by ALPN in several clouds.
int ChooseAlpn(SSL*, const unsigned char** out, unsigned char* out_length,
               const unsigned char* offered, unsigned int offered_length, void*) {
  for (unsigned int at = 0; at < offered_length;) {
    const unsigned int length = offered[at];
    if (at + 1 + length > offered_length) break;
    const std::string_view name(reinterpret_cast<const char*>(offered + at + 1), length);
    if (name == "http/1.1" || name == "mqtt" || name == "x-amzn-mqtt-ca") {
      *out = offered + at + 1;
      *out_length = static_cast<unsigned char>(length);
      return SSL_TLSEXT_ERR_OK;
    }
    at += 1 + length;
  }
  return SSL_TLSEXT_ERR_NOACK;
}

/// A client certificate that doesn't verify ends nothing; `peer_common_name` stays empty for it.
int NoteVerification(int verified, X509_STORE_CTX* store) {
  const SSL* ssl = static_cast<const SSL*>(
      X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  if (verified != 1) ImplOf(ssl).peer_was_verified = false;
  return 1;
}

std::unique_ptr<TlsEnd::Impl> MakeImpl(SslContextPtr context, RandomStream random,
                                       TlsKeyLog key_log) {
  auto impl = std::make_unique<TlsEnd::Impl>();
  impl->random = random;
  impl->key_log = std::move(key_log);
  impl->context = std::move(context);
  impl->ssl.reset(SSL_new(impl->context.get()));
  DP_CHECK(impl->ssl != nullptr);
  impl->input = BIO_new(BIO_s_mem());
  impl->output = BIO_new(BIO_s_mem());
  SSL_set_bio(impl->ssl.get(), impl->input, impl->output);
  SSL_set_app_data(impl->ssl.get(), impl.get());
  return impl;
}

std::string SnakeCase(std::string_view text) {
  std::string out;
  for (const char c : text)
    out += std::isalnum(static_cast<unsigned char>(c)) ? static_cast<char>(std::tolower(c)) : '_';
  return out;
}

/// "unknown_ca" from OpenSSL's "tlsv1 alert unknown ca".
std::string ReasonName(unsigned long error) {
  const char* text = ERR_reason_error_string(error);
  std::string_view name = text != nullptr ? text : "unknown";
  const size_t alert = name.find(" alert ");
  if (alert != std::string_view::npos) name = name.substr(alert + 7);
  return SnakeCase(name);
}

bool RefusesCertificate(int alert) {
  switch (alert) {
    case SSL_AD_BAD_CERTIFICATE:
    case SSL_AD_UNSUPPORTED_CERTIFICATE:
    case SSL_AD_CERTIFICATE_REVOKED:
    case SSL_AD_CERTIFICATE_EXPIRED:
    case SSL_AD_CERTIFICATE_UNKNOWN:
    case SSL_AD_UNKNOWN_CA:
    case SSL_AD_DECRYPT_ERROR:  // The signature isn't by the authority of that name that the client
                                // knows.
      return true;
    default:
      return false;
  }
}

}  // namespace

void TlsEnd::Impl::Fail(int ssl_error) {
  failed = true;
  if (ssl_error != SSL_ERROR_SSL) {
    failure.reason = "closed_by_peer";
    return;
  }
  const unsigned long error =
      ERR_peek_last_error();  // The outermost one; those before it are details.
  failure.reason = ReasonName(error);
  // Alerts from the peer have reason codes from this offset on.
  const int reason = ERR_GET_REASON(error);
  if (reason >= SSL_AD_REASON_OFFSET && reason < SSL_AD_REASON_OFFSET + 256) {
    failure.alert_from_peer = true;
    failure.certificate_refused = is_server && RefusesCertificate(reason - SSL_AD_REASON_OFFSET);
  }
  ERR_clear_error();
}

void TlsEnd::Impl::Advance() {
  if (failed) return;
  const OpensslRandomScope scope(random);
  if (!handshake_done) {
    ERR_clear_error();
    const int result = SSL_do_handshake(ssl.get());
    if (result != 1) {
      const int error = SSL_get_error(ssl.get(), result);
      if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) Fail(error);
      return;
    }
    handshake_done = true;
    WritePlaintext(std::exchange(waiting, {}));
    if (close_wanted) SSL_shutdown(ssl.get());
  }
  ReadPlaintext();
}

void TlsEnd::Impl::ReadPlaintext() {
  std::array<std::byte, 16384> buffer;
  while (!failed && !peer_closed) {
    ERR_clear_error();
    const int count = SSL_read(ssl.get(), buffer.data(), static_cast<int>(buffer.size()));
    if (count > 0) {
      plaintext.insert(plaintext.end(), buffer.begin(), buffer.begin() + count);
      continue;
    }
    const int error = SSL_get_error(ssl.get(), count);
    if (error == SSL_ERROR_ZERO_RETURN) {
      peer_closed = true;
    } else if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) {
      Fail(error);
    }
    break;
  }
}

void TlsEnd::Impl::WritePlaintext(std::span<const std::byte> bytes) {
  if (bytes.empty() || failed) return;
  const OpensslRandomScope scope(random);
  ERR_clear_error();
  const int count = SSL_write(ssl.get(), bytes.data(), static_cast<int>(bytes.size()));
  if (count <= 0) Fail(SSL_get_error(ssl.get(), count));
}

TlsEnd::TlsEnd(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TlsEnd::~TlsEnd() = default;

void TlsEnd::OnBytes(std::span<const std::byte> bytes) {
  if (impl_->failed) return;
  if (!bytes.empty()) BIO_write(impl_->input, bytes.data(), static_cast<int>(bytes.size()));
  impl_->Advance();
}

void TlsEnd::Write(std::span<const std::byte> plaintext) {
  if (impl_->close_wanted) return;
  if (impl_->handshake_done) {
    impl_->WritePlaintext(plaintext);
  } else {
    impl_->waiting.insert(impl_->waiting.end(), plaintext.begin(), plaintext.end());
  }
}

void TlsEnd::Close() {
  if (std::exchange(impl_->close_wanted, true) || impl_->failed || !impl_->handshake_done) return;
  const OpensslRandomScope scope(impl_->random);
  ERR_clear_error();
  SSL_shutdown(impl_->ssl.get());
}

Bytes TlsEnd::TakeOutput() {
  Bytes out(BIO_ctrl_pending(impl_->output));
  if (!out.empty()) BIO_read(impl_->output, out.data(), static_cast<int>(out.size()));
  return out;
}

Bytes TlsEnd::TakePlaintext() { return std::exchange(impl_->plaintext, {}); }
bool TlsEnd::handshake_done() const { return impl_->handshake_done; }
bool TlsEnd::peer_closed() const { return impl_->peer_closed; }
const TlsFailure* TlsEnd::failure() const { return impl_->failed ? &impl_->failure : nullptr; }

std::string TlsEnd::server_name() const {
  const char* name = SSL_get_servername(impl_->ssl.get(), TLSEXT_NAMETYPE_host_name);
  return name != nullptr ? name : "";
}

std::string TlsEnd::alpn() const {
  const unsigned char* name = nullptr;
  unsigned int length = 0;
  SSL_get0_alpn_selected(impl_->ssl.get(), &name, &length);
  return std::string(reinterpret_cast<const char*>(name), length);
}

std::string TlsEnd::description() const {
  const char* cipher = SSL_get_cipher_name(impl_->ssl.get());
  return std::string(SSL_get_version(impl_->ssl.get())) + " " + (cipher != nullptr ? cipher : "");
}

std::string TlsEnd::peer_common_name() const {
  if (!impl_->peer_was_verified) return "";
  const X509* certificate = SSL_get0_peer_certificate(impl_->ssl.get());
  if (certificate == nullptr) return "";
  std::array<char, 256> name{};
  const int length = X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName,
                                               name.data(), name.size());
  return length > 0 ? std::string(name.data(), static_cast<size_t>(length)) : "";
}

std::unique_ptr<TlsEnd> MakeTlsServer(TlsServerConfig config) {
  InstallSeededOpenssl();
  const OpensslRandomScope scope(config.random);
  SslContextPtr context = MakeContext(TLS_server_method());
  SSL_CTX_set_cert_cb(context.get(), ChooseCertificate, nullptr);
  SSL_CTX_set_alpn_select_cb(context.get(), ChooseAlpn, nullptr);
  const bool asks = !config.client_trust_pem.empty();
  if (asks) {
    Trust(context.get(), config.client_trust_pem, config.now);
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, NoteVerification);
  }
  auto impl = MakeImpl(std::move(context), config.random, std::move(config.key_log));
  impl->is_server = true;
  impl->peer_was_verified = asks;
  impl->choose_identity = std::move(config.identity);
  SSL_set_accept_state(impl->ssl.get());
  return std::make_unique<TlsEnd>(std::move(impl));
}

std::unique_ptr<TlsEnd> MakeTlsClient(TlsClientConfig config) {
  InstallSeededOpenssl();
  const OpensslRandomScope scope(config.random);
  SslContextPtr context = MakeContext(TLS_client_method());
  const bool verifies = !config.trust_pem.empty();
  if (verifies) {
    Trust(context.get(), config.trust_pem, config.now);
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  }
  auto impl = MakeImpl(std::move(context), config.random, std::move(config.key_log));
  SSL* ssl = impl->ssl.get();
  impl->peer_was_verified = verifies;
  if (!config.server_name.empty()) {
    SSL_set_tlsext_host_name(ssl, config.server_name.c_str());
    SSL_set1_host(ssl, config.server_name.c_str());
  }
  std::string protocols;
  for (const std::string& name : config.alpn) protocols += static_cast<char>(name.size()) + name;
  SSL_set_alpn_protos(ssl, reinterpret_cast<const unsigned char*>(protocols.data()),
                      static_cast<unsigned int>(protocols.size()));
  if (config.identity) UseIdentity(ssl, *config.identity);
  SSL_set_connect_state(ssl);
  return std::make_unique<TlsEnd>(std::move(impl));
}

}  // namespace dustproof
