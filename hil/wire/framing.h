/* Messages over a serial line: C11, no heap, for both ends.
 *
 * A frame is 0, then the payload and its CRC-32 (least significant byte first), spelled without
 * zeros by COBS (consistent overhead byte stuffing), then 0. So whatever a line loses, flips or
 * makes up costs the frames that it touches and no other: the next 0 begins anew.
 */
#ifndef DUSTPROOF_FRAMING_H
#define DUSTPROOF_FRAMING_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Of the payload's CRC-32. */
#define DP_FRAME_CHECK_BYTES 4
/* What the frame of a payload of `bytes` takes at most. */
#define DP_FRAME_BYTES_MAX(bytes) \
  ((bytes) + DP_FRAME_CHECK_BYTES + ((bytes) + DP_FRAME_CHECK_BYTES) / 254 + 3)

/* Writes the frame of `payload` to `out`; returns its length, or 0 where it does not fit or there is
 * no payload: an empty message says nothing. The two do not overlap. */
size_t dp_frame_encode(const void* payload, size_t bytes, uint8_t* out, size_t capacity);

/* Where a receiver stands. Payloads of up to capacity - DP_FRAME_CHECK_BYTES fit. */
typedef struct dp_frame_decoder {
  uint8_t* buffer;
  size_t capacity;
  uint32_t frames;    /* That arrived whole. */
  uint32_t damaged;   /* That did not: noise between two frames counts as one. */
  uint32_t oversized; /* Damaged ones that were longer than the buffer. */
  /* Of the frame on its way. */
  size_t used;
  uint8_t left;     /* Bytes until the next code. */
  uint8_t zero_due; /* A code that is not the last stands for a zero. */
  uint8_t begun;
  uint8_t full;
} dp_frame_decoder;

/* `buffer` is borrowed for as long as the decoder is used. */
void dp_frame_decoder_init(dp_frame_decoder* decoder, uint8_t* buffer, size_t capacity);

/* Takes the next byte of the line. Returns the length of the payload that it completes, which stands
 * at the beginning of the buffer until the next call, or 0. */
size_t dp_frame_decode(dp_frame_decoder* decoder, uint8_t byte);

#ifdef __cplusplus
}
#endif

#endif
