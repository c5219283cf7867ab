#include "robots/vacuum/firmware/cloud/http.h"

#include <algorithm>
#include <cctype>
#include <charconv>

namespace vacuum {
namespace {

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return lower;
}

std::string_view Trim(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// A whole number in `base` that takes all of `text`.
std::optional<size_t> Number(std::string_view text, int base) {
  size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

bool ParseHead(std::string_view head, HttpMessage& message) {
  size_t at = head.find("\r\n");
  if (at == std::string_view::npos) return false;
  message.start = std::string(head.substr(0, at));
  at += 2;
  while (at < head.size()) {
    const size_t end = head.find("\r\n", at);
    if (end == std::string_view::npos) return false;
    const std::string_view line = head.substr(at, end - at);
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0) return false;
    message.headers.push_back(
        {Lower(line.substr(0, colon)), std::string(Trim(line.substr(colon + 1)))});
    at = end + 2;
  }
  return true;
}

// Takes bytes off a stream against one deadline.
class Source {
 public:
  Source(ByteStream& stream, std::string& buffer, const std::function<uint64_t()>& now_us,
         uint64_t deadline_us)
      : stream_(stream), buffer_(buffer), now_us_(now_us), deadline_us_(deadline_us) {}

  // One more piece into the buffer. False at the end of the stream, on failure or past the
  // deadline.
  bool More() {
    const uint64_t now = now_us_();
    if (now >= deadline_us_) return false;
    char piece[2048];
    const int count = stream_.Read(piece, sizeof(piece), deadline_us_ - now);
    if (count <= 0) {
      closed_ = count == 0;
      return false;
    }
    buffer_.append(piece, static_cast<size_t>(count));
    return true;
  }

  // All up to and with `mark`, at most `bytes_max`.
  std::optional<std::string> TakeThrough(std::string_view mark, size_t bytes_max) {
    for (;;) {
      const size_t at = buffer_.find(mark);
      if (at != std::string::npos)
        return at + mark.size() <= bytes_max ? Take(at + mark.size()) : std::nullopt;
      if (buffer_.size() > bytes_max || !More()) return std::nullopt;
    }
  }

  std::optional<std::string> TakeBytes(size_t count) {
    while (buffer_.size() < count) {
      if (!More()) return std::nullopt;
    }
    return Take(count);
  }

  std::optional<std::string> TakeToEnd(size_t bytes_max) {
    while (buffer_.size() <= bytes_max) {
      if (More()) continue;
      return closed_ ? Take(buffer_.size()) : std::nullopt;
    }
    return std::nullopt;
  }

 private:
  std::optional<std::string> Take(size_t count) {
    std::string taken = buffer_.substr(0, count);
    buffer_.erase(0, count);
    return taken;
  }

  ByteStream& stream_;
  std::string& buffer_;
  const std::function<uint64_t()>& now_us_;
  const uint64_t deadline_us_;
  bool closed_ = false;
};

std::optional<std::string> ReadChunks(Source& source, const HttpLimits& limits) {
  std::string body;
  for (;;) {
    const auto line = source.TakeThrough("\r\n", 256);
    if (!line) return std::nullopt;
    const auto size =
        Number(Trim(std::string_view(*line).substr(0, line->find_first_of(";\r"))), 16);
    if (!size || *size > limits.body_bytes_max - body.size()) return std::nullopt;
    if (*size == 0) break;
    const auto piece = source.TakeBytes(*size + 2);
    if (!piece || !piece->ends_with("\r\n")) return std::nullopt;
    body += piece->substr(0, *size);
  }
  // Trailers are read past and not used.
  for (;;) {
    const auto line = source.TakeThrough("\r\n", limits.head_bytes_max);
    if (!line) return std::nullopt;
    if (line->size() == 2) return body;
  }
}

}  // namespace

std::string_view HttpMessage::Find(std::string_view name) const {
  const auto found = std::find_if(headers.begin(), headers.end(),
                                  [&](const HttpHeader& h) { return h.name == name; });
  return found == headers.end() ? std::string_view() : std::string_view(found->value);
}

int HttpMessage::status() const {
  if (start.size() < 12 || !start.starts_with("HTTP/1.") || start[8] != ' ') return 0;
  const auto status = Number(std::string_view(start).substr(9, 3), 10);
  return status && *status >= 100 && *status <= 599 ? static_cast<int>(*status) : 0;
}

bool HttpMessage::last() const {
  const std::string connection = Lower(Find("connection"));
  if (connection == "close") return true;
  return start.find("HTTP/1.0") != std::string::npos && connection != "keep-alive";
}

std::optional<HttpMessage> ReadHttpMessage(ByteStream& stream, std::string& buffer,
                                           bool is_response, const HttpLimits& limits,
                                           const std::function<uint64_t()>& now_us,
                                           uint64_t deadline_us) {
  Source source(stream, buffer, now_us, deadline_us);
  HttpMessage message;
  do {  // A server may say "100 Continue" first.
    const auto head = source.TakeThrough("\r\n\r\n", limits.head_bytes_max);
    message = {};
    if (!head || !ParseHead(std::string_view(*head).substr(0, head->size() - 2), message))
      return std::nullopt;
    if (is_response && message.status() == 0) return std::nullopt;
  } while (is_response && message.status() < 200);
  if (is_response && (message.status() == 204 || message.status() == 304)) return message;

  std::optional<std::string> body = std::string();
  if (Lower(message.Find("transfer-encoding")) == "chunked") {
    body = ReadChunks(source, limits);
  } else if (const std::string_view length = message.Find("content-length"); !length.empty()) {
    const auto bytes = Number(length, 10);
    if (!bytes || *bytes > limits.body_bytes_max) return std::nullopt;
    body = source.TakeBytes(*bytes);
  } else if (is_response) {
    body = source.TakeToEnd(limits.body_bytes_max);
  }
  if (!body) return std::nullopt;
  message.body = std::move(*body);
  return message;
}

}  // namespace vacuum
