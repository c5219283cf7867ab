#include "hil/protocol/http_parser.h"

// The one file that includes Boost.Beast: it takes ten seconds to compile.
#include <algorithm>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <string>
#include <utility>

namespace dustproof {
namespace {

namespace http = boost::beast::http;

Error Refusal(const std::string& why) { return Error::BadInput("HTTP: " + why); }

/// A Beast parser over a growing buffer, one message at a time.
template <bool is_request>
class MessageReader {
 public:
  using Parser = http::parser<is_request, http::string_body>;

  explicit MessageReader(const HttpLimits& limits) : limits_(limits) { Renew(); }

  void Append(std::span<const std::byte> bytes) {
    pending_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }

  /// Parses on; whether a message is complete. `skip_body` for the answer to HEAD.
  boost::system::error_code Advance(bool skip_body) {
    boost::system::error_code error;
    if (!began_ && is_request) {
      SkipEmptyLines();
      if (pending_ == "\r") return error;  // Half of an empty line, perhaps.
    }
    if (!began_) parser_->skip(skip_body);
    size_t used = 0;
    while (used < pending_.size() && !parser_->is_done()) {
      if (IsTooLittleOfChunks(pending_.size() - used)) break;
      began_ = true;
      const size_t count =
          parser_->put(boost::asio::buffer(pending_.data() + used, pending_.size() - used), error);
      used += count;
      if (error == http::error::need_more) error = {};
      if (error || count == 0) break;
    }
    pending_.erase(0, used);
    return error;
  }

  bool done() const { return parser_->is_done(); }
  bool began() const { return began_ || !pending_.empty(); }
  Parser& parser() { return *parser_; }

  /// Ready for the next message.
  void Renew() {
    parser_.emplace();
    parser_->eager(true);
    parser_->header_limit(static_cast<std::uint32_t>(limits_.header_bytes_max));
    parser_->body_limit(limits_.body_bytes_max);
    began_ = false;
  }

 private:
  /// A robust server passes over empty lines before a request line (RFC 9112, 2.2).
  void SkipEmptyLines() {
    size_t begin = 0;
    while (pending_.compare(begin, 2, "\r\n") == 0) begin += 2;
    pending_.erase(0, begin);
  }

  /// Whatever is left of a chunked body, it ends with "0", twice CRLF. Beast 1.81 asserts that it is
  /// given so much of a last chunk's line that it has seen before.
  bool IsTooLittleOfChunks(size_t bytes) const {
    constexpr size_t kLastChunkBytes = 5;
    return bytes < kLastChunkBytes && parser_->is_header_done() && parser_->chunked();
  }

  HttpLimits limits_;
  std::optional<Parser> parser_;
  std::string pending_;
  bool began_ = false;
};

template <typename Message>
HttpHeaders CopyHeaders(const Message& message) {
  HttpHeaders headers;
  for (const auto& field : message)
    headers.emplace_back(std::string(field.name_string()), std::string(field.value()));
  return headers;
}

int StatusOf(const boost::system::error_code& error) {
  if (error == http::error::header_limit) return 431;
  if (error == http::error::body_limit || error == http::error::buffer_overflow) return 413;
  if (error == http::error::bad_version) return 505;
  return 400;
}

bool IsAcceptableTarget(std::string_view method, std::string_view target) {
  return target.starts_with('/') || (method == "OPTIONS" && target == "*");
}

}  // namespace

struct HttpRequestReader::State {
  explicit State(const HttpLimits& limits) : reader(limits) {}
  MessageReader<true> reader;
  int error_status = 400;
  bool continue_asked = false;
  bool continue_answered = false;

  Error Refuse(int status, const std::string& why) {
    error_status = status;
    return Refusal(why);
  }

  /// What Beast lets pass and we don't; checked as soon as the header is complete.
  std::optional<Error> CheckHeader() {
    const auto& message = reader.parser().get();
    const size_t codings = message.count(http::field::transfer_encoding);
    const bool only_chunked =
        codings == 1 && boost::beast::iequals(message[http::field::transfer_encoding], "chunked");
    if (codings > 0 && !only_chunked) {
      return Refuse(501, "transfer encoding other than chunked");
    }
    if (message.version() >= 11 && message.count(http::field::host) != 1) {
      return Refuse(400, "HTTP/1.1 wants exactly one Host");
    }
    if (!IsAcceptableTarget(message.method_string(), message.target()))
      return Refuse(400, "request target without a path");
    return std::nullopt;
  }
};

HttpRequestReader::HttpRequestReader(const HttpLimits& limits)
    : state_(std::make_unique<State>(limits)) {}
HttpRequestReader::~HttpRequestReader() = default;
HttpRequestReader::HttpRequestReader(HttpRequestReader&&) noexcept = default;
HttpRequestReader& HttpRequestReader::operator=(HttpRequestReader&&) noexcept = default;

void HttpRequestReader::Append(std::span<const std::byte> bytes) { state_->reader.Append(bytes); }
int HttpRequestReader::error_status() const { return state_->error_status; }
bool HttpRequestReader::in_request() const { return state_->reader.began(); }

Result<std::optional<HttpRequest>> HttpRequestReader::Next() {
  State& state = *state_;
  const auto error = state.reader.Advance(false);
  if (error) return state.Refuse(StatusOf(error), error.message());
  if (!state.reader.parser().is_header_done()) return std::optional<HttpRequest>();
  if (auto refusal = state.CheckHeader()) return *refusal;
  auto& parser = state.reader.parser();
  if (!parser.is_done()) {
    state.continue_asked = boost::beast::iequals(parser.get()[http::field::expect], "100-continue");
    return std::optional<HttpRequest>();
  }
  const auto& message = parser.get();
  HttpRequest request{.method = std::string(message.method_string()),
                      .target = std::string(message.target()),
                      .headers = CopyHeaders(message),
                      .body = ToBytes(message.body()),
                      .keep_alive = parser.keep_alive()};
  state.reader.Renew();
  state.continue_asked = state.continue_answered = false;
  return std::optional<HttpRequest>(std::move(request));
}

bool HttpRequestReader::TakeContinueWish() {
  if (!state_->continue_asked || state_->continue_answered) return false;
  return state_->continue_answered = true;
}

struct HttpResponseReader::State {
  explicit State(const HttpLimits& limits) : reader(limits) {}
  MessageReader<false> reader;

  std::optional<HttpResponse> Take() {
    auto& parser = reader.parser();
    const auto& message = parser.get();
    HttpResponse response{.status = static_cast<int>(message.result_int()),
                          .headers = CopyHeaders(message),
                          .body = ToBytes(message.body()),
                          .keep_alive = parser.keep_alive()};
    reader.Renew();
    return response;
  }
};

HttpResponseReader::HttpResponseReader(const HttpLimits& limits)
    : state_(std::make_unique<State>(limits)) {}
HttpResponseReader::~HttpResponseReader() = default;
HttpResponseReader::HttpResponseReader(HttpResponseReader&&) noexcept = default;
HttpResponseReader& HttpResponseReader::operator=(HttpResponseReader&&) noexcept = default;

void HttpResponseReader::Append(std::span<const std::byte> bytes) { state_->reader.Append(bytes); }

Result<std::optional<HttpResponse>> HttpResponseReader::Next(bool to_head) {
  while (true) {
    const auto error = state_->reader.Advance(to_head);
    if (error) return Refusal(error.message());
    if (!state_->reader.done()) return std::optional<HttpResponse>();
    std::optional<HttpResponse> response = state_->Take();
    if (response->status >= 200) return response;
  }
}

Result<std::optional<HttpResponse>> HttpResponseReader::Finish() {
  if (!state_->reader.began()) return std::optional<HttpResponse>();
  boost::system::error_code error;
  state_->reader.parser().put_eof(error);
  if (error) return Refusal(error.message());
  return state_->Take();
}

}  // namespace dustproof
