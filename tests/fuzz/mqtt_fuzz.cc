// MQTT: packets, which must survive a second trip, and a broker with two clients that say anything.
#include <array>

#include "hil/protocol/mqtt_broker.h"
#include "hil/protocol/mqtt_topic.h"
#include "tests/fuzz/fuzz_input.h"

namespace dustproof::mqtt {
namespace {

void ReadPackets(std::span<const std::byte> bytes) {
  PacketReader reader(4096);
  reader.Append(bytes);
  while (true) {
    const Result<std::optional<Packet>> packet = reader.Next();
    if (!packet || !*packet) return;
    const auto* connect = std::get_if<Connect>(&**packet);
    if (connect != nullptr && connect->protocol_level != 4) continue;  // Not read to its end.
    const Bytes written = Encode(**packet);
    PacketReader second(8192);
    second.Append(written);
    const Result<std::optional<Packet>> again = second.Next();
    DP_CHECK(again.ok() && again->has_value());
    DP_CHECK(Encode(**again) == written);
  }
}

class Anybody final : public Authority {
 public:
  Verdict Authenticate(SimTime, const StreamPeer&, const Connect& connect) override {
    return {connect.client_id == "refused" ? ConnectCode::kNotAuthorized : ConnectCode::kAccepted,
            ""};
  }
  bool MayPublish(SimTime, const std::string&, std::string_view topic) override {
    return topic != "secret";
  }
  bool MaySubscribe(SimTime, const std::string&, std::string_view filter) override {
    return filter != "secret";
  }
};

/// Pieces, each with a byte ahead: whose turn it is, and how many bytes it says.
void TalkToBroker(fuzz::Input input) {
  Anybody authority;
  Broker::Config config;
  config.packet_bytes_max = 4096;
  config.session = {.inflight_max = 3, .queued_max = 8};
  Broker broker(config, authority);
  SimTime now = SimTime::Zero();
  std::array<std::unique_ptr<StreamCore>, 2> clients;
  while (!input.empty()) {
    const uint8_t turn = input.Byte();
    std::unique_ptr<StreamCore>& client = clients[turn & 1];
    if (client == nullptr) {
      client = broker.Accept(now, {});
      client->OnOpen(now);
    }
    now = now + SimDuration::Milliseconds(turn & 2 ? 1 : 500);
    if (client->next_timer() && *client->next_timer() <= now) client->OnTimer(now);
    client->OnBytes(now, input.Take(turn >> 2));
    for (std::unique_ptr<StreamCore>& one : clients) {
      if (one == nullptr) continue;
      ReadPackets(one->TakeOutput());
      if (!one->wants_close()) continue;
      one->OnClose(now);
      one.reset();
    }
  }
}

}  // namespace
}  // namespace dustproof::mqtt

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace dustproof;
  fuzz::Input input(data, size);
  const bool to_broker = input.Byte() & 1;
  if (to_broker) {
    mqtt::TalkToBroker(input);
  } else {
    mqtt::ReadPackets(input.Rest());
  }
  return 0;
}
