/* MQTT 3.1.1: connect, one subscription, publish at QoS 1, ping. A message of the broker's is acknowledged
 * as it is read; an acknowledgement that does not come ends the session, and the next one says it again. */
#include <string.h>

#include "robots/bouncer/firmware/bouncer.h"

enum {
  kConnect = 0x10,
  kConnack = 0x20,
  kPublish = 0x30,
  kPuback = 0x40,
  kSubscribe = 0x82,
  kSuback = 0x90,
  kPingreq = 0xC0,
  kPingresp = 0xD0,
  kDisconnect = 0xE0
};
enum { kPacketBytesMax = 2048, kKeepAliveS = 60 };

static struct {
  struct tls* tls;
  uint8_t in[kPacketBytesMax];
  size_t in_bytes;
  uint16_t next_id;
  uint64_t heard_us, pinged_us;
} line;

/* ---- Writing. */

struct packet {
  uint8_t bytes[kPacketBytesMax];
  size_t count;
  bool fits;
};

static void put(struct packet* p, const void* data, size_t bytes) {
  p->fits = p->fits && bytes <= sizeof p->bytes - p->count;
  if (!p->fits) return;
  memcpy(p->bytes + p->count, data, bytes);
  p->count += bytes;
}

static void put_u16(struct packet* p, size_t value) {
  const uint8_t two[2] = {(uint8_t)(value >> 8), (uint8_t)value};
  put(p, two, 2);
}

static void put_text(struct packet* p, const char* text) {
  put_u16(p, strlen(text));
  put(p, text, strlen(text));
}

/* Sends a packet of `kind` with what was put into `p`. */
static bool send_packet(uint8_t kind, const struct packet* p) {
  uint8_t head[5] = {kind};
  size_t head_bytes = 1, left = p->count;
  do { /* The length, seven bits a byte. */
    head[head_bytes++] = (uint8_t)((left & 0x7F) | (left > 0x7F ? 0x80 : 0));
    left >>= 7;
  } while (left > 0);
  return p->fits && line.tls != NULL && tls_write(line.tls, head, head_bytes) &&
         tls_write(line.tls, p->bytes, p->count);
}

static uint16_t next_id(void) {
  if (++line.next_id == 0) ++line.next_id;
  return line.next_id;
}

/* ---- Reading. */

struct arrival {
  uint8_t kind; /* 0: nothing yet. */
  const uint8_t* body;
  size_t body_bytes, packet_bytes;
};

/* The first packet in the buffer; false where the bytes are none. */
static bool first_packet(struct arrival* out) {
  out->kind = 0;
  size_t length = 0, at = 1;
  for (int shift = 0;; shift += 7) {
    if (at >= line.in_bytes) return true;
    const uint8_t byte = line.in[at++];
    length |= (size_t)(byte & 0x7F) << shift;
    if ((byte & 0x80) == 0) break;
    if (shift == 21) return false;
  }
  if (length > kPacketBytesMax - at) return false;
  if (line.in_bytes < at + length) return true;
  *out = (struct arrival){line.in[0], line.in + at, length, at + length};
  return true;
}

static void drop_packet(const struct arrival* a) {
  line.in_bytes -= a->packet_bytes;
  memmove(line.in, line.in + a->packet_bytes, line.in_bytes);
}

/* Reads until a packet is whole. 1, or 0 at the time-out, or -1 where the line is gone. */
static int read_packet(struct arrival* out, uint64_t timeout_us) {
  const uint64_t until_us = hal.clock->now_us() + timeout_us;
  for (;;) {
    if (!first_packet(out)) return -1;
    if (out->kind != 0) return 1;
    const uint64_t now_us = hal.clock->now_us();
    if (now_us >= until_us) return 0;
    const int count = tls_read(line.tls, line.in + line.in_bytes, kPacketBytesMax - line.in_bytes,
                               until_us - now_us);
    if (count < 0) return -1;
    if (count > 0) line.heard_us = hal.clock->now_us();
    line.in_bytes += (size_t)count;
  }
}

/* Waits for the broker's answer of a kind and takes its body's byte `at`; -1 without one. */
static int await(uint8_t kind, size_t at) {
  struct arrival a;
  if (read_packet(&a, 10 * SECOND_US) != 1) return -1;
  const int answer = a.kind == kind && a.body_bytes > at ? a.body[at] : -1;
  drop_packet(&a);
  return answer;
}

/* Takes a publication apart; false where it does not fit or is none. */
static bool take_message(const struct arrival* a, struct mqtt_message* out) {
  const int qos = a->kind >> 1 & 3;
  if (a->body_bytes < 2) return false;
  const size_t topic_bytes = (size_t)a->body[0] << 8 | a->body[1];
  const size_t head_bytes = 2 + topic_bytes + (qos > 0 ? 2 : 0);
  if (topic_bytes >= sizeof out->topic || head_bytes > a->body_bytes) return false;
  const size_t payload_bytes = a->body_bytes - head_bytes;
  if (payload_bytes >= sizeof out->payload) return false;
  memcpy(out->topic, a->body + 2, topic_bytes);
  out->topic[topic_bytes] = '\0';
  memcpy(out->payload, a->body + head_bytes, payload_bytes);
  out->payload[payload_bytes] = '\0';
  out->payload_bytes = payload_bytes;
  if (qos > 0) {
    struct packet answer = {.fits = true};
    put(&answer, a->body + 2 + topic_bytes, 2);
    send_packet(kPuback, &answer);
  }
  return true;
}

/* ---- The session. */

bool mqtt_open(const char* client_id, const char* user, const char* password) {
  memset(&line, 0, sizeof line);
  line.tls = tls_open(settings.host, settings.mqtt_port);
  if (line.tls == NULL) return false;
  struct packet p = {.fits = true};
  const uint8_t clean_with_user_and_password = 0xC2;
  put_text(&p, "MQTT");
  put(&p, "\x04", 1);
  put(&p, &clean_with_user_and_password, 1);
  put_u16(&p, kKeepAliveS);
  put_text(&p, client_id);
  put_text(&p, user);
  put_text(&p, password);
  if (send_packet(kConnect, &p) && await(kConnack, 1) == 0) return true;
  mqtt_close();
  return false;
}

bool mqtt_subscribe(const char* filter) {
  struct packet p = {.fits = true};
  put_u16(&p, next_id());
  put_text(&p, filter);
  put(&p, "\x01", 1);
  const bool sent = send_packet(kSubscribe, &p);
  const int granted = sent ? await(kSuback, 2) : -1;
  return granted >= 0 && granted <= 2;
}

bool mqtt_publish(const char* topic, const char* payload) {
  struct packet p = {.fits = true};
  put_text(&p, topic);
  put_u16(&p, next_id());
  put(&p, payload, strlen(payload));
  return send_packet(kPublish | 0x02, &p);
}

/* Asks whether the broker is still there where it has been silent; false where it did not answer. */
static bool keep_alive(void) {
  const uint64_t now_us = hal.clock->now_us();
  if (now_us - line.heard_us < 15 * SECOND_US) return true;
  if (line.pinged_us > line.heard_us) return now_us - line.pinged_us < 10 * SECOND_US;
  const struct packet nothing = {.fits = true};
  line.pinged_us = now_us;
  return send_packet(kPingreq, &nothing);
}

int mqtt_poll(struct mqtt_message* out, uint64_t timeout_us) {
  if (line.tls == NULL || !keep_alive()) return -1;
  struct arrival a;
  const int got = read_packet(&a, timeout_us);
  if (got != 1) return got;
  const bool message = (a.kind & 0xF0) == kPublish && take_message(&a, out);
  drop_packet(&a);
  return message ? 1 : 0;
}

void mqtt_close(void) {
  const struct packet nothing = {.fits = true};
  if (line.tls != NULL) send_packet(kDisconnect, &nothing);
  tls_close(line.tls);
  line.tls = NULL;
}
