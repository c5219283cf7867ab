// HTTP: what a client sends and what a server answers, whole and in pieces, which must read alike.
#include <vector>

#include "hil/protocol/http_server.h"
#include "tests/fuzz/fuzz_input.h"

namespace dustproof {
namespace {

constexpr HttpLimits kLimits = {.header_bytes_max = 2048, .body_bytes_max = 4096};

void TakeEnd(HttpRequestReader& reader, std::vector<std::string>& found) {
  if (reader.in_request()) found.push_back("no message");
}

void TakeEnd(HttpResponseReader& reader, std::vector<std::string>& found) {
  const auto last = reader.Finish();
  if (!last) found.push_back("no message");
  if (last && *last) found.emplace_back(fuzz::AsText(Encode(**last)));
}

/// All that comes out of a stream that is fed in pieces of that size, as text; and whether more came
/// that is no message. Whether that is an error or may yet become one depends on the pieces.
template <typename Reader>
std::vector<std::string> ReadAll(std::span<const std::byte> stream, size_t piece_bytes) {
  Reader reader(kLimits);
  std::vector<std::string> found;
  for (size_t at = 0; at < stream.size(); at += piece_bytes) {
    reader.Append(stream.subspan(at, std::min(piece_bytes, stream.size() - at)));
    while (true) {
      const auto message = reader.Next();
      if (!message) {
        found.push_back("no message");
        return found;
      }
      if (!*message) break;
      DP_CHECK((*message)->body.size() <= kLimits.body_bytes_max);
      found.emplace_back(fuzz::AsText(Encode(**message)));
    }
  }
  TakeEnd(reader, found);
  return found;
}

template <typename Reader>
void ReadWholeAndInPieces(std::span<const std::byte> stream, size_t piece_bytes) {
  const auto whole = ReadAll<Reader>(stream, stream.size() + 1);
  const auto pieces = ReadAll<Reader>(stream, piece_bytes);
  DP_CHECK(whole == pieces, whole.size(), pieces.size());
}

void Serve(std::span<const std::byte> stream) {
  std::vector<bool> to_head;  // By request. An error that ends them has its body.
  HttpService service(
      {.limits = kLimits}, [&](SimTime, const StreamPeer&, const HttpRequest& request) {
        to_head.push_back(request.method == "HEAD");
        HttpReply reply{.response =
                            HttpResponse::With(200, "text/plain", PercentDecode(request.target))};
        reply.drop_connection = request.path() == "/drop";
        reply.delay = SimDuration::Milliseconds(request.path() == "/slow" ? 100 : 0);
        return reply;
      });
  SimTime now = SimTime::Zero();
  const auto connection = service.Accept(now, {});
  connection->OnOpen(now);
  connection->OnBytes(now, stream);
  for (int i = 0; i < 64 && connection->next_timer() && !connection->wants_close(); ++i) {
    now = *connection->next_timer();
    connection->OnTimer(now);
  }
  const Bytes answers = connection->TakeOutput();
  HttpResponseReader reader({.header_bytes_max = 4096, .body_bytes_max = 1 << 20});
  reader.Append(answers);
  for (size_t i = 0;; ++i) {
    const auto response = reader.Next(i < to_head.size() && to_head[i]);
    DP_CHECK(response.ok(), ToString(response.error()));
    if (!*response) break;
  }
  connection->OnClose(now);
}

}  // namespace
}  // namespace dustproof

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace dustproof;
  fuzz::Input input(data, size);
  const uint8_t how = input.Byte();
  const auto stream = input.Rest();
  const size_t piece_bytes = 1 + (how >> 2);
  if ((how & 3) == 0) ReadWholeAndInPieces<HttpRequestReader>(stream, piece_bytes);
  if ((how & 3) == 1) ReadWholeAndInPieces<HttpResponseReader>(stream, piece_bytes);
  if ((how & 3) >= 2) Serve(stream);
  return 0;
}
