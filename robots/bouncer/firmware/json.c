#include <stdlib.h>
#include <string.h>

#include "robots/bouncer/firmware/bouncer.h"

static const char* skip_space(const char* at, const char* end) {
  while (at < end && (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r')) ++at;
  return at;
}

/* Past the string that begins at the quote, or NULL. */
static const char* skip_string(const char* at, const char* end) {
  for (++at; at < end; ++at) {
    if (*at == '\\') {
      ++at;
    } else if (*at == '"') {
      return at + 1;
    }
  }
  return NULL;
}

/* Past the value that begins here, or NULL. */
static const char* skip_value(const char* at, const char* end) {
  int depth = 0;
  while (at != NULL && at < end) {
    if (*at == '"') {
      at = skip_string(at, end);
      if (depth == 0) return at;
      continue;
    }
    if (*at == '{' || *at == '[') ++depth;
    const bool closes = *at == '}' || *at == ']';
    if (depth == 0 && (closes || *at == ',')) return at;
    if (closes && --depth == 0) return at + 1;
    ++at;
  }
  return depth == 0 ? at : NULL;
}

const char* json_member(const char* json, size_t bytes, const char* key, size_t* value_bytes) {
  const char* const end = json + bytes;
  const char* at = skip_space(json, end);
  if (at == end || *at != '{') return NULL;
  at = skip_space(at + 1, end);
  while (at != NULL && at < end && *at == '"') {
    const char* name = at + 1;
    const char* name_end = skip_string(at, end);
    if (name_end == NULL) return NULL;
    at = skip_space(name_end, end);
    if (at == end || *at != ':') return NULL;
    const char* value = skip_space(at + 1, end);
    at = skip_value(value, end);
    if (at == NULL) return NULL;
    const size_t name_bytes = (size_t)(name_end - 1 - name);
    if (name_bytes == strlen(key) && memcmp(name, key, name_bytes) == 0) {
      *value_bytes = (size_t)(at - value);
      return value;
    }
    at = skip_space(at, end);
    if (at == end || *at != ',') return NULL;
    at = skip_space(at + 1, end);
  }
  return NULL;
}

static int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/* \uXXXX as UTF-8, without the planes beyond the first. Returns the count of bytes, 0 where it is wrong. */
static size_t put_unicode(const char* digits, char* out) {
  unsigned code = 0;
  for (int i = 0; i < 4; ++i) {
    const int digit = hex_digit(digits[i]);
    if (digit < 0) return 0;
    code = code << 4 | (unsigned)digit;
  }
  if (code < 0x80) {
    out[0] = (char)code;
    return 1;
  }
  if (code < 0x800) {
    out[0] = (char)(0xC0 | code >> 6);
    out[1] = (char)(0x80 | (code & 0x3F));
    return 2;
  }
  out[0] = (char)(0xE0 | code >> 12);
  out[1] = (char)(0x80 | (code >> 6 & 0x3F));
  out[2] = (char)(0x80 | (code & 0x3F));
  return 3;
}

bool json_string(const char* json, size_t bytes, const char* key, char* out, size_t capacity) {
  size_t value_bytes = 0, used = 0;
  const char* value = json_member(json, bytes, key, &value_bytes);
  if (value == NULL || value_bytes < 2 || *value != '"') return false;
  for (size_t i = 1; i + 1 < value_bytes; ++i) {
    if (used + 4 > capacity) return false;
    if (value[i] != '\\') {
      out[used++] = value[i];
      continue;
    }
    const char escaped = value[++i];
    const char* const plain = strchr("\"\"\\\\//b\bf\fn\nr\rt\t", escaped);
    if (escaped == 'u' && i + 5 < value_bytes) {
      const size_t count = put_unicode(value + i + 1, out + used);
      if (count == 0) return false;
      used += count;
      i += 4;
    } else if (plain != NULL && escaped != '\0') {
      out[used++] = plain[1];
    } else {
      return false;
    }
  }
  out[used] = '\0';
  return true;
}

bool json_number(const char* json, size_t bytes, const char* key, uint32_t* out) {
  size_t value_bytes = 0;
  const char* value = json_member(json, bytes, key, &value_bytes);
  if (value == NULL || value_bytes == 0 || value_bytes > 10) return false;
  uint64_t number = 0;
  for (size_t i = 0; i < value_bytes; ++i) {
    if (value[i] < '0' || value[i] > '9') {
      if (strchr(" \t\r\n", value[i]) == NULL) return false;
      continue;
    }
    number = number * 10 + (uint64_t)(value[i] - '0');
  }
  if (number > UINT32_MAX) return false;
  *out = (uint32_t)number;
  return true;
}

bool json_consents(const char* json, size_t bytes, uint8_t states[kConsentCount]) {
  static const char* const words[] = {"unset", "granted", "denied", "withdrawn"};
  size_t object_bytes = 0;
  const char* object = json_member(json, bytes, "consents", &object_bytes);
  if (object == NULL) return true;
  for (int i = 0; i < kConsentCount; ++i) {
    size_t value_bytes = 0;
    if (json_member(object, object_bytes, consent_names[i], &value_bytes) == NULL) continue;
    char word[16];
    if (!json_string(object, object_bytes, consent_names[i], word, sizeof word)) return false;
    int state = 0;
    while (state < 4 && strcmp(words[state], word) != 0) ++state;
    if (state == 4) return false;
    states[i] = (uint8_t)state;
  }
  return true;
}
