#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "robots/bouncer/firmware/bouncer.h"

enum { kMessageBytesMax = 8192 };

/* A message as it comes in: head, blank line, body of Content-Length. */
struct message {
  char text[kMessageBytesMax + 1];
  size_t bytes;
  const char* body; /* NULL until the head is whole. */
  size_t body_bytes;
};

static size_t content_length(const char* head, const char* head_end) {
  for (const char* line = head; line < head_end; ++line) {
    line = strstr(line, "\r\n");
    if (line == NULL || line >= head_end) return 0;
    if (strncasecmp(line + 2, "content-length:", 15) == 0) return strtoul(line + 17, NULL, 10);
  }
  return 0;
}

/* True once all of the message is there; false while more is to come. */
static bool is_whole(struct message* m) {
  m->text[m->bytes] = '\0';
  const char* end = strstr(m->text, "\r\n\r\n");
  if (end == NULL) return false;
  m->body = end + 4;
  m->body_bytes = content_length(m->text, end);
  return m->bytes >= (size_t)(m->body - m->text) + m->body_bytes;
}

static bool read_message(struct message* m, int (*read)(void*, char*, size_t), void* from) {
  m->bytes = 0;
  m->body = NULL;
  while (!is_whole(m)) {
    if (m->bytes == kMessageBytesMax) return false;
    const int count = read(from, m->text + m->bytes, kMessageBytesMax - m->bytes);
    if (count <= 0) return false;
    m->bytes += (size_t)count;
  }
  return true;
}

/* ---- As a client. */

static int read_tls(void* tls, char* out, size_t capacity) {
  return tls_read(tls, out, capacity, 15 * SECOND_US);
}

int https_post(const char* path, const char* json, char* answer, size_t capacity) {
  struct tls* tls = tls_open(settings.host, settings.api_port);
  if (tls == NULL) return 0;
  char head[512];
  snprintf(head, sizeof head,
           "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: "
           "%zu\r\nConnection: close\r\n\r\n",
           path, settings.host, strlen(json));
  struct message* m = malloc(sizeof *m);
  int status = 0;
  if (m != NULL && tls_write(tls, head, strlen(head)) && tls_write(tls, json, strlen(json)) &&
      read_message(m, read_tls, tls) && sscanf(m->text, "HTTP/1.1 %d", &status) == 1) {
    const size_t bytes = m->body_bytes < capacity ? m->body_bytes : capacity - 1;
    memcpy(answer, m->body, bytes);
    answer[bytes] = '\0';
  }
  free(m);
  tls_close(tls);
  return status;
}

/* ---- As the setup hotspot's server. */

static int read_socket(void* socket, char* out, size_t capacity) {
  return hal.socket->receive(*(int32_t*)socket, out, capacity, 10 * SECOND_US);
}

static void answer_with(int32_t socket, const char* status, const char* json) {
  char text[512];
  const int bytes = snprintf(text, sizeof text,
                             "HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: "
                             "%zu\r\n\r\n%s",
                             status, strlen(json), json);
  hal.socket->send(socket, text, (size_t)bytes, 5 * SECOND_US);
}

static bool take_port(const char* json, size_t bytes, const char* key, uint16_t* out) {
  uint32_t number = 0;
  if (!json_number(json, bytes, key, &number) || number == 0 || number > 65535) return false;
  *out = (uint16_t)number;
  return true;
}

/* What the app hands over; nothing of it is kept where the policy is not accepted. */
static bool provision(const char* json, size_t bytes) {
  struct settings s;
  memset(&s, 0, sizeof s);
  const bool complete =
      json_string(json, bytes, "ssid", s.ssid, sizeof s.ssid) &&
      json_string(json, bytes, "password", s.wifi_password, sizeof s.wifi_password) &&
      json_string(json, bytes, "host", s.host, sizeof s.host) &&
      json_string(json, bytes, "pairing_token", s.pairing_token, sizeof s.pairing_token) &&
      json_string(json, bytes, "policy_version", s.policy_version, sizeof s.policy_version) &&
      take_port(json, bytes, "api_port", &s.api_port) &&
      take_port(json, bytes, "mqtt_port", &s.mqtt_port) && json_consents(json, bytes, s.consents);
  if (!complete || s.consents[kConsentPolicy] != CONSENT_GRANTED) return false;
  settings = s;
  return settings_save();
}

/* Answers requests on one connection; true once the robot is provisioned. */
static bool serve_connection(int32_t socket) {
  struct message* m = malloc(sizeof *m);
  bool done = false;
  while (m != NULL && !done && read_message(m, read_socket, &socket)) {
    if (strncmp(m->text, "GET /info ", 10) == 0) {
      char info[128];
      snprintf(info, sizeof info, "{\"model\":\"%s\",\"protocol\":1}", hal.identity->model());
      answer_with(socket, "200 OK", info);
    } else if (strncmp(m->text, "POST /provision ", 16) == 0) {
      done = provision(m->body, m->body_bytes);
      answer_with(socket, done ? "202 Accepted" : "400 Bad Request",
                  done ? "{\"accepted\":true}" : "{\"error\":\"not accepted\"}");
    } else {
      answer_with(socket, "404 Not Found", "{\"error\":\"GET /info or POST /provision\"}");
    }
  }
  free(m);
  return done;
}

void serve_setup(void) {
  hal.wifi->start_hotspot("DustproofVac-Setup", hal.identity->setup_passphrase());
  const int32_t listener = hal.socket->open(DP_SOCKET_TCP);
  if (listener <= 0 || hal.socket->bind(listener, 80) != DP_OK) {
    log_line(DP_LOG_ERROR, "the setup hotspot can't be served");
    hal.clock->sleep_us(10 * SECOND_US);
    return;
  }
  bool done = false;
  while (!done) {
    const int32_t socket = hal.socket->accept(listener, NULL, DP_FOREVER);
    if (socket <= 0) break;
    done = serve_connection(socket);
    if (done) hal.clock->sleep_us(SECOND_US); /* The answer reaches the app before the hotspot goes. */
    hal.socket->close(socket);
  }
  hal.socket->close(listener);
  hal.wifi->stop();
}
