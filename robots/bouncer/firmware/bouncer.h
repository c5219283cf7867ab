/* A cleaner that bounces about at random, in C11, with a network client of its own: what a vendor would
 * build who has never heard of the reference firmware. It speaks the same protocol
 * (robots/vacuum/firmware/PROTOCOL.md): setup hotspot, HTTPS, MQTT over TLS. It has no map, hence none to
 * send, and sends no identity: whatever the user grants, all it tells the cloud is its state and its
 * answers to commands. */
#ifndef BOUNCER_BOUNCER_H
#define BOUNCER_BOUNCER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hil/hal/dp_hal.h"

#define SECOND_US 1000000ull

/* The HAL's interfaces, asked for once. */
struct hal {
  const dp_clock_v1* clock;
  const dp_task_v1* task;
  const dp_log_v1* log;
  const dp_random_v1* random;
  const dp_identity_v1* identity;
  const dp_drive_v1* drive;
  const dp_cleaning_v1* cleaning;
  const dp_indicators_v1* indicators;
  const dp_hazard_v1* hazard;
  const dp_buttons_v1* buttons;
  const dp_dock_v1* dock;
  const dp_battery_v1* battery;
  const dp_flash_v1* flash;
  const dp_wifi_v1* wifi;
  const dp_socket_v1* socket;
  const dp_diagnostics_v1* diagnostics; /* May be absent. */
};
extern struct hal hal;

void log_line(dp_log_level level, const char* format, ...) __attribute__((format(printf, 2, 3)));

/* ---- settings.c: what survives a reboot. */

enum consent_state { CONSENT_UNSET, CONSENT_GRANTED, CONSENT_DENIED, CONSENT_WITHDRAWN };
enum { kConsentCount = 5, kConsentPolicy = 0 };
extern const char* const consent_names[kConsentCount];

struct settings {
  char ssid[33], wifi_password[65], host[128];
  char pairing_token[128], credential[128], policy_version[32];
  uint16_t api_port, mqtt_port;
  uint8_t consents[kConsentCount]; /* enum consent_state */
  uint32_t consent_version;
};
extern struct settings settings;

void settings_load(void);
/* Writes `settings`; what was stored before stands until the new one is whole. False where the flash
 * failed. */
bool settings_save(void);
/* Forgets everything, in memory and in flash. */
void settings_erase(void);
bool network_allowed(void);

/* ---- json.c: the little JSON that the protocol takes. */

/* Finds member `key` of the object that `json` (`bytes` long) is. Returns the value's text and its
 * length, or NULL. */
const char* json_member(const char* json, size_t bytes, const char* key, size_t* value_bytes);
/* The same, decoded; false where it is no string or does not fit. */
bool json_string(const char* json, size_t bytes, const char* key, char* out, size_t capacity);
bool json_number(const char* json, size_t bytes, const char* key, uint32_t* out);
/* Reads the members of `consents` that are known into `states`; false where one is no state. */
bool json_consents(const char* json, size_t bytes, uint8_t states[kConsentCount]);

/* ---- tls.c: a TLS connection over the HAL's sockets. */

struct tls;
/* Connects and shakes hands with a server that the factory's trust anchor vouches for; NULL with a line
 * in the log where that fails. */
struct tls* tls_open(const char* host, uint16_t port);
bool tls_write(struct tls* tls, const void* data, size_t bytes);
/* At least one byte, or 0 at the time-out, or below 0 where the line is gone. */
int tls_read(struct tls* tls, void* out, size_t capacity, uint64_t timeout_us);
void tls_close(struct tls* tls);

/* ---- http.c: one request on a connection, and the setup hotspot's server. */

/* POSTs JSON. Returns the status, 0 where the cloud was not reached; the body as text in `answer`. */
int https_post(const char* path, const char* json, char* answer, size_t capacity);
/* Opens the hotspot and serves it until an app has provisioned the robot. */
void serve_setup(void);

/* ---- mqtt.c: MQTT 3.1.1, as far as one session takes. */

struct mqtt_message {
  char topic[128];
  char payload[1024];
  size_t payload_bytes;
};
bool mqtt_open(const char* client_id, const char* user, const char* password);
bool mqtt_subscribe(const char* filter);
/* QoS 1; returns without waiting for the broker's answer. */
bool mqtt_publish(const char* topic, const char* payload);
/* Serves the connection for up to `timeout_us`. Returns 1 with a message, 0 without, -1 where the line
 * is gone. */
int mqtt_poll(struct mqtt_message* out, uint64_t timeout_us);
void mqtt_close(void);

/* ---- cleaner.c: the robot's body. */

enum order { ORDER_NONE, ORDER_CLEAN, ORDER_STOP, ORDER_DOCK };
void cleaner_task(void* unused);
/* From other tasks: what to do next. */
void cleaner_order(enum order order);
/* "idle", "cleaning", "returning", "docked", "stuck". */
const char* cleaner_state(void);

/* ---- cloud.c */

void cloud_task(void* unused);

#endif
