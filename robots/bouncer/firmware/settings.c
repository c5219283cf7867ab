/* Settings in two flash blocks that take turns: the newer whole record counts. */
#include <string.h>

#include "robots/bouncer/firmware/bouncer.h"

enum { kMagic = 0x424E4331 }; /* "1CNB" */

const char* const consent_names[kConsentCount] = {"C_POLICY", "C_MAP_UPLOAD", "C_IMPROVE",
                                                  "C_DEVID", "C_LOCATION"};
struct settings settings;

struct record {
  uint32_t magic, sequence;
  struct settings settings;
  uint32_t checksum; /* Of all before. */
};

static uint32_t sequence;
static uint32_t newest_block;

/* FNV-1a: finds a record that was cut short; nobody means harm to it. */
static uint32_t checksum_of(const void* data, size_t bytes) {
  const uint8_t* at = data;
  uint32_t hash = 2166136261u;
  while (bytes-- > 0) hash = (hash ^ *at++) * 16777619u;
  return hash;
}

static bool read_record(uint32_t block, struct record* out) {
  const uint32_t address = block * hal.flash->info().block_bytes;
  return hal.flash->read(address, out, sizeof *out) == DP_OK && out->magic == kMagic &&
         out->checksum == checksum_of(out, offsetof(struct record, checksum));
}

void settings_load(void) {
  memset(&settings, 0, sizeof settings);
  sequence = 0;
  for (uint32_t block = 0; block < 2; ++block) {
    struct record record;
    if (!read_record(block, &record) || record.sequence <= sequence) continue;
    sequence = record.sequence;
    newest_block = block;
    settings = record.settings;
  }
}

static bool program(uint32_t address, const void* data, size_t bytes) {
  const size_t page_bytes = hal.flash->info().page_bytes;
  const uint8_t* from = data;
  while (bytes > 0) {
    const size_t part = bytes < page_bytes ? bytes : page_bytes;
    if (hal.flash->program(address, from, part) != DP_OK) return false;
    address += (uint32_t)part;
    from += part;
    bytes -= part;
  }
  return true;
}

bool settings_save(void) {
  const uint32_t block = sequence == 0 ? 0 : 1 - newest_block;
  const uint32_t address = block * hal.flash->info().block_bytes;
  struct record record, written;
  memset(&record, 0, sizeof record);
  record.magic = kMagic;
  record.sequence = sequence + 1;
  record.settings = settings;
  record.checksum = checksum_of(&record, offsetof(struct record, checksum));
  if (hal.flash->erase(address) != DP_OK || !program(address, &record, sizeof record) ||
      !read_record(block, &written)) {
    log_line(DP_LOG_ERROR, "the settings could not be stored");
    return false;
  }
  sequence = record.sequence;
  newest_block = block;
  return true;
}

void settings_erase(void) {
  memset(&settings, 0, sizeof settings);
  for (uint32_t block = 0; block < 2; ++block)
    hal.flash->erase(block * hal.flash->info().block_bytes);
  sequence = 0;
}

bool network_allowed(void) { return settings.consents[kConsentPolicy] == CONSENT_GRANTED; }
