#include <mbedtls/ctr_drbg.h>
#include <mbedtls/net_sockets.h>
#include <mbedtls/ssl.h>
#include <mbedtls/x509_crt.h>
#include <stdlib.h>
#include <string.h>

#include "robots/bouncer/firmware/bouncer.h"

struct tls {
  int32_t socket;
  uint64_t deadline_us;
  mbedtls_ssl_context ssl;
};

/* What all connections share, set up once. */
static struct {
  bool ready;
  mbedtls_ctr_drbg_context random;
  mbedtls_x509_crt trust_anchor, device_cert;
  mbedtls_pk_context device_key;
  mbedtls_ssl_config config;
} shared;

static int fill_entropy(void* unused, unsigned char* out, size_t bytes) {
  (void)unused;
  hal.random->fill(out, bytes);
  return 0;
}

static int parse_pem(mbedtls_x509_crt* chain, const char* pem) {
  return mbedtls_x509_crt_parse(chain, (const unsigned char*)pem, strlen(pem) + 1);
}

static int use_device_certificate(void) {
  const char* cert = hal.identity->device_cert_pem();
  const char* key = hal.identity->device_key_pem();
  if (*cert == '\0' || *key == '\0') return 0;
  mbedtls_x509_crt_init(&shared.device_cert);
  mbedtls_pk_init(&shared.device_key);
  int status = parse_pem(&shared.device_cert, cert);
  if (status == 0) {
    status = mbedtls_pk_parse_key(&shared.device_key, (const unsigned char*)key, strlen(key) + 1,
                                  NULL, 0);
  }
  return status != 0 ? status
                     : mbedtls_ssl_conf_own_cert(&shared.config, &shared.device_cert,
                                                 &shared.device_key);
}

static bool set_up(void) {
  static const mbedtls_ecp_group_id curves[] = {MBEDTLS_ECP_DP_SECP256R1, MBEDTLS_ECP_DP_NONE};
  if (shared.ready) return true;
  mbedtls_ctr_drbg_init(&shared.random);
  mbedtls_x509_crt_init(&shared.trust_anchor);
  mbedtls_ssl_config_init(&shared.config);
  int status = mbedtls_ctr_drbg_seed(&shared.random, fill_entropy, NULL, NULL, 0);
  if (status == 0) {
    status = mbedtls_ssl_config_defaults(&shared.config, MBEDTLS_SSL_IS_CLIENT,
                                         MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT);
  }
  if (status == 0) status = parse_pem(&shared.trust_anchor, hal.identity->trust_anchor_pem());
  mbedtls_ssl_conf_min_version(&shared.config, MBEDTLS_SSL_MAJOR_VERSION_3,
                               MBEDTLS_SSL_MINOR_VERSION_3);
  mbedtls_ssl_conf_curves(&shared.config, curves);
  mbedtls_ssl_conf_rng(&shared.config, mbedtls_ctr_drbg_random, &shared.random);
  mbedtls_ssl_conf_authmode(&shared.config, MBEDTLS_SSL_VERIFY_REQUIRED);
  mbedtls_ssl_conf_ca_chain(&shared.config, &shared.trust_anchor, NULL);
  if (status == 0) status = use_device_certificate();
  if (status != 0) log_line(DP_LOG_ERROR, "TLS can't be set up: -0x%04x", -status);
  shared.ready = status == 0;
  return shared.ready;
}

static int send_bytes(void* context, const unsigned char* data, size_t bytes) {
  const struct tls* tls = context;
  const int32_t sent = hal.socket->send(tls->socket, data, bytes, 15 * SECOND_US);
  return sent > 0 ? sent : MBEDTLS_ERR_NET_SEND_FAILED;
}

static int receive_bytes(void* context, unsigned char* out, size_t capacity) {
  const struct tls* tls = context;
  const uint64_t now_us = hal.clock->now_us();
  const uint64_t left_us = tls->deadline_us > now_us ? tls->deadline_us - now_us : 0;
  const int32_t count = hal.socket->receive(tls->socket, out, capacity, left_us);
  if (count == DP_ERR_TIMEOUT) return MBEDTLS_ERR_SSL_WANT_READ;
  return count >= 0 ? count : MBEDTLS_ERR_NET_RECV_FAILED;
}

static bool connect_to(struct tls* tls, const char* host, uint16_t port) {
  uint32_t address = 0;
  if (hal.socket->resolve(host, &address, 1, 5 * SECOND_US) < 1) return false;
  tls->socket = hal.socket->open(DP_SOCKET_TCP);
  const dp_endpoint to = {address, port};
  return tls->socket > 0 && hal.socket->connect(tls->socket, to, 10 * SECOND_US) == DP_OK;
}

static int shake_hands(struct tls* tls, const char* host) {
  int status = mbedtls_ssl_setup(&tls->ssl, &shared.config);
  if (status == 0) status = mbedtls_ssl_set_hostname(&tls->ssl, host);
  if (status != 0) return status;
  mbedtls_ssl_set_bio(&tls->ssl, tls, send_bytes, receive_bytes, NULL);
  tls->deadline_us = hal.clock->now_us() + 15 * SECOND_US;
  do {
    status = mbedtls_ssl_handshake(&tls->ssl);
  } while (status == MBEDTLS_ERR_SSL_WANT_READ && hal.clock->now_us() < tls->deadline_us);
  return status;
}

struct tls* tls_open(const char* host, uint16_t port) {
  if (!set_up()) return NULL;
  struct tls* tls = calloc(1, sizeof *tls);
  if (tls == NULL) return NULL;
  mbedtls_ssl_init(&tls->ssl);
  if (!connect_to(tls, host, port)) {
    log_line(DP_LOG_WARN, "the cloud can't be reached");
  } else {
    const int status = shake_hands(tls, host);
    if (status == 0) return tls;
    log_line(DP_LOG_WARN, "TLS handshake failed: -0x%04x", -status);
  }
  tls_close(tls);
  return NULL;
}

bool tls_write(struct tls* tls, const void* data, size_t bytes) {
  const unsigned char* at = data;
  while (bytes > 0) {
    const int count = mbedtls_ssl_write(&tls->ssl, at, bytes);
    if (count == MBEDTLS_ERR_SSL_WANT_READ || count == MBEDTLS_ERR_SSL_WANT_WRITE) continue;
    if (count <= 0) return false;
    at += count;
    bytes -= (size_t)count;
  }
  return true;
}

int tls_read(struct tls* tls, void* out, size_t capacity, uint64_t timeout_us) {
  tls->deadline_us = hal.clock->now_us() + timeout_us;
  const int count = mbedtls_ssl_read(&tls->ssl, out, capacity);
  if (count == MBEDTLS_ERR_SSL_WANT_READ || count == MBEDTLS_ERR_SSL_WANT_WRITE) return 0;
  return count > 0 ? count : -1;
}

void tls_close(struct tls* tls) {
  if (tls == NULL) return;
  if (tls->socket > 0) {
    mbedtls_ssl_close_notify(&tls->ssl);
    hal.socket->close(tls->socket);
  }
  mbedtls_ssl_free(&tls->ssl);
  free(tls);
}
