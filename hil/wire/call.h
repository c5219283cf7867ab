/* Calls of the HAL as a board's shim writes them down: C11, nanopb, no heap, for boards with and without an operating system. */
#ifndef DUSTPROOF_WIRE_CALL_H
#define DUSTPROOF_WIRE_CALL_H

#include <dustproof.pb.h>
#include <pb_encode.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Message.version of this schema. */
enum { WIRE_PROTOCOL_VERSION = 1 };

/* Arrays and texts are borrowed; what is 0 or NULL is left out. */
typedef struct wire_call {
  dustproof_wire_Function function;
  const uint64_t* integers;
  size_t integer_count;
  const double* reals;
  size_t real_count;
  const void* data;
  size_t bytes;
  const char* text;
  const char* text_2;
  const char* text_3;
} wire_call;

/* Numbers as an argument list. */
#define WIRE_INTEGERS(...)                     \
  .integers = (const uint64_t[]){__VA_ARGS__}, \
  .integer_count = sizeof((const uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t)
#define WIRE_REALS(...)                   \
  .reals = (const double[]){__VA_ARGS__}, \
  .real_count = sizeof((const double[]){__VA_ARGS__}) / sizeof(double)

/* Adds the call of a task to what will be a Turn. False where `to` has no room. */
bool wire_add_call(pb_ostream_t* to, uint32_t task, const wire_call* call);
/* The fields of a Message before its body. */
bool wire_add_head(pb_ostream_t* to, uint64_t session, uint64_t step, uint64_t time_ns);

#endif
