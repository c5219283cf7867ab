// The wire between board and run: any bytes do no harm to either decoder, and what protobuf takes nanopb takes for the same.
#include <dustproof.pb.h>  // Nanopb's.
#include <pb_decode.h>
#include <pb_encode.h>

#include <string>

#include "tests/fuzz/fuzz_input.h"
#include "whole/dustproof.pb.h"

namespace {

using dustproof::wire::Message;

// What nanopb makes of a message, written again; "" where it refuses.
std::string ThroughNanopb(const void* data, size_t size) {
  dustproof_wire_Message message = dustproof_wire_Message_init_zero;
  pb_istream_t from = pb_istream_from_buffer(static_cast<const pb_byte_t*>(data), size);
  std::string written(2 * size + 256, '\0');
  pb_ostream_t to = pb_ostream_from_buffer(reinterpret_cast<pb_byte_t*>(written.data()), written.size());
  const bool passed = pb_decode(&from, dustproof_wire_Message_fields, &message) && pb_encode(&to, dustproof_wire_Message_fields, &message);
  pb_release(dustproof_wire_Message_fields, &message);
  written.resize(passed ? to.bytes_written : 0);
  return written;
}

// What C's strings can't hold, and numbers of functions that nobody knows, reach no firmware: the run sends neither.
bool IsSendable(const Message& message) {
  for (const auto& call : message.turn().calls()) {
    if (!dustproof::wire::Function_IsValid(call.function())) return false;
    for (const std::string* text : {&call.text(), &call.text_2(), &call.text_3()})
      if (text->find('\0') != std::string::npos) return false;
  }
  for (const std::string& name : message.welcome().interfaces())
    if (name.find('\0') != std::string::npos) return false;
  const auto& identity = message.welcome().identity();
  for (const std::string* text :
       {&message.hello().firmware_name(), &message.hello().firmware_version(), &message.hello().build_id(), &identity.robot_id(), &identity.model(),
        &identity.trust_anchor_pem(), &identity.device_cert_pem(), &identity.device_key_pem(), &identity.setup_passphrase(), &message.fault().what(),
        &message.fault().detail(), &message.fault().backtrace(), &message.refusal().reason(), &message.goodbye().reason()})
    if (text->find('\0') != std::string::npos) return false;
  for (const auto& result : message.grant().results())
    for (const auto& network : result.networks())
      if (network.ssid().find('\0') != std::string::npos) return false;
  return true;
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  (void)ThroughNanopb(data, size);
  Message message;
  if (!message.ParseFromArray(data, static_cast<int>(size))) return 0;
  message.DiscardUnknownFields();  // Which one decoder keeps and the other passes over.
  if (!IsSendable(message)) return 0;
  const std::string said = message.SerializeAsString();
  Message back;
  DP_CHECK(back.ParseFromString(ThroughNanopb(said.data(), said.size())), said.size());
  DP_CHECK(back.SerializeAsString() == said, message.ShortDebugString());
  return 0;
}
