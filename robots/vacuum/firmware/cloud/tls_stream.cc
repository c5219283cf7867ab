#include "robots/vacuum/firmware/cloud/tls_stream.h"

#include <mbedtls/ctr_drbg.h>
#include <mbedtls/error.h>
#include <mbedtls/net_sockets.h>
#include <mbedtls/pk.h>
#include <mbedtls/ssl.h>
#include <mbedtls/x509_crt.h>

#include <algorithm>
#include <cstring>

namespace vacuum {
namespace {

constexpr uint64_t kResolveTimeoutUs = Seconds(5);
constexpr uint64_t kConnectTimeoutUs = Seconds(10);
constexpr uint64_t kHandshakeTimeoutUs = Seconds(15);
constexpr uint64_t kSendTimeoutUs = Seconds(15);

// The library's own first choice is secp521r1, at twice the cost.
constexpr mbedtls_ecp_group_id kCurves[] = {MBEDTLS_ECP_DP_SECP256R1, MBEDTLS_ECP_DP_SECP384R1,
                                            MBEDTLS_ECP_DP_NONE};

std::string ErrorText(int code) {
  char text[128];
  mbedtls_strerror(code, text, sizeof(text));
  return text;
}

int FillEntropy(void* hal, unsigned char* out, size_t bytes) {
  static_cast<const Platform*>(hal)->random->fill(out, bytes);
  return 0;
}

int ParsePem(mbedtls_x509_crt* chain, const char* pem) {
  // The parser wants the terminating zero counted.
  return mbedtls_x509_crt_parse(chain, reinterpret_cast<const unsigned char*>(pem),
                                std::strlen(pem) + 1);
}

}  // namespace

struct TlsContext::Impl {
  explicit Impl(const Platform& hal_in) : hal(hal_in) {
    mbedtls_ctr_drbg_init(&random);
    mbedtls_x509_crt_init(&trust_anchor);
    mbedtls_x509_crt_init(&device_cert);
    mbedtls_pk_init(&device_key);
    mbedtls_ssl_config_init(&config);
    error = Configure();
    if (error != 0) hal.Log(DP_LOG_ERROR, "TLS can't be set up: " + ErrorText(error));
  }
  ~Impl() {
    mbedtls_ssl_config_free(&config);
    mbedtls_pk_free(&device_key);
    mbedtls_x509_crt_free(&device_cert);
    mbedtls_x509_crt_free(&trust_anchor);
    mbedtls_ctr_drbg_free(&random);
  }

  int Configure() {
    int status =
        mbedtls_ctr_drbg_seed(&random, FillEntropy, const_cast<Platform*>(&hal), nullptr, 0);
    if (status != 0) return status;
    status = mbedtls_ssl_config_defaults(&config, MBEDTLS_SSL_IS_CLIENT,
                                         MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT);
    if (status != 0) return status;
    mbedtls_ssl_conf_min_version(&config, MBEDTLS_SSL_MAJOR_VERSION_3, MBEDTLS_SSL_MINOR_VERSION_3);
    mbedtls_ssl_conf_curves(&config, kCurves);
    mbedtls_ssl_conf_rng(&config, mbedtls_ctr_drbg_random, &random);
    mbedtls_ssl_conf_authmode(&config, MBEDTLS_SSL_VERIFY_REQUIRED);
    status = ParsePem(&trust_anchor, hal.identity->trust_anchor_pem());
    if (status != 0) return status < 0 ? status : MBEDTLS_ERR_X509_INVALID_FORMAT;
    mbedtls_ssl_conf_ca_chain(&config, &trust_anchor, nullptr);
    return ConfigureDeviceCertificate();
  }

  int ConfigureDeviceCertificate() {
    const char* cert = hal.identity->device_cert_pem();
    const char* key = hal.identity->device_key_pem();
    if (cert == nullptr || key == nullptr || *cert == '\0' || *key == '\0') return 0;
    int status = ParsePem(&device_cert, cert);
    if (status != 0) return status < 0 ? status : MBEDTLS_ERR_X509_INVALID_FORMAT;
    status = mbedtls_pk_parse_key(&device_key, reinterpret_cast<const unsigned char*>(key),
                                  std::strlen(key) + 1, nullptr, 0);
    if (status != 0) return status;
    return mbedtls_ssl_conf_own_cert(&config, &device_cert, &device_key);
  }

  const Platform& hal;
  mbedtls_ctr_drbg_context random;
  mbedtls_x509_crt trust_anchor;
  mbedtls_x509_crt device_cert;
  mbedtls_pk_context device_key;
  mbedtls_ssl_config config;
  int error = 0;
};

TlsContext::TlsContext(const Platform& hal) : impl_(std::make_unique<Impl>(hal)) {}
TlsContext::~TlsContext() = default;

struct TlsStream::Impl {
  explicit Impl(const Platform& hal_in) : hal(hal_in) { mbedtls_ssl_init(&ssl); }
  ~Impl() {
    if (connected) mbedtls_ssl_close_notify(&ssl);
    mbedtls_ssl_free(&ssl);
    if (socket > 0) hal.socket->close(socket);
  }

  static int Send(void* self, const unsigned char* data, size_t bytes) {
    auto* impl = static_cast<Impl*>(self);
    const int32_t sent = impl->hal.socket->send(impl->socket, data, bytes, kSendTimeoutUs);
    return sent > 0 ? sent : MBEDTLS_ERR_NET_SEND_FAILED;
  }

  // Waits until the deadline of the operation under way; then Mbed TLS is told to come again, and
  // the caller gives up.
  static int Receive(void* self, unsigned char* out, size_t capacity) {
    auto* impl = static_cast<Impl*>(self);
    const uint64_t now_us = impl->hal.clock->now_us();
    const uint64_t left_us = impl->deadline_us > now_us ? impl->deadline_us - now_us : 0;
    const int32_t count = impl->hal.socket->receive(impl->socket, out, capacity, left_us);
    if (count == DP_ERR_TIMEOUT) return MBEDTLS_ERR_SSL_WANT_READ;
    if (count == DP_ERR_CLOSED) return 0;
    return count >= 0 ? count : MBEDTLS_ERR_NET_RECV_FAILED;
  }

  void SetDeadline(uint64_t timeout_us) {
    const uint64_t now_us = hal.clock->now_us();
    deadline_us = timeout_us > DP_FOREVER - now_us ? DP_FOREVER : now_us + timeout_us;
  }

  bool Open(const std::string& host, uint16_t port, std::string* why) {
    uint32_t address[4];
    const int32_t found =
        hal.socket->resolve(host.c_str(), address, std::size(address), kResolveTimeoutUs);
    if (found <= 0) {
      *why = "the cloud's name can't be resolved";
      return false;
    }
    for (int i = 0; i < std::min<int32_t>(found, std::size(address)); ++i) {
      socket = hal.socket->open(DP_SOCKET_TCP);
      if (socket <= 0) break;
      if (hal.socket->connect(socket, {address[i], port}, kConnectTimeoutUs) == DP_OK) return true;
      hal.socket->close(socket);
      socket = 0;
    }
    *why = "the cloud can't be reached";
    return false;
  }

  bool Handshake(TlsContext::Impl& context, const std::string& host, std::string* why) {
    int status = mbedtls_ssl_setup(&ssl, &context.config);
    if (status == 0) status = mbedtls_ssl_set_hostname(&ssl, host.c_str());
    mbedtls_ssl_set_bio(&ssl, this, Send, Receive, nullptr);
    SetDeadline(kHandshakeTimeoutUs);
    while (status == 0 && (status = mbedtls_ssl_handshake(&ssl)) != 0) {
      const bool again =
          status == MBEDTLS_ERR_SSL_WANT_READ || status == MBEDTLS_ERR_SSL_WANT_WRITE;
      if (!again || hal.clock->now_us() >= deadline_us) break;
      status = 0;
    }
    if (status != 0) *why = "TLS handshake failed: " + ErrorText(status);
    connected = status == 0;
    return connected;
  }

  const Platform& hal;
  int32_t socket = 0;
  uint64_t deadline_us = 0;
  bool connected = false;
  mbedtls_ssl_context ssl;
};

TlsStream::TlsStream(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TlsStream::~TlsStream() = default;

std::unique_ptr<TlsStream> TlsStream::Connect(TlsContext& context, const std::string& host,
                                              uint16_t port, std::string* why) {
  if (context.impl_->error != 0) {
    *why = "TLS is not set up";
    return nullptr;
  }
  auto impl = std::make_unique<Impl>(context.impl_->hal);
  if (!impl->Open(host, port, why) || !impl->Handshake(*context.impl_, host, why)) return nullptr;
  return std::unique_ptr<TlsStream>(new TlsStream(std::move(impl)));
}

bool TlsStream::Write(const void* data, size_t bytes) {
  const auto* next = static_cast<const unsigned char*>(data);
  while (bytes > 0 && impl_->connected) {
    const int count = mbedtls_ssl_write(&impl_->ssl, next, bytes);
    if (count == MBEDTLS_ERR_SSL_WANT_READ || count == MBEDTLS_ERR_SSL_WANT_WRITE) continue;
    if (count <= 0) {
      impl_->connected = false;
      break;
    }
    next += count;
    bytes -= static_cast<size_t>(count);
  }
  return bytes == 0;
}

int TlsStream::Read(void* out, size_t capacity, uint64_t timeout_us) {
  if (!impl_->connected) return DP_ERR_CLOSED;
  impl_->SetDeadline(timeout_us);
  const int count = mbedtls_ssl_read(&impl_->ssl, static_cast<unsigned char*>(out), capacity);
  if (count == MBEDTLS_ERR_SSL_WANT_READ || count == MBEDTLS_ERR_SSL_WANT_WRITE)
    return DP_ERR_TIMEOUT;
  if (count > 0) return count;
  impl_->connected = false;
  return count == 0 || count == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY ? 0 : DP_ERR_CLOSED;
}

}  // namespace vacuum
