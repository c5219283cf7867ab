/* The bouncer's HTTPS and MQTT by libcurl and libmosquitto, as they come, in place of its own: what a vendor would take. */
#define _GNU_SOURCE
#include <curl/curl.h>
#include <mosquitto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "robots/bouncer/firmware/bouncer.h"

enum { kKeepAliveS = 60, kAnswerS = 15, kQueueMax = 16 };

/* ---- libcurl */

struct body {
  char* text;
  size_t bytes, capacity;
};

static size_t take_body(char* data, size_t one, size_t bytes, void* to) {
  (void)one;
  struct body* body = to;
  const size_t room = body->capacity - 1 - body->bytes, part = bytes < room ? bytes : room;
  memcpy(body->text + body->bytes, data, part);
  body->bytes += part;
  body->text[body->bytes] = '\0';
  return bytes;
}

static struct curl_blob borrowed(const char* pem) {
  return (struct curl_blob){.data = (void*)(uintptr_t)pem, .len = strlen(pem), .flags = CURL_BLOB_NOCOPY};
}

static void use_identity(CURL* curl) {
  struct curl_blob anchor = borrowed(hal.identity->trust_anchor_pem());
  struct curl_blob cert = borrowed(hal.identity->device_cert_pem()), key = borrowed(hal.identity->device_key_pem());
  curl_easy_setopt(curl, CURLOPT_CAINFO_BLOB, &anchor);
  if (cert.len == 0) return;
  curl_easy_setopt(curl, CURLOPT_SSLCERTTYPE, "PEM");
  curl_easy_setopt(curl, CURLOPT_SSLCERT_BLOB, &cert);
  curl_easy_setopt(curl, CURLOPT_SSLKEYTYPE, "PEM");
  curl_easy_setopt(curl, CURLOPT_SSLKEY_BLOB, &key);
}

int https_post(const char* path, const char* json, char* answer, size_t capacity) {
  char url[256];
  snprintf(url, sizeof url, "https://%s:%u%s", settings.host, settings.api_port, path);
  struct body body = {answer, 0, capacity};
  CURL* curl = curl_easy_init();
  struct curl_slist* headers = curl_slist_append(NULL, "Content-Type: application/json");
  use_identity(curl);
  curl_easy_setopt(curl, CURLOPT_URL, url);
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(curl, CURLOPT_POSTFIELDS, json);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &body);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)kAnswerS);
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  const CURLcode failed = curl_easy_perform(curl);
  long status = 0;
  if (failed == CURLE_OK)
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  else
    log_line(DP_LOG_WARN, "libcurl: %s", curl_easy_strerror(failed));
  curl_slist_free_all(headers);
  curl_easy_cleanup(curl);
  return (int)status;
}

/* ---- libmosquitto */

static struct {
  struct mosquitto* client;
  bool connected, subscribed, gone;
  struct mqtt_message queue[kQueueMax];
  size_t first, count;
} line;

static void on_connect(struct mosquitto* client, void* unused, int refused) {
  (void)client, (void)unused;
  line.connected = refused == 0;
  line.gone = refused != 0;
}

static void on_disconnect(struct mosquitto* client, void* unused, int why) {
  (void)client, (void)unused, (void)why;
  line.gone = true;
}

static void on_subscribe(struct mosquitto* client, void* unused, int id, int count, const int* granted) {
  (void)client, (void)unused, (void)id, (void)count, (void)granted;
  line.subscribed = true;
}

static void on_message(struct mosquitto* client, void* unused, const struct mosquitto_message* message) {
  (void)client, (void)unused;
  if (line.count == kQueueMax) return;
  struct mqtt_message* to = &line.queue[(line.first + line.count++) % kQueueMax];
  snprintf(to->topic, sizeof to->topic, "%s", message->topic);
  to->payload_bytes = (size_t)message->payloadlen < sizeof to->payload ? (size_t)message->payloadlen : sizeof to->payload - 1;
  memcpy(to->payload, message->payload, to->payload_bytes);
  to->payload[to->payload_bytes] = '\0';
}

/* libmosquitto takes files: one without a place in any folder. */
static const char* as_file(const char* text, char path[32]) {
  const int fd = memfd_create("pem", 0);
  const size_t bytes = strlen(text);
  if (fd < 0 || write(fd, text, bytes) != (ssize_t)bytes) abort();
  snprintf(path, 32, "/proc/self/fd/%d", fd);
  return path;
}

static bool use_tls(void) {
  static char anchor[32], cert[32], key[32];
  const bool has_cert = hal.identity->device_cert_pem()[0] != '\0';
  if (anchor[0] == '\0') {
    as_file(hal.identity->trust_anchor_pem(), anchor);
    as_file(hal.identity->device_cert_pem(), cert);
    as_file(hal.identity->device_key_pem(), key);
  }
  return mosquitto_tls_set(line.client, anchor, NULL, has_cert ? cert : NULL, has_cert ? key : NULL, NULL) == MOSQ_ERR_SUCCESS;
}

static bool loop_until(const bool* done) {
  const uint64_t until_us = hal.clock->now_us() + kAnswerS * SECOND_US;
  while (!*done && !line.gone && hal.clock->now_us() < until_us)
    if (mosquitto_loop(line.client, 1000, 1) != MOSQ_ERR_SUCCESS) return false;
  return *done;
}

bool mqtt_open(const char* client_id, const char* user, const char* password) {
  memset(&line, 0, sizeof line);
  mosquitto_lib_init();
  line.client = mosquitto_new(client_id, true, NULL);
  if (line.client == NULL) return false;
  mosquitto_connect_callback_set(line.client, on_connect);
  mosquitto_disconnect_callback_set(line.client, on_disconnect);
  mosquitto_subscribe_callback_set(line.client, on_subscribe);
  mosquitto_message_callback_set(line.client, on_message);
  const int failed = !use_tls() || mosquitto_username_pw_set(line.client, user, password) != MOSQ_ERR_SUCCESS
                         ? MOSQ_ERR_TLS
                         : mosquitto_connect(line.client, settings.host, settings.mqtt_port, kKeepAliveS);
  if (failed == MOSQ_ERR_SUCCESS && loop_until(&line.connected)) return true;
  log_line(DP_LOG_WARN, "libmosquitto: %s", mosquitto_strerror(failed));
  mqtt_close();
  return false;
}

bool mqtt_subscribe(const char* filter) {
  return mosquitto_subscribe(line.client, NULL, filter, 1) == MOSQ_ERR_SUCCESS && loop_until(&line.subscribed);
}

bool mqtt_publish(const char* topic, const char* payload) {
  return line.client != NULL &&
         mosquitto_publish(line.client, NULL, topic, (int)strlen(payload), payload, 1, false) == MOSQ_ERR_SUCCESS;
}

int mqtt_poll(struct mqtt_message* out, uint64_t timeout_us) {
  if (line.client == NULL || line.gone) return -1;
  if (line.count == 0 && mosquitto_loop(line.client, (int)(timeout_us / 1000), 1) != MOSQ_ERR_SUCCESS) return -1;
  if (line.count == 0) return 0;
  *out = line.queue[line.first];
  line.first = (line.first + 1) % kQueueMax;
  --line.count;
  return 1;
}

void mqtt_close(void) {
  if (line.client == NULL) return;
  mosquitto_disconnect(line.client);
  mosquitto_destroy(line.client);
  line.client = NULL;
}
