/* The session with the vendor's cloud: binding, state, commands, consents. */
#include <stdio.h>
#include <string.h>

#include "robots/bouncer/firmware/bouncer.h"

enum { kAnsweredMax = 16 };

static char topic_root[96];
static char state_sent[16];

/* QoS 1 may deliver twice: the second time the answer is repeated, not the deed. */
static struct {
  uint32_t ids[kAnsweredMax];
  bool ok[kAnsweredMax];
  int next;
} answered;

static bool publish(const char* leaf, const char* json) {
  char topic[128];
  snprintf(topic, sizeof topic, "%s%s", topic_root, leaf);
  return mqtt_publish(topic, json);
}

static bool send_state(void) {
  char json[64];
  const char* now = cleaner_state();
  if (strcmp(now, state_sent) == 0) return true;
  snprintf(state_sent, sizeof state_sent, "%s", now);
  snprintf(json, sizeof json, "{\"state\":\"%s\"}", now);
  return publish("up/state", json);
}

static bool send_ack(uint32_t id, bool ok) {
  char json[96];
  if (ok) {
    snprintf(json, sizeof json, "{\"id\":%u,\"ok\":true}", (unsigned)id);
  } else {
    snprintf(json, sizeof json, "{\"id\":%u,\"ok\":false,\"error\":\"unknown_command\"}",
             (unsigned)id);
  }
  return publish("up/ack", json);
}

static void factory_reset(void) {
  hal.clock->sleep_us(SECOND_US); /* The answer goes first. */
  mqtt_close();
  settings_erase();
}

static bool carry_out(const char* command) {
  if (strcmp(command, "clean") == 0) {
    cleaner_order(ORDER_CLEAN);
  } else if (strcmp(command, "stop") == 0) {
    cleaner_order(ORDER_STOP);
  } else if (strcmp(command, "dock") == 0) {
    cleaner_order(ORDER_DOCK);
  } else if (strcmp(command, "locate") == 0) {
    hal.indicators->beep(2000, 1000);
  } else { /* delete_data: it has none. */
    return strcmp(command, "delete_data") == 0 || strcmp(command, "factory_reset") == 0;
  }
  return true;
}

static bool handle_command(const struct mqtt_message* m) {
  uint32_t id = 0;
  char command[32];
  if (!json_number(m->payload, m->payload_bytes, "id", &id) ||
      !json_string(m->payload, m->payload_bytes, "command", command, sizeof command))
    return true;
  for (int i = 0; i < kAnsweredMax; ++i) {
    if (answered.ids[i] == id && id != 0) return send_ack(id, answered.ok[i]);
  }
  const bool ok = carry_out(command);
  answered.ids[answered.next] = id;
  answered.ok[answered.next] = ok;
  answered.next = (answered.next + 1) % kAnsweredMax;
  const bool sent = send_ack(id, ok);
  if (strcmp(command, "factory_reset") == 0) factory_reset();
  return sent;
}

/* Stored before it is acknowledged. */
static bool handle_consents(const struct mqtt_message* m) {
  uint32_t id = 0, version = 0;
  if (!json_number(m->payload, m->payload_bytes, "id", &id) ||
      !json_number(m->payload, m->payload_bytes, "version", &version) ||
      !json_consents(m->payload, m->payload_bytes, settings.consents))
    return true;
  if (version > settings.consent_version) settings.consent_version = version;
  const bool sent = send_ack(id, settings_save());
  if (!network_allowed()) mqtt_close();
  return sent;
}

static bool handle(const struct mqtt_message* m) {
  const size_t root_bytes = strlen(topic_root);
  if (strncmp(m->topic, topic_root, root_bytes) != 0) return true;
  const char* leaf = m->topic + root_bytes;
  if (strcmp(leaf, "down/command") == 0) return handle_command(m);
  if (strcmp(leaf, "down/consent") == 0) return handle_consents(m);
  return true;
}

static bool bind(void) {
  char json[192], answer[512];
  snprintf(json, sizeof json, "{\"pairing_token\":\"%s\"}", settings.pairing_token);
  const int status = https_post("/v1/bind", json, answer, sizeof answer);
  if (status == 401 || status == 403) settings_erase();
  if (status != 200) return false;
  if (!json_string(answer, strlen(answer), "credential", settings.credential,
                   sizeof settings.credential))
    return false;
  settings.pairing_token[0] = '\0';
  return settings_save();
}

static bool open_session(void) {
  char json[192], answer[1024], client_id[64], user[64], password[128];
  snprintf(json, sizeof json, "{\"credential\":\"%s\"}", settings.credential);
  const int status = https_post("/v1/session", json, answer, sizeof answer);
  if (status == 401) settings_erase();
  if (status != 200) return false;
  const size_t bytes = strlen(answer);
  if (!json_string(answer, bytes, "client_id", client_id, sizeof client_id) ||
      !json_string(answer, bytes, "username", user, sizeof user) ||
      !json_string(answer, bytes, "password", password, sizeof password) ||
      !json_consents(answer, bytes, settings.consents))
    return false;
  json_number(answer, bytes, "consent_version", &settings.consent_version);
  if (!settings_save() || !network_allowed()) return false;
  snprintf(topic_root, sizeof topic_root, "s/%s/", client_id);
  char filter[128];
  snprintf(filter, sizeof filter, "%sdown/#", topic_root);
  if (!mqtt_open(client_id, user, password)) return false;
  if (mqtt_subscribe(filter)) return true;
  mqtt_close();
  return false;
}

static void serve_session(void) {
  struct mqtt_message message;
  state_sent[0] = '\0';
  for (;;) {
    if (!send_state()) break;
    const int got = mqtt_poll(&message, SECOND_US / 4);
    if (got < 0 || (got == 1 && !handle(&message))) break;
  }
  mqtt_close();
}

void cloud_task(void* unused) {
  (void)unused;
  uint64_t pause_us = 2 * SECOND_US;
  for (;;) {
    if (!network_allowed() || settings.ssid[0] == '\0') serve_setup();
    if (!network_allowed()) continue;
    const bool joined = hal.wifi->state() == DP_WIFI_CONNECTED ||
                        hal.wifi->join(settings.ssid, settings.wifi_password, NULL,
                                       20 * SECOND_US) == DP_OK;
    if (joined && (settings.credential[0] != '\0' || bind()) && open_session()) {
      pause_us = 2 * SECOND_US;
      serve_session();
    }
    hal.clock->sleep_us(pause_us);
    if (pause_us < 60 * SECOND_US) pause_us *= 2;
  }
}
