#include "hil/wire/framing.h"

/* CRC-32 as in Ethernet and zlib, four bits at a time: a table of 64 bytes suits a microcontroller. */
static uint32_t add_to_crc(uint32_t crc, uint8_t byte) {
  static const uint32_t table[16] = {0x00000000, 0x1DB71064, 0x3B6E20C8, 0x26D930AC, 0x76DC4190, 0x6B6B51F4,
                                     0x4DB26158, 0x5005713C, 0xEDB88320, 0xF00F9344, 0xD6D6A3E8, 0xCB61B38C,
                                     0x9B64C2B0, 0x86D3D2D4, 0xA00AE278, 0xBDBDF21C};
  crc ^= byte;
  crc = crc >> 4 ^ table[crc & 15];
  return crc >> 4 ^ table[crc & 15];
}

static uint32_t crc_of(const uint8_t* data, size_t bytes) {
  uint32_t crc = 0xFFFFFFFF;
  for (size_t i = 0; i < bytes; ++i) crc = add_to_crc(crc, data[i]);
  return ~crc;
}

/* A block is a code, and as many bytes that are not zero as the code says, less one. */
typedef struct {
  uint8_t* out;
  size_t code; /* Where the open block's code belongs. */
  size_t used;
} writer;

static void close_block(writer* to) {
  to->out[to->code] = (uint8_t)(to->used - to->code);
  to->code = to->used++;
}

static void put(writer* to, uint8_t byte) {
  if (byte != 0) to->out[to->used++] = byte;
  if (byte == 0 || to->used - to->code == 255) close_block(to);
}

size_t dp_frame_encode(const void* payload, size_t bytes, uint8_t* out, size_t capacity) {
  if (bytes == 0 || bytes > capacity || DP_FRAME_BYTES_MAX(bytes) > capacity) return 0;
  const uint8_t* data = payload;
  const uint32_t crc = crc_of(data, bytes);
  writer to = {.out = out, .code = 1, .used = 2};
  out[0] = 0;
  for (size_t i = 0; i < bytes; ++i) put(&to, data[i]);
  for (unsigned shift = 0; shift < 32; shift += 8) put(&to, (uint8_t)(crc >> shift));
  close_block(&to);
  out[to.code] = 0;
  return to.used;
}

static void begin_frame(dp_frame_decoder* decoder) {
  decoder->used = 0;
  decoder->left = decoder->zero_due = decoder->begun = decoder->full = 0;
}

void dp_frame_decoder_init(dp_frame_decoder* decoder, uint8_t* buffer, size_t capacity) {
  *decoder = (dp_frame_decoder){.buffer = buffer, .capacity = capacity};
}

static void take(dp_frame_decoder* decoder, uint8_t byte) {
  if (decoder->used == decoder->capacity)
    decoder->full = 1;
  else
    decoder->buffer[decoder->used++] = byte;
}

/* The length of the payload, or 0 where the frame is damaged. */
static size_t check(const dp_frame_decoder* decoder) {
  if (decoder->full || decoder->left > 0 || decoder->used <= DP_FRAME_CHECK_BYTES) return 0;
  const size_t bytes = decoder->used - DP_FRAME_CHECK_BYTES;
  uint32_t said = 0;
  for (unsigned i = 0; i < DP_FRAME_CHECK_BYTES; ++i) said |= (uint32_t)decoder->buffer[bytes + i] << 8 * i;
  return said == crc_of(decoder->buffer, bytes) ? bytes : 0;
}

static size_t end_frame(dp_frame_decoder* decoder) {
  if (!decoder->begun) return 0; /* Nothing between two zeros. */
  const size_t bytes = check(decoder);
  if (bytes > 0)
    ++decoder->frames;
  else
    ++decoder->damaged;
  decoder->oversized += decoder->full;
  begin_frame(decoder);
  return bytes;
}

size_t dp_frame_decode(dp_frame_decoder* decoder, uint8_t byte) {
  if (byte == 0) return end_frame(decoder);
  decoder->begun = 1;
  if (decoder->left > 0) {
    --decoder->left;
    take(decoder, byte);
    return 0;
  }
  if (decoder->zero_due) take(decoder, 0);
  decoder->left = (uint8_t)(byte - 1);
  decoder->zero_due = byte != 255;
  return 0;
}
