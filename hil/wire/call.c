#include "hil/wire/call.h"

#include <string.h>

static bool add_bytes(pb_ostream_t* to, uint32_t tag, const void* data, size_t bytes) {
  return data == NULL || bytes == 0 || (pb_encode_tag(to, PB_WT_STRING, tag) && pb_encode_string(to, data, bytes));
}

static bool add_text(pb_ostream_t* to, uint32_t tag, const char* text) { return text == NULL || add_bytes(to, tag, text, strlen(text)); }

static bool encode(pb_ostream_t* to, uint32_t task, const wire_call* call) {
  bool done = pb_encode_tag(to, PB_WT_VARINT, dustproof_wire_Call_task_tag) && pb_encode_varint(to, task) &&
              pb_encode_tag(to, PB_WT_VARINT, dustproof_wire_Call_function_tag) && pb_encode_varint(to, (uint64_t)call->function);
  for (size_t i = 0; i < call->integer_count; ++i)
    done = done && pb_encode_tag(to, PB_WT_VARINT, dustproof_wire_Call_integers_tag) && pb_encode_varint(to, call->integers[i]);
  for (size_t i = 0; i < call->real_count; ++i)
    done = done && pb_encode_tag(to, PB_WT_64BIT, dustproof_wire_Call_reals_tag) && pb_encode_fixed64(to, &call->reals[i]);
  return done && add_bytes(to, dustproof_wire_Call_data_tag, call->data, call->bytes) && add_text(to, dustproof_wire_Call_text_tag, call->text) &&
         add_text(to, dustproof_wire_Call_text_2_tag, call->text_2) && add_text(to, dustproof_wire_Call_text_3_tag, call->text_3);
}

bool wire_add_call(pb_ostream_t* to, uint32_t task, const wire_call* call) {
  pb_ostream_t size = PB_OSTREAM_SIZING;
  return encode(&size, task, call) && pb_encode_tag(to, PB_WT_STRING, dustproof_wire_Turn_calls_tag) && pb_encode_varint(to, size.bytes_written) &&
         encode(to, task, call);
}

bool wire_add_head(pb_ostream_t* to, uint64_t session, uint64_t step, uint64_t time_ns) {
  return pb_encode_tag(to, PB_WT_VARINT, dustproof_wire_Message_version_tag) && pb_encode_varint(to, WIRE_PROTOCOL_VERSION) &&
         pb_encode_tag(to, PB_WT_64BIT, dustproof_wire_Message_session_tag) && pb_encode_fixed64(to, &session) &&
         pb_encode_tag(to, PB_WT_VARINT, dustproof_wire_Message_step_tag) && pb_encode_varint(to, step) &&
         pb_encode_tag(to, PB_WT_VARINT, dustproof_wire_Message_time_ns_tag) && pb_encode_varint(to, time_ns);
}
